// A trace.dat that breaks off or has wrong bytes: what is before the damage is read, and nothing throws or hangs.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { type Diagnostic, sourceOf, TraceDat } from '../../src/ftrace/trace_dat/index.ts';
import { build, dissect, inflate } from './trace_dat_build.ts';
import { listing, open } from './trace_dat_listing.ts';

vi.setConfig({ testTimeout: 60000 });

const FIXTURE = new URL('../../fixtures/lab/tracecmd-misc/trace.dat.gz', import.meta.url);
const zstd = new Uint8Array(gunzipSync(readFileSync(FIXTURE)));
const parts = dissect(zstd);
const plainV6 = build(parts, { version: 6, bigEndian: false, compression: 'none', pagesPerChunk: 1 });
const zlib = build(parts, { version: 7, bigEndian: false, compression: 'zlib', pagesPerChunk: 2 });

const FILES: [string, Uint8Array][] = [
  ['version 6', plainV6],
  ['version 7, zstd', zstd],
  ['version 7, zlib', zlib],
];

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

interface Line {
  readonly cpu: number;
  /** '' for a loss. */
  readonly text: string;
  /** Where the record ends in the file, unless it is compressed. */
  readonly end: number;
}

/** Events with the bytes of their records, without names of tasks, which stand elsewhere in the file. */
function briefly(dat: TraceDat): Line[] {
  const lines: Line[] = [];
  dat.forEachEvent(
    (e) => {
      const { buffer, byteOffset } = e.data;
      const record = Buffer.from(buffer, byteOffset + e.base, e.length).toString('latin1');
      lines.push({
        cpu: e.cpu,
        text: `${e.sec} ${e.nsec} ${e.format.name} ${record}`,
        end: byteOffset + e.base + e.length,
      });
    },
    (cpu) => lines.push({ cpu, text: '', end: 0 }),
  );
  return lines;
}

/** Everything a caller can ask for. */
function readAll(bytes: Uint8Array, withSymbols = false): { lines: Line[]; diagnostics: readonly Diagnostic[] } {
  const dat = TraceDat.open(sourceOf(bytes), { zlib: inflate });
  if (!(dat instanceof TraceDat)) return { lines: [], diagnostics: [dat] };
  const lines = briefly(dat);
  if (withSymbols) dat.symbolOf(-1610477312);
  dat.texts();
  return { lines, diagnostics: dat.diagnostics };
}

function eventsOf(lines: readonly Line[], cpu: number): Line[] {
  return lines.filter((line) => line.cpu === cpu && line.text !== '');
}

test.each(FILES)('%s that breaks off', (_, bytes) => {
  const whole = readAll(bytes).lines;
  const below = random(1);
  for (let i = 0; i < 200; i++) {
    const size = below(bytes.length);
    const { lines, diagnostics } = readAll(bytes.slice(0, size), i % 8 === 0);
    // What comes after the last options (descriptions of sections) is not needed.
    if (size < bytes.length - 120) expect(diagnostics.length).toBeGreaterThan(0);
    for (const cpu of [0, 1]) {
      const there = eventsOf(lines, cpu);
      expect(eventsOf(whole, cpu).slice(0, there.length), `cut at ${size}`).toEqual(there);
    }
  }
});

test('the last page of a version 6 file that breaks off is read as far as it goes', () => {
  const whole = readAll(plainV6).lines;
  const below = random(2);
  const first = Math.min(...whole.flatMap((line) => (line.end > 0 ? [line.end] : [])));
  for (let i = 0; i < 50; i++) {
    const size = first + below(plainV6.length - first);
    const { lines } = readAll(plainV6.slice(0, size));
    for (const cpu of [0, 1]) {
      const wanted = eventsOf(whole, cpu).filter((line) => line.end <= size);
      expect(eventsOf(lines, cpu), `cut at ${size}`).toEqual(wanted);
    }
  }
});

test('version 7 without its last options is still read', () => {
  const whole = readAll(zstd).lines;
  const { lines, diagnostics } = readAll(zstd.slice(0, zstd.length - 150));
  expect(lines).toEqual(whole);
  expect(diagnostics.map((diagnostic) => diagnostic.offset)).toContain(zstd.length - 150);
});

test.each(FILES)(
  '%s with a wrong byte',
  (_, bytes) => {
    const whole = readAll(bytes).lines;
    const below = random(3);
    const data = Math.min(...whole.flatMap((line) => (line.end > 0 ? [line.end] : [])));
    for (let i = 0; i < (bytes === plainV6 ? 500 : 200); i++) {
      const at = below(bytes.length);
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8));
      const { lines } = readAll(flipped, i % 8 === 0);
      if (bytes !== plainV6 || at < data) continue;
      for (const cpu of [0, 1]) {
        const wanted = eventsOf(whole, cpu).filter((line) => line.end <= at);
        expect(eventsOf(lines, cpu).slice(0, wanted.length), `bit at ${at}`).toEqual(wanted);
      }
    }
  },
  60000,
);

test.each(FILES)('%s with wrong bytes in a row', (_, bytes) => {
  const below = random(4);
  for (let i = 0; i < 50; i++) {
    const at = below(bytes.length);
    const spoilt = bytes.slice();
    const fill = [0, 255, 127, 1][below(4)] ?? 0;
    spoilt.fill(fill, at, at + 1 + below(64));
    readAll(spoilt);
  }
});

test.each([
  ['nothing', new Uint8Array(0)],
  ['a text', Buffer.from('# tracer: nop\n#\n')],
  ['the magic bytes alone', zstd.slice(0, 10)],
  ['a version of the future', Uint8Array.from(zstd.slice(0, 64), (byte, i) => (i === 10 ? 0x38 : byte))],
  ['half a header', zstd.slice(0, 25)],
])('%s is no trace.dat', (_, bytes) => {
  expect(TraceDat.open(sourceOf(bytes))).toEqual({ offset: expect.any(Number), message: expect.any(String) });
});

test('a file compressed with something unknown says so', () => {
  const dat = open(sourceOf(zlib));
  expect(listing(dat).map((line) => line.name)).toEqual(['', '']);
  expect(dat.diagnostics.some(({ message }) => message.includes("'zlib', which cannot be undone here"))).toBe(true);
});

test('no read goes past the end or is as large as the file', () => {
  const big = sourceOf(plainV6);
  const read = (offset: number, length: number): Uint8Array => {
    expect(offset).toBeLessThanOrEqual(big.size);
    expect(length).toBeLessThanOrEqual(200000);
    return big.read(offset, length);
  };
  expect(listing(open({ size: big.size, read })).length).toBeGreaterThan(600);
});
