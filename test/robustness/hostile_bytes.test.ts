// Captures in every format with wrong bytes: nothing crashes or runs away, what is printed does no harm, and the same bytes
// give the same answer.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analysis } from '../../src/analyze.ts';
import { UserError } from '../../src/base/user_error.ts';
import { sourceOf } from '../../src/ftrace/trace_dat/index.ts';
import { inflate, readTrace } from '../../src/io/trace_file.ts';
import { printable } from '../../src/reporters/escape.ts';
import { build, dissect } from '../ftrace/trace_dat_build.ts';
import { driverFixtures, labFixtures } from '../support/captures.ts';
import { mutated } from '../support/mutations.ts';
import {
  bpftraceJsonOf,
  csvOfColumns,
  csvOfText,
  csvOfWords,
  entriesOf,
  oldSystraceOf,
  perfettoOf,
  readFixture,
  systraceOf,
} from '../support/other_formats.ts';
import {
  type Analyzed,
  analyzed,
  checkPlain,
  checkRendered,
  isInFull,
  type Options,
  rendered,
  renderedText,
  summary,
} from '../support/rendered.ts';
import { FIXTURES } from '../support/run.ts';
import { random } from './damage.ts';

/** Another seed makes another run, and more depth a longer one. */
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20261126);
const DEPTH = Number(process.env['ROBUSTNESS'] ?? 1);
/** In all: those of the text, of each other format, and of trace.dat. */
const TEXTS = 4000 * DEPTH;
const OTHERS = 200 * DEPTH;
const DATS = 200 * DEPTH;
const PACKED = 150 * DEPTH;

const LINES = 50;
/** What all forms together may take of a byte of the input, and of an input without any. */
const PRINTED_A_BYTE = 60;
const PRINTED = 200_000;

interface Source {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options?: Options;
}

/** The head of a capture, and some lines from anywhere in it. */
function slice(lines: readonly string[], draw: () => number): Uint8Array {
  const head = lines.findIndex((line) => !line.startsWith('#'));
  const from = head + Math.floor(draw() * Math.max(1, lines.length - head - LINES));
  return Buffer.from(`${[...lines.slice(0, head), ...lines.slice(from, from + LINES)].join('\n')}\n`, 'latin1');
}

const CAPTURES = [...labFixtures, ...driverFixtures].map(({ read }) => linesOf(read()));
const ENTRIES = entriesOf(readFixture('lab/tracecmd-missing/report-t.txt.gz')).slice(0, LINES);
const TEXT = readFixture('lab/missing/trace.txt')
  .split('\n')
  .slice(0, 12 + LINES)
  .join('\n')
  .concat('\n');

/** The same, packed in two frames, one with a checksum and one without. */
const ZSTD = readFileSync(path.join(FIXTURES, 'lab/missing/begin.txt.zst'));

function linesOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes).toString('latin1').split('\n');
}

function head(text: string): Uint8Array {
  return Buffer.from(text.split('\n').slice(0, LINES).join('\n').concat('\n'), 'latin1');
}

const FORMATS: readonly Source[] = [
  { name: 'perf', bytes: head(readFixture('lab/tracecmd-missing/perf-script.txt.gz')) },
  { name: 'babeltrace', bytes: head(readFixture('lab/tracecmd-missing/babeltrace.txt.gz')) },
  { name: 'bpftrace-json', bytes: Buffer.from(bpftraceJsonOf(TEXT), 'latin1') },
  {
    name: 'csv, columns',
    bytes: Buffer.from(csvOfColumns(ENTRIES), 'latin1'),
    options: { columns: { name: 'event' } },
  },
  { name: 'csv, words', bytes: Buffer.from(csvOfWords(ENTRIES), 'latin1') },
  { name: 'csv, the tracer’s text', bytes: Buffer.from(csvOfText(ENTRIES), 'latin1') },
  { name: 'perfetto', bytes: Buffer.from(perfettoOf(ENTRIES), 'latin1') },
  { name: 'systrace-html', bytes: Buffer.from(systraceOf(TEXT), 'latin1') },
  { name: 'systrace-html of old', bytes: Buffer.from(oldSystraceOf(TEXT), 'latin1') },
];

/** The trace.dat of a capture, with a page or two of each CPU. */
const DAT = dissect(Buffer.from(readFixture('lab/tracecmd-misc/trace.dat.gz'), 'latin1'));
const SMALL = {
  ...DAT,
  kallsyms: DAT.kallsyms.slice(0, 2000),
  buffers: DAT.buffers.map((buffer) => ({
    ...buffer,
    cpus: buffer.cpus.map(({ cpu, pages }) => ({ cpu, pages: pages.subarray(0, buffer.pageSize) })),
  })),
};

const DAT_FILES: readonly Source[] = ([6, 7] as const).flatMap((version) =>
  [false, true].flatMap((bigEndian) =>
    (version === 6 ? (['none'] as const) : (['none', 'zlib'] as const)).map((compression) => ({
      name: `version ${version}, ${compression}${bigEndian ? ', big endian' : ''}`,
      bytes: build(SMALL, { version, bigEndian, compression, pagesPerChunk: 1 }),
    })),
  ),
);

function textFeed(bytes: Uint8Array, chunk: number): (analysis: Analysis) => void {
  return (analysis) => {
    for (let at = 0; at < bytes.length; at += chunk) analysis.push(bytes.subarray(at, at + chunk));
  };
}

