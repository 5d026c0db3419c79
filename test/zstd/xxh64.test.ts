// The checksum of frames, against those that the zstd command writes.
import { expect, it } from 'vitest';
import { Xxh64 } from '../../src/zstd/xxh64.ts';

const COUNTED = Uint8Array.from({ length: 1000 }, (_, i) => i);

function checksum(...parts: readonly Uint8Array[]): string {
  const hash = new Xxh64();
  hash.begin();
  for (const part of parts) hash.add(part);
  return hash.end().toString(16).padStart(8, '0');
}

it.each([
  [0, '51d8e999'],
  [1, 'db052768'],
  [3, '33bc65dd'],
  [4, '4453cc1e'],
  [8, '14b81b8d'],
  [13, '779723a8'],
  [31, '9b4d8ee1'],
  [32, '16ff32b4'],
  [33, 'cafb8ead'],
  [63, 'a95f8e4f'],
  [100, '32166597'],
  [1000, '0eba4078'],
])('of the first %i bytes', (size, told) => {
  const bytes = COUNTED.subarray(0, size);
  expect(checksum(bytes)).toBe(told);
  for (let at = 0; at <= size; at += 1 + (at >> 3)) {
    expect(checksum(bytes.subarray(0, at), bytes.subarray(at))).toBe(told);
    expect(checksum(bytes.subarray(0, at >> 1), bytes.subarray(at >> 1, at), bytes.subarray(at))).toBe(told);
  }
});
