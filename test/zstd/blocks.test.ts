// Blocks that are written by hand, to be at the limits of what the format allows and beyond them.
import { describe, expect, it } from 'vitest';
import { ZstdDecoder } from '../../src/zstd/index.ts';
import { random } from '../robustness/damage.ts';
import { unpackedByReference } from '../support/zstd_reference.ts';
import { block, COMPRESSED, header, RAW, unpacked } from './unpacked.ts';

const WINDOW = 1024;
const HEAD = header({ windowLog: 10 });
const AT = HEAD.length + 3;
const NO_LITERALS = [0];
const NO_SEQUENCES = [0];
/** All three tables are one symbol. */
const ONE_SYMBOL = 0b0101_0100;
const REPEATED = 0b1111_1100;
const LITERALS_WITH_TABLE = 2;
const LITERALS_BY_TABLE_BEFORE = 3;

const draw = random(1);
const NOISE = Uint8Array.from({ length: WINDOW }, () => draw() * 256);

/** Stored as they are. */
function literals(bytes: Uint8Array): readonly number[] {
  const head = RAW | (3 << 2) | (bytes.length << 4);
  return [head & 255, (head >> 8) & 255, head >> 16, ...bytes];
}

/** One match behind up to 15 literals: `offset` from 2 on, `length` from 515 to 1026. */
function match(offset: number, length: number, behind = 0): readonly number[] {
  const offsetBits = Math.floor(Math.log2(offset + 3));
  const LENGTH_CODE = 45;
  const LENGTH_BITS = 9;
  const bits = (1n << BigInt(offsetBits)) | BigInt(offset + 3 - (1 << offsetBits));
  const stream = (bits << BigInt(LENGTH_BITS)) | BigInt(length - 515);
  const bytes: number[] = [];
  for (let rest = stream; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 255n));
  return [1, ONE_SYMBOL, behind, offsetBits, LENGTH_CODE, ...bytes];
}

function compressed(...parts: readonly (readonly number[])[]): Buffer {
  return block(COMPRESSED, Uint8Array.from(parts.flat()));
}

function frame(...blocks: readonly Buffer[]): Buffer {
  const notLast = blocks.slice(0, -1).map((bytes) => Buffer.from(bytes.map((byte, i) => (i === 0 ? byte & ~1 : byte))));
  return Buffer.concat([HEAD, ...notLast, ...blocks.slice(-1)]);
}

function damageOf(...blocks: readonly Buffer[]): string | undefined {
  return unpacked(frame(...blocks)).damage;
}

describe('matches', () => {
  it('as far back as the window reaches, wherever the ring comes round', () => {
    const content = [...NOISE];
    const blocks = [block(RAW, NOISE)];
    for (let i = 0; i < 200; i++) {
      const length = 515 + ((i * 97) % 500);
      const offset = i % 3 === 0 ? WINDOW : WINDOW - ((i * 31) % 500);
      blocks.push(compressed(literals(NOISE.subarray(0, i % 10)), match(offset, length)));
      for (let k = 0; k < length; k++) content.push(content[content.length - offset] as number);
      content.push(...NOISE.subarray(0, i % 10));
    }
    const bytes = Buffer.from(content);
    const packed = frame(...blocks);
    expect(unpacked(packed, packed.length, new ZstdDecoder())).toEqual({ bytes, damage: undefined });
    expect(bytes.equals(unpackedByReference(packed))).toBe(true);
  });

  it('as far back as the window reaches from where the block begins, when the ring comes round there', () => {
    const some = NOISE.subarray(0, 5);
    const more = NOISE.subarray(50, 65);
    const blocks = [block(RAW, NOISE), block(RAW, some), compressed(literals(more), match(WINDOW + 15, 600, 15))];
    const before = Buffer.concat([NOISE, some]);
    const bytes = Buffer.concat([before, more, before.subarray(5, 605)]);
    expect(unpacked(frame(...blocks), 1, new ZstdDecoder())).toEqual({ bytes, damage: undefined });
    expect(bytes.equals(unpackedByReference(frame(...blocks)))).toBe(true);
  });

  it('further back than the window', () => {
    const noise = block(RAW, NOISE);
    expect(damageOf(noise, noise, compressed(NO_LITERALS, match(WINDOW + 1, 600)))).toMatch(
      /: a match 1025 bytes back, of which 1024 are there$/,
    );
  });

  it('further back than the frame, when another one is in front of it', () => {
    const first = frame(block(RAW, NOISE));
    const second = frame(block(RAW, NOISE.subarray(0, 100)), compressed(NO_LITERALS, match(101, 600)));
    expect(unpacked(Buffer.concat([first, second]))).toEqual({
      bytes: Buffer.concat([NOISE, NOISE.subarray(0, 100)]),
      damage: `zstd data at byte ${first.length + HEAD.length + 103 + 3 + 6}: a match 101 bytes back, of which 100 are there`,
    });
  });

  it.each([28, 31])('at an offset of %i bits', (bits) => {
    const content = compressed(NO_LITERALS, [1, ONE_SYMBOL, 0, bits, 0, 0, 0, 0, 0, 0, 1]);
    expect(damageOf(block(RAW, NOISE), content)).toMatch(/: a match of an offset of \d+ bits$/);
  });
});