function datFeed(bytes: Uint8Array): (analysis: Analysis) => void {
  return (analysis) => {
    const damage = analysis.readTraceDat(sourceOf(bytes), { zlib: inflate });
    if (damage !== undefined) throw new UserError(`trace.dat: ${damage}`);
  };
}

function checkCounts({ report }: Analyzed, size: number): void {
  // A line of the tracer is one entry, and one of a graph the call and its return.
  expect(report.stats.entries).toBeLessThanOrEqual(size);
  expect(report.stats.events).toBeLessThanOrEqual(2 * size);
}

/** An input, read in two ways that make no difference; what it is told in. */
function check(
  input: Uint8Array,
  feed: (analysis: Analysis) => void,
  again: (analysis: Analysis) => void,
  size: number,
  options?: Options,
): void {
  const done = analyzed(feed, 'trace.txt', options);
  if (done !== undefined) checkCounts(done, size);
  if (!isInFull(input)) {
    if (done !== undefined) checkRendered(renderedText(done));
    return;
  }
  const twice = analyzed(again, 'trace.txt', options);
  expect(twice && summary(twice)).toBe(done && summary(done));
  if (done === undefined) return;
  const all = rendered(done);
  checkRendered(all);
  const printed = [...all.values()].reduce((sum, text) => sum + text.length, 0);
  expect(printed).toBeLessThanOrEqual(PRINTED + PRINTED_A_BYTE * size);
}

/** Names the input that fails, by what makes it again. */
function numbered(run: number, seed: number, what: () => void): void {
  try {
    what();
  } catch (error) {
    throw new Error(
      `input ${run} of HOSTILE_SEED=${SEED}, drawn from ${seed}: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
}

function each(runs: number, kind: number, check: (draw: () => number) => void): void {
  for (let run = 0; run < runs; run++) {
    const seed = SEED + kind * 1_000_003 + run * 7919;
    numbered(run, seed, () => check(random(seed)));
  }
}

function checkText(bytes: Uint8Array, draw: () => number, options?: Options): void {
  const spoilt = mutated(bytes, draw);
  const pieces = 1 + Math.floor(draw() * spoilt.length);
  check(spoilt, textFeed(spoilt, 1 << 20), textFeed(spoilt, pieces), spoilt.length, options);
}

describe('the tracer’s text', () => {
  it.each([0, 1, 2, 3])('of all captures, part %i', (part) => {
    each(TEXTS / 4, part, (draw) => {
      const capture = CAPTURES[Math.floor(draw() * CAPTURES.length)] ?? [];
      checkText(slice(capture, draw), draw);
    });
  });
});

describe('other formats', () => {
  it.each(FORMATS)('$name', ({ name, bytes, options }) => {
    each(OTHERS, 100 + name.length, (draw) => checkText(bytes, draw, options));
  });
});

describe('trace.dat', () => {
  it.each(DAT_FILES)('$name', ({ name, bytes }) => {
    each(DATS, 200 + name.length, (draw) => {
      const spoilt = mutated(bytes, draw);
      check(spoilt, datFeed(spoilt), datFeed(Uint8Array.from(spoilt)), 20 * spoilt.length);
    });
  });
});

describe('compressed', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['gzip', gzipSync(Buffer.from(TEXT, 'latin1'))],
    ['zstd', ZSTD],
  ])('%s', async (name, packed) => {
    for (let run = 0; run < PACKED; run++) {
      const file = path.join(folder, `${run}.${name}`);
      writeFileSync(file, mutated(packed, random(SEED + run)));
      const [first, second] = [await packedBytes(file), await packedBytes(file)];
      expect(second).toEqual(first);
      if (typeof first === 'string') checkPlain(first);
      else check(first, textFeed(first, first.length), textFeed(first, 1000), first.length);
    }
  });
});

describe('zstd', () => {
  const whole = Buffer.from(TEXT, 'latin1');
  /** Each of them holds half of the text. */
  const SECOND_FRAME = ZSTD.lastIndexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
  let file = '';
  beforeAll(() => {
    file = path.join(mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-')), 'trace.zst');
  });
  afterAll(() => rmSync(path.dirname(file), { recursive: true }));

  it('is what was packed', async () => {
    writeFileSync(file, ZSTD);
    expect(await packedBytes(file)).toEqual(whole);
  });

  it('cut off anywhere is said to be', async () => {
    const step = Math.max(1, Math.floor(20 / DEPTH));
    for (let size = 4; size < ZSTD.length; size += size < SECOND_FRAME && size > SECOND_FRAME - 30 ? 1 : step) {
      if (size === SECOND_FRAME) continue; // a file that is whole
      writeFileSync(file, ZSTD.subarray(0, size));
      const why = await packedBytes(file);
      expect(why).toMatch(new RegExp(`: zstd data at byte ${size}: end early, within `));
    }
  });
});

/** What the file holds, or why it cannot be read. */
async function packedBytes(file: string): Promise<Uint8Array | string> {
  const parts: Uint8Array[] = [];
  try {
    await readTrace(file, {
      wantsRandomAccess: () => false,
      push: (chunk) => parts.push(chunk.slice()) > 0,
      random: () => undefined,
    });
    return Buffer.concat(parts);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return printable(error.message);
  }
}
