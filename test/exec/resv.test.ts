// Fence slots of one hold.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Resv } from '../../src/exec/resv.ts';

it('reserving is not additive', () => {
  const resv = new Resv(1);
  expect([resv.reserve(2), resv.reserve(1), resv.free]).toEqual([0, 0, 2]);
  expect([resv.addFence(10), resv.addFence(11), resv.addFence(12)]).toEqual(['ok', 'ok', 'exhausted']);
  resv.reserve(1);
  expect([resv.addFence(12), resv.free]).toEqual(['ok', 0]);
});

it('a count of 0 is refused and reserves nothing', () => {
  const resv = new Resv(1);
  expect([resv.reserve(0), resv.addFence(10)]).toEqual([-22, 'unreserved']);
});

it('the same fence needs one slot, however often it is added', () => {
  const resv = new Resv(1);
  resv.reserve(1);
  expect([10, 10, 10].map((fence) => resv.addFence(fence))).toEqual(['ok', 'ok', 'ok']);
  expect(resv.addFence(11)).toBe('exhausted');
});

it('slots do not survive an unlock', () => {
  const resv = new Resv(1);
  resv.reserve(4);
  resv.addFence(10);
  resv.unlock();
  expect([resv.free, resv.addFence(10)]).toEqual([0, 'unreserved']);
});

it('never says ok to more fences than were reserved', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: -6, max: -1 }))), (calls) => {
      const resv = new Resv(1);
      const added = new Set<number>();
      let capacity = 0;
      for (const call of calls) {
        if (call > 0) {
          resv.reserve(call);
          capacity = Math.max(capacity, added.size + call);
        } else if (resv.addFence(call) === 'ok') added.add(call);
        expect(added.size).toBeLessThanOrEqual(capacity);
        expect(resv.free).toBe(capacity - added.size);
      }
    }),
  );
});