describe('more than a block may hold', () => {
  const noise = block(RAW, NOISE);
  it.each([
    ['by a match', compressed(NO_LITERALS, match(WINDOW, 1025)), 'a block of more than 1024 bytes'],
    [
      'by literals behind it',
      compressed(literals(NOISE.subarray(0, 25)), match(WINDOW, 1000)),
      'a block of more than 1024 bytes',
    ],
    [
      'by literals alone',
      compressed([1 | (3 << 2) | ((1025 << 4) & 255), 1025 >> 4, 0, 65], NO_SEQUENCES),
      '1025 literals in one block',
    ],
    [
      'by packed literals',
      compressed([2 | (2 << 2) | ((1025 << 4) & 255), 1025 >> 4, 0, 0], NO_SEQUENCES),
      '1025 literals in one block',
    ],
  ])('%s', (_, content, damage) => {
    expect(damageOf(noise, content)).toMatch(new RegExp(`: ${damage}$`));
  });

  it('up to that much it may', () => {
    const full = compressed(literals(NOISE.subarray(0, 24)), match(WINDOW, 1000));
    expect(unpacked(frame(noise, full)).bytes).toHaveLength(2 * WINDOW);
  });
});

describe('what a block takes over from the one before', () => {
  /** Symbols 0 and 1 with codes of one bit, and one literal. */
  const table = [LITERALS_WITH_TABLE | (1 << 4), 3 << 6, 0, 128, 0x10, 2];
  const again = [LITERALS_BY_TABLE_BEFORE | (1 << 4), 1 << 6, 0, 2];

  it('is there in a frame', () => {
    const first = compressed(table, NO_SEQUENCES);
    expect(unpacked(frame(first, compressed(again, NO_SEQUENCES)))).toEqual({
      bytes: Buffer.of(0, 0),
      damage: undefined,
    });
    const repeated = compressed(NO_LITERALS, [1, REPEATED, ...match(WINDOW, 700).slice(5)]);
    const packed = frame(block(RAW, NOISE), compressed(NO_LITERALS, match(WINDOW, 600)), repeated);
    expect(unpacked(packed).bytes).toHaveLength(WINDOW + 600 + 700);
    expect(unpackedByReference(packed)).toHaveLength(WINDOW + 600 + 700);
  });

  it('is not there behind the frame', () => {
    const first = frame(block(RAW, NOISE), compressed(table, match(WINDOW, 600)));
    expect(unpacked(first).damage).toBeUndefined();
    expect(unpacked(Buffer.concat([first, frame(compressed(again, NO_SEQUENCES))])).damage).toMatch(
      /: literals by the table of a block before, which has none$/,
    );
    const repeated = compressed(NO_LITERALS, [1, REPEATED, ...match(WINDOW, 700).slice(5)]);
    expect(unpacked(Buffer.concat([first, frame(block(RAW, NOISE), repeated)])).damage).toMatch(
      /: literal lengths by the table of a block before, which has none$/,
    );
  });
});

describe('tables', () => {
  it('weights of which none is that of the longest code', () => {
    const weights = [129, 0x22, 1];
    const content = compressed([LITERALS_WITH_TABLE, weights.length << 6, 0, ...weights], NO_SEQUENCES);
    expect(damageOf(content)).toBe(`zstd data at byte ${AT + 5}: no two literals have the longest code`);
    expect(() => unpackedByReference(frame(content))).toThrow();
  });

  it('that the block cuts off', () => {
    const TABLES = 0b1010_1000;
    // 32 symbols that come less than once in 32 take 116 bits, all of which are zero.
    const before = compressed(literals(new Uint8Array(WINDOW - 10).fill(0xff)), NO_SEQUENCES);
    for (let size = 1; size < 20; size++) {
      expect(damageOf(before)).toBeUndefined();
      const damage = damageOf(compressed(NO_LITERALS, [1, TABLES], new Array<number>(size).fill(0)));
      if (size < 15) expect(damage).toMatch(/: the table for literal lengths does not end$/);
      else expect(damage).not.toMatch(/literal lengths/);
    }
  });
});
