// What the zstd command and the reference implementation pack is unpacked to what it was.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FIXTURES } from '../support/run.ts';
import { packed, packedInPieces } from '../support/zstd_reference.ts';
import { unpacked } from './unpacked.ts';

const TRACE = readFileSync(path.join(FIXTURES, 'lab/missing/trace.txt'));

function fixture(name: string): Buffer {
  return readFileSync(path.join(FIXTURES, name));
}

function checkUnpacks(bytes: Uint8Array, content: Uint8Array, piece?: number): void {
  const { bytes: found, damage } = unpacked(bytes, piece);
  expect(damage).toBeUndefined();
  expect(found.equals(content)).toBe(true);
}

/** How the command made them of which content: fixtures/README.md. */
const MADE: readonly [name: string, content: Buffer][] = [
  ['level-1', TRACE],
  ['ultra-long', TRACE],
  ['small-window', TRACE],
  ['threads', Buffer.concat(new Array<Buffer>(12).fill(TRACE))],
  ['incompressible', fixture('lab/missing/begin.txt.zst')],
  ['zeros', Buffer.alloc(1_000_000)],
  ['frames', Buffer.concat([Buffer.from('a'), TRACE, Buffer.from('b')])],
];

it.each(MADE)('%s, of the zstd command', (name, content) => {
  const bytes = fixture(`zstd/${name}.zst`);
  for (const piece of [1, 7, 4096, bytes.length]) checkUnpacks(bytes, content, piece);
});

it('no bytes are no frames', () => {
  expect(unpacked(new Uint8Array(0))).toEqual({ bytes: Buffer.alloc(0), damage: undefined });
});

/** Bytes as they come in files: runs, repetitions, few symbols, text, and none of these. */
const content = fc
  .array(
    fc.oneof(
      fc
        .record({ count: fc.integer({ min: 1, max: 3000 }), byte: fc.nat(255) })
        .map(({ count, byte }) => Buffer.alloc(count, byte)),
      fc
        .record({ count: fc.integer({ min: 1, max: 300 }), of: fc.uint8Array({ minLength: 1, maxLength: 40 }) })
        .map(({ count, of }) => Buffer.concat(new Array<Uint8Array>(count).fill(of))),
      fc.array(fc.integer({ min: 97, max: 104 }), { maxLength: 2000 }).map((symbols) => Buffer.from(symbols)),
      fc
        .record({ at: fc.nat(TRACE.length), size: fc.nat(40_000) })
        .map(({ at, size }) => TRACE.subarray(at, at + size)),
      fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

it('whatever is packed, at any level, and however it is given', () => {
  fc.assert(
    fc.property(
      content,
      fc.constantFrom(-20, 1, 3, 6, 12),
      fc.integer({ min: 1, max: 50_000 }),
      fc.boolean(),
      (bytes, level, piece, isStream) => {
        checkUnpacks(isStream ? packedInPieces(bytes, level, piece) : packed(bytes, level), bytes, piece);
      },
    ),
    { numRuns: 300, seed: 20261126 },
  );
});

it('more than the window holds, with matches across its whole length', () => {
  const lines = TRACE.toString('latin1').split('\n');
  const parts = Array.from({ length: 40 }, (_, i) =>
    lines.slice((i * 37) % 200, 300 + ((i * 91) % 500)).join(`\n${i * i}`),
  );
  const bytes = Buffer.from(parts.join('\n'), 'latin1');
  const stream = packedInPieces(bytes, 1, 100_000);
  const WINDOW_LOG = 19;
  expect(stream[5]).toBe((WINDOW_LOG - 10) << 3);
  expect(bytes.length).toBeGreaterThan(3 << WINDOW_LOG);
  checkUnpacks(stream, bytes);
});
