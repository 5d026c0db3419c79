// Damaged frames: what the reference implementation refuses is refused here, what it takes is the same bytes; nothing
// hangs or crashes, and how the bytes are given makes no difference.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ZstdDecoder } from '../../src/zstd/index.ts';
import { random } from '../robustness/damage.ts';
import { mutated } from '../support/mutations.ts';
import { FIXTURES } from '../support/run.ts';
import { packed, packedInPieces, unpackedByReference } from '../support/zstd_reference.ts';
import { block, COMPRESSED, header, type Unpacked, unpacked } from './unpacked.ts';

/** Another seed makes another run, and more depth a longer one. */
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20261126);
const INPUTS = 10_000 * Number(process.env['ROBUSTNESS'] ?? 1);

/**
 * What the reference takes and the format does not: blocks that are too large, windows beyond what its command takes
 * unasked, and literals whose last one was looked up in its table of pairs, where it does not tell one from two.
 */
const STRICTER = [
  /: a block of \d+ bytes, of \d+ at most$/,
  /: a window of \d+ bytes, which is more than 134217728$/,
  /: literals that take (more|fewer) bits than there are$/,
];

const TRACE = readFileSync(path.join(FIXTURES, 'lab/missing/trace.txt'));
const TWO_FRAMES = readFileSync(path.join(FIXTURES, 'lab/missing/begin.txt.zst'));

/** Small ones, in which every part of the format is likely to be hit. */
function frames(): readonly Uint8Array[] {
  const draw = random(SEED);
  const symbols = (count: number, size: number) =>
    Uint8Array.from({ length: size }, () => 97 + Math.floor(draw() ** 3 * count));
  const runs = Buffer.concat(Array.from({ length: 20 }, (_, i) => Buffer.alloc(1 + Math.floor(draw() * 300), i % 3)));
  const contents = [TRACE.subarray(0, 2500), TRACE.subarray(5000, 5300), symbols(7, 900), symbols(40, 2000), runs];
  return [
    TWO_FRAMES,
    ...contents.flatMap((bytes) => [
      packed(bytes, -5),
      packed(bytes, 3),
      packed(bytes, 19),
      packedInPieces(bytes, 3, 400),
    ]),
  ];
}

function reference(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return unpackedByReference(bytes);
  } catch {
    return undefined;
  }
}

function checkSame(found: Unpacked, other: Unpacked): void {
  expect(found.damage).toBe(other.damage);
  expect(found.bytes.equals(other.bytes)).toBe(true);
}

function checkAsReference({ bytes, damage }: Unpacked, taken: Uint8Array | undefined): void {
  if (damage === undefined) expect(taken && bytes.equals(taken)).toBe(true);
  else if (taken === undefined) expect(damage).toMatch(/^zstd data at byte \d+: \w/);
  else {
    expect(
      STRICTER.some((pattern) => pattern.test(damage)),
      damage,
    ).toBe(true);
    expect(bytes.equals(taken.subarray(0, bytes.length))).toBe(true);
  }
}

describe('wrong bytes', () => {
  const sources = frames();
  it.each([0, 1, 2, 3])('part %i', (part) => {
    let refused = 0;
    let taken = 0;
    for (let run = 0; run < INPUTS / 4; run++) {
      const seed = SEED + part * 1_000_003 + run * 7919;
      const draw = random(seed);
      const bytes = mutated(sources[Math.floor(draw() * sources.length)] ?? TWO_FRAMES, draw);
      const found = unpacked(bytes);
      try {
        const decoder = run % 10 === 0 ? new ZstdDecoder() : undefined;
        checkSame(unpacked(bytes, 1 + Math.floor(draw() * 50), decoder), found);
        checkAsReference(found, reference(bytes));
      } catch (error) {
        throw new Error(`drawn from ${seed}, of HOSTILE_SEED=${SEED}`, { cause: error });
      }
      if (found.damage === undefined) taken++;
      else refused++;
    }
    // Both happen often enough to mean something.
    expect(taken).toBeGreaterThan(INPUTS / 80);
    expect(refused).toBeGreaterThan(INPUTS / 8);
  });
});

it('cut off anywhere: the begin of what it holds, and where it ends', () => {
  const whole = unpacked(TWO_FRAMES).bytes;
  const secondFrame = TWO_FRAMES.lastIndexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
  for (let size = 1; size < TWO_FRAMES.length; size++) {
    if (size === secondFrame) continue; // a file that is whole
    const { bytes, damage } = unpacked(TWO_FRAMES.subarray(0, size));
    expect(damage).toMatch(new RegExp(`^zstd data at byte ${size}: end early, within `));
    expect(whole.subarray(0, bytes.length).equals(bytes)).toBe(true);
    // In the second frame, all of the first.
    expect(bytes.length > 0).toBe(size >= secondFrame - 4);
  }
});

it('a wrong checksum costs no data', () => {
  const bytes = Buffer.from(readFileSync(path.join(FIXTURES, 'zstd/level-1.zst')));
  const at = bytes.length - 4;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const found = unpacked(bytes);
  expect(found.damage).toBe(`zstd data at byte ${at}: the checksum is not that of what was unpacked`);
  expect(found.bytes.equals(TRACE)).toBe(true);
});

it('a wrong bit in a raw block is told by the checksum', () => {
  const bytes = Buffer.from(readFileSync(path.join(FIXTURES, 'zstd/incompressible.zst')));
  const at = 1000;
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  expect(unpacked(bytes).damage).toBe(
    `zstd data at byte ${bytes.length - 4}: the checksum is not that of what was unpacked`,
  );
});

describe('weights of literals of which one always comes, so that they take no bits,', () => {
  it('end, in a damaged file', () => {
    const bytes = Buffer.from(TWO_FRAMES);
    bytes[7] = 6;
    bytes[14] = 27;
    bytes[1841] = 10;
    expect(unpacked(bytes).damage).toBe('zstd data at byte 12: the block ends within its literals');
    expect(reference(bytes)).toBeUndefined();
  });

  it('end, in a frame that has nothing else wrong', () => {
    // Weights of symbol 1 alone: states of 5 bits, 0 times symbol 0, 32 times symbol 1; then 16 bits of states.
    const weights = [6, 0x10, 0xf8, 0x01, 0, 0, 1];
    const literals = [COMPRESSED | (10 << 4), (weights.length + 1) << 6, (weights.length + 1) >> 2, ...weights, 1];
    const bytes = Buffer.concat([header({ windowLog: 20 }), block(COMPRESSED, Uint8Array.of(...literals, 0))]);
    expect(unpacked(bytes)).toEqual({
      bytes: Buffer.alloc(0),
      damage: 'zstd data at byte 16: the weights of literals of more than 255 symbols',
    });
    expect(reference(bytes)).toBeUndefined();
  });
});
