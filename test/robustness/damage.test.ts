// A damaged trace never crashes the analysis and never makes it state what the whole trace does not show.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { type Capture, driverFixtures, labFixtures, moreCaptures } from '../support/captures.ts';
import { exportedOnly } from '../support/exported_only.ts';
import { reportOn } from '../support/report.ts';
import { holed, identity, invented, Lines, random, thinned, truncated, uncounted } from './damage.ts';

/** A larger number makes a longer, deeper run of the same: ROBUSTNESS=20 npx vitest run test/robustness */
const DEPTH = Number(process.env['ROBUSTNESS'] ?? 1);
/** Lines of the largest hole; a page of the ring buffer holds about as many of these events. */
const LONGEST_HOLE = 60;

const DAMAGES: readonly { name: string; runs: number; make: (bytes: Uint8Array, draw: () => number) => Uint8Array }[] =
  [
    { name: 'cut off at a random byte', runs: 3, make: truncated },
    { name: 'without 1% of its lines', runs: 2, make: (bytes, draw) => thinned(bytes, 0.01, draw) },
    { name: 'without a run of lines', runs: 3, make: (bytes, draw) => holed(bytes, LONGEST_HOLE, draw) },
  ];

function check(whole: Report, bytes: Uint8Array, named = true): void {
  const damaged = reportOn(bytes);
  expect(invented(whole, damaged, named).map((one) => `line ${one.line}: ${identity(one)}`)).toEqual([]);
}

function checkAll(capture: Capture, seed: number, depth: number, named = true): void {
  const counted = capture.read();
  // Without its count of entries a trace must betray the damage by itself, as trace_pipe's text must.
  for (const bytes of [counted, uncounted(counted)]) {
    const whole = reportOn(bytes);
    const draw = random(seed);
    for (const { runs, make } of DAMAGES) {
      for (let run = 0; run < runs * depth; run++) check(whole, make(bytes, draw), named);
    }
  }
}

describe(`traces ${DAMAGES.map(({ name }) => name).join(', ')}`, () => {
  [...labFixtures, ...driverFixtures].forEach((capture, i) => {
    const heavy = capture.read().length > 200_000;
    it(capture.name, () => checkAll(capture, 1 + i, heavy ? DEPTH / 3 : DEPTH));
  });

  driverFixtures.forEach((capture, i) => {
    const exported = { ...capture, read: () => exportedOnly(capture.read()) };
    // The ioctl's return alone says which job it was.
    it(`${capture.name}, exported functions only`, () => checkAll(exported, 501 + i, DEPTH, false));
  });

  const sample = moreCaptures.filter((_, i) => DEPTH > 1 || i % 16 === 5);
  sample.forEach((capture, i) => {
    it(capture.name, () => checkAll(capture, 1001 + i, DEPTH));
  });
});

/** Of one capture. */
const MAX_ENDS = 12 * DEPTH;
/** Of the lines, one in so many is left out in turn. */
const STRIDE = DEPTH > 1 ? 1 : 3;

describe('any single line may be missing', () => {
  for (const name of ['zero-fences', 'nodup', 'deferred', 'unreserved']) {
    it(name, () => {
      const capture = labFixtures.find((one) => one.name === name);
      const bytes = uncounted(capture?.read() ?? new Uint8Array(0));
      const whole = reportOn(bytes);
      for (const [, damaged] of withoutEach(bytes)) check(whole, damaged);
    });
  }
});

describe('the end of any run may be missing', () => {
  const isEnd = / (work_ret|run_ret|bind_ret|exec_op_ret): /;
  for (const capture of driverFixtures.filter(({ name }) => /^(nouveau|msm)\/.*correct/.test(name))) {
    it(capture.name, () => {
      const bytes = uncounted(capture.read());
      const whole = reportOn(bytes);
      const lines = new Lines(bytes);
      const ends = Array.from({ length: lines.count }, (_, i) => i).filter((i) => isEnd.test(lines.text(i)));
      for (const end of ends.slice(0, MAX_ENDS))
        check(
          whole,
          lines.where((i) => i !== end),
        );
    });
  }
});

describe('what ends one job and begins the next may be missing', () => {
  for (const capture of driverFixtures.filter(({ name }) => /^msm\/.*correct/.test(name))) {
    it(`${capture.name}, exported functions only`, () => {
      const bytes = uncounted(exportedOnly(capture.read()));
      const whole = reportOn(bytes);
      const lines = new Lines(bytes);
      const places = (kind: string) =>
        Array.from({ length: lines.count }, (_, i) => i).filter((i) => lines.text(i).includes(` ${kind}: `));
      const begins = places('exec_init');
      for (const end of places('exec_fini').slice(0, MAX_ENDS)) {
        const begin = begins.find((i) => i > end) ?? lines.count;
        check(
          whole,
          lines.where((i) => i < end || i > begin),
          false,
        );
      }
    });
  }
});

function* withoutEach(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  let start = 0;
  let line = 0;
  for (let lf = bytes.indexOf(10); lf >= 0; lf = bytes.indexOf(10, start)) {
    if (line++ % STRIDE === 0) yield [start, Buffer.concat([bytes.subarray(0, start), bytes.subarray(lf + 1)])];
    start = lf + 1;
  }
}

describe('junk', () => {
  const bytes = labFixtures.find((one) => one.name === 'correct')?.read() ?? new Uint8Array(0);

  it('an empty file, no line break, zero bytes', () => {
    for (const text of ['', 'x', '\n\n\n', '\0\0\0\n', '#', '# entries-in-buffer/entries-written: 5/5\n']) {
      expect(reportOn(Buffer.from(text)).findings).toEqual([]);
    }
  });

  it('random bytes written over random places', () => {
    const draw = random(7);
    const whole = reportOn(bytes);
    for (let run = 0; run < 20 * DEPTH; run++) {
      const spoilt = Uint8Array.from(bytes);
      for (let i = 0; i < 20; i++) spoilt[Math.floor(draw() * spoilt.length)] = Math.floor(draw() * 256);
      reportOn(spoilt);
    }
    expect(whole.jobs).toHaveLength(10);
  });

  it('lines in random order', () => {
    const draw = random(8);
    const lines = Buffer.from(bytes).toString('latin1').split('\n');
    for (let run = 0; run < 5 * DEPTH; run++) {
      const shuffled = lines.map((line) => ({ line, at: draw() })).sort((a, b) => a.at - b.at);
      const report = reportOn(Buffer.from(shuffled.map(({ line }) => line).join('\n'), 'latin1'));
      expect(report.doubts.length).toBeGreaterThan(0);
    }
  });
});
