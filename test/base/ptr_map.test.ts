// PtrMap answers as a Map does, in the same order.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PtrMap } from '../../src/base/ptr_map.ts';
import { type Ptr, ptrFromHalves } from '../../src/base/u64.ts';

const someKeys: readonly Ptr[] = [
  0,
  ...Array.from({ length: 24 }, (_, i) => ptrFromHalves(0xffff8881, i * 0x1000)),
  ...Array.from({ length: 8 }, (_, i) => ptrFromHalves(0xffff8881 + i, 0x40)),
  ...Array.from({ length: 4 }, (_, i) => ptrFromHalves(0x80000000, 2 * i + 1)),
  1,
  2 ** 40,
  2 ** 40 + 1,
];
const key = fc.constantFrom(...someKeys);
const call = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('set'), key) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('delete'), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clear'), fc.constant<Ptr>(0)) },
);

/** Pointers that no double holds come behind the others. */
function inOrder(map: ReadonlyMap<Ptr, number>): [Ptr, number][] {
  const all = [...map];
  return [...all.filter(([ptr]) => typeof ptr === 'number'), ...all.filter(([ptr]) => typeof ptr !== 'number')];
}

test('any calls give what they give on a Map', () => {
  expect(someKeys.some((ptr) => typeof ptr === 'bigint')).toBe(true);
  fc.assert(
    fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
      const map = new Map<Ptr, number>();
      const ours = new PtrMap<number>();
      calls.forEach(([name, ptr], i) => {
        if (name === 'set') {
          map.set(ptr, i);
          ours.set(ptr, i);
        } else if (name === 'delete') {
          expect(ours.delete(ptr)).toBe(map.delete(ptr));
        } else if (i % 7 === 0) {
          map.clear();
          ours.clear();
        }
        expect(ours.size).toBe(map.size);
        expect(ours.get(ptr)).toBe(map.get(ptr));
        expect(ours.has(ptr)).toBe(map.has(ptr));
      });
      for (const ptr of someKeys) expect(ours.get(ptr)).toBe(map.get(ptr));
      expect([...ours]).toEqual(inOrder(map));
      expect([...ours.keys()]).toEqual(inOrder(map).map(([ptr]) => ptr));
      expect([...ours.values()]).toEqual(inOrder(map).map(([, value]) => value));
    }),
    { numRuns: 500 },
  );
});

test('those that come and go leave nothing behind', () => {
  const map = new PtrMap<Ptr>();
  for (let i = 0; i < 100_000; i++) {
    map.set(-4096 * i - 64, i);
    if (i >= 5) expect(map.delete(-4096 * (i - 5) - 64)).toBe(true);
  }
  expect([...map.values()]).toEqual([99_995, 99_996, 99_997, 99_998, 99_999]);
});

test('keys may be deleted while they are gone through', () => {
  const map = new PtrMap<number>();
  for (let i = 0; i < 20; i++) map.set(i, i);
  const met: number[] = [];
  for (const value of map.values()) {
    met.push(value);
    map.delete(value + 1);
    if (value === 0) map.delete(0);
  }
  expect(met).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
});

test('pointers that were chosen to share a place cost no more than others', () => {
  const map = new PtrMap<number>();
  // With the bits above 35 alone apart, and of them those that the hash's table does not tell apart.
  const hash = (high: number) => Math.imul(high, 0x85ebca6b);
  const keys: number[] = [];
  for (let high = 0; keys.length < 20_000; high++)
    if (((hash(high) ^ (hash(high) >>> 15)) & 0xff) === 0) keys.push(high * 2 ** 35);
  for (const [i, key] of keys.entries()) map.set(key, i);
  expect(map.size).toBe(keys.length);
  expect(keys.every((key, i) => map.get(key) === i)).toBe(true);
  expect(map.delete(keys[7] ?? 0)).toBe(true);
  expect(map.get(keys[7] ?? 0)).toBeUndefined();
  expect([...map.keys()].length).toBe(keys.length - 1);
  map.clear();
  expect(map.size).toBe(0);
});
