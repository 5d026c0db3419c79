// Damaged compressed data are read as far as they go, and it is said where that is.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Damage, decompressed } from '../../src/io/compressed.ts';
import { compressionOf } from '../../src/io/input.ts';
import { packedInPieces } from '../support/zstd_reference.ts';

const TEXT = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i * i}\n`).join(''));

interface Read {
  readonly bytes: Buffer;
  readonly told: readonly string[];
  /** By the damage that is told, if any. */
  readonly isCorrupt: boolean | undefined;
}

async function read(packed: Uint8Array, piece: number, compression: 'gzip' | 'zstd' = 'gzip'): Promise<Read> {
  const parts: Uint8Array[] = [];
  const told: Damage[] = [];
  const chunks = Array.from({ length: Math.ceil(packed.length / piece) }, (_, i) =>
    packed.subarray(i * piece, (i + 1) * piece),
  );
  const target = { size: 4096, damaged: (damage: Damage) => told.push(damage) };
  for await (const part of decompressed(chunks, compression, target)) parts.push(new Uint8Array(part));
  return { bytes: Buffer.concat(parts), told: told.map(({ message }) => message), isCorrupt: told[0]?.isCorrupt };
}

describe('gzip', () => {
  const packed = gzipSync(TEXT);

  it.each([5, 1000, 1 << 20])('whole, in pieces of %i', async (piece) => {
    const { bytes, told } = await read(packed, piece);
    expect(bytes.equals(TEXT)).toBe(true);
    expect(told).toEqual([]);
  });

  it('several members', async () => {
    const { bytes, told } = await read(Buffer.concat([packed, packed]), 1000);
    expect(bytes.equals(Buffer.concat([TEXT, TEXT]))).toBe(true);
    expect(told).toEqual([]);
  });

  it.each([1, 5, 17, 1000, packed.length - 9, packed.length - 8, packed.length - 1])('cut at byte %i', async (end) => {
    const { bytes, told, isCorrupt } = await read(packed.subarray(0, end), 700);
    expect(TEXT.subarray(0, bytes.length).equals(bytes)).toBe(true);
    expect(bytes.length).toBeGreaterThanOrEqual(end < 1000 ? 0 : Math.floor((TEXT.length * end) / packed.length / 2));
    if (end >= packed.length - 8) expect(bytes.length).toBe(TEXT.length);
    expect(told).toEqual([`gzip data end early, at byte ${end}: unexpected end of file`]);
    expect(isCorrupt).toBe(false);
  });

  it('a wrong checksum costs no data', async () => {
    const wrong = Buffer.from(packed);
    wrong.fill(0, wrong.length - 8, wrong.length - 4);
    const { bytes, told, isCorrupt } = await read(wrong, 1 << 20);
    expect(bytes.equals(TEXT)).toBe(true);
    expect(told).toEqual([`gzip data between byte ${wrong.length - 8} and ${wrong.length}: incorrect data check`]);
    expect(isCorrupt).toBe(true);
  });

  it('damage in the middle is told, and what stands before it is read', async () => {
    const wrong = Buffer.from(packed);
    const at = 1 << 15;
    expect(wrong.length).toBeGreaterThan(at + 1000);
    wrong.fill(0xff, at + 100, at + 200);
    const { bytes, told } = await read(wrong, 1 << 20);
    const before = Math.floor(TEXT.length / 4);
    expect(TEXT.subarray(0, before).equals(bytes.subarray(0, before))).toBe(true);
    expect(told).toEqual([expect.stringMatching(/^gzip data between byte \d+ and \d+: /)]);
  });
});

describe('zstd', () => {
  const zstd = packedInPieces(TEXT, 3, 50_000);

  it.each([5, 1000, 1 << 20])('whole, in pieces of %i', async (piece) => {
    const { bytes, told } = await read(zstd, piece, 'zstd');
    expect(bytes.equals(TEXT)).toBe(true);
    expect(told).toEqual([]);
  });

  it('damage is told with its byte, and what stands before it is read', async () => {
    const at = zstd.length - 1000;
    const wrong = Uint8Array.from(zstd).fill(0xff, at, at + 200);
    const { bytes, told, isCorrupt } = await read(wrong, 700, 'zstd');
    expect(bytes.length).toBeGreaterThan(TEXT.length / 2);
    expect(TEXT.subarray(0, bytes.length).equals(bytes)).toBe(true);
    expect(told).toEqual([expect.stringMatching(/^zstd data at byte \d+: /)]);
    expect(isCorrupt).toBe(true);
  });

  it.each([
    ['a cut', zstd.subarray(0, zstd.length - 100)],
    ['other bytes behind it', Buffer.concat([zstd, Buffer.from('behind it')])],
  ])('%s leaves nothing wrong before it', async (_, damaged) => {
    const { bytes, isCorrupt } = await read(damaged, 700, 'zstd');
    expect(TEXT.subarray(0, bytes.length).equals(bytes)).toBe(true);
    expect(isCorrupt).toBe(false);
  });

  it('a frame to be skipped may come first', () => {
    expect(compressionOf(Uint8Array.of(0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0))).toBe('zstd');
  });

  it('what fails in reading is no damage', async () => {
    function* failing(): Generator<Uint8Array> {
      yield zstd.subarray(0, 100);
      throw new TypeError('a read error');
    }
    const target = { size: 4096, damaged: () => expect.unreachable() };
    const first = decompressed(failing(), 'zstd', target)[Symbol.asyncIterator]().next();
    await expect(first).rejects.toThrow('a read error');
  });
});
