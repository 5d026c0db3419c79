// The mapping tree against a naive sorted list, across the border between its two forms.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, type U64 } from '../../src/base/u64.ts';
import { type Gpuva, gpuvaEnd, makeGpuva } from '../../src/gpuvm/gpuva.ts';
import { VaTree } from '../../src/gpuvm/va_tree.ts';

/** ms; the default of 5 s would make a slow machine a failure. */
const PATIENCE = 60_000;

/** A list in order; equal addresses in order of insertion. Overlap as the kernel tests it, by inclusive last bytes. */
class NaiveTree {
  readonly vas: Gpuva[] = [];

  insert(va: Gpuva): void {
    const index = this.vas.findIndex((other) => other.addr > va.addr);
    this.vas.splice(index < 0 ? this.vas.length : index, 0, va);
  }

  delete(va: Gpuva): boolean {
    const index = this.vas.indexOf(va);
    if (index >= 0) this.vas.splice(index, 1);
    return index >= 0;
  }

  firstOverlap(addr: U64, end: U64): Gpuva | undefined {
    const last = BigInt.asUintN(64, BigInt(end) - 1n);
    const vaLast = (va: Gpuva) => BigInt.asUintN(64, BigInt(gpuvaEnd(va)) - 1n);
    return this.vas.find((va) => va.addr <= last && addr <= vaLast(va));
  }

  overlaps(addr: U64, end: U64): Gpuva[] {
    const first = this.firstOverlap(addr, end);
    return first === undefined ? [] : this.vas.slice(this.vas.indexOf(first)).filter((va) => va.addr < end);
  }
}

const op = fc.record({
  what: fc.constantFrom('insert', 'insert', 'insert', 'delete', 'overlap'),
  addr: fc.nat(60),
  range: fc.nat(6),
});
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never;

function check(ops: readonly Op[], base: U64, unit: number): void {
  const tree = new VaTree();
  const naive = new NaiveTree();
  for (const { what, addr: page, range: pages } of ops) {
    const addr = add(base, page * unit);
    const end = add(addr, pages * unit);
    const found = naive.firstOverlap(addr, end);
    expect(tree.firstOverlap(addr, end)).toBe(found);
    if (what === 'overlap') expect(tree.overlaps(addr, end)).toEqual(naive.overlaps(addr, end));
    else if (what === 'delete' && found !== undefined)
      expect([tree.delete(found), naive.delete(found)]).toEqual([true, true]);
    else if (what === 'insert' && found === undefined) {
      const va = makeGpuva(page, addr, pages * unit);
      tree.insert(va);
      naive.insert(va);
    }
  }
  expect([...tree]).toEqual(naive.vas);
  expect(tree.size).toBe(naive.vas.length);
  naive.vas.forEach((va, i) => {
    expect(tree.has(va)).toBe(true);
    expect(tree.prev(va)).toBe(naive.vas[i - 1]);
    expect(tree.next(va)).toBe(naive.vas[i + 1]);
  });
}

describe('small maps, points included', () => {
  for (const [base, unit] of [
    [0, 4096],
    [2 ** 57, 4096],
    [2n ** 57n - 3n, 1],
  ] as const) {
    it(
      `base ${base}, unit ${unit}`,
      () => {
        fc.assert(
          fc.property(fc.array(op, { maxLength: 40 }), (ops) => check(ops, base, unit)),
          { numRuns: 1000 },
        );
      },
      PATIENCE,
    );
  }
});

/** Insertion order, then deletions down to `floor`, then growth again: passes the border both ways. */
function growAndShrink(seed: number, peak: number, floor: number): void {
  const tree = new VaTree();
  const naive = new NaiveTree();
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const probe = () => {
    const addr = random(4000) * 4096;
    const end = addr + random(6) * 4096;
    expect(tree.firstOverlap(addr, end)).toBe(naive.firstOverlap(addr, end));
  };
  const grow = () => {
    while (tree.size < peak) {
      const addr = random(4000) * 4096;
      const range = random(3) * 4096;
      if (naive.firstOverlap(addr, addr + range) !== undefined) continue;
      const va = makeGpuva(0, addr, range);
      tree.insert(va);
      naive.insert(va);
      probe();
    }
  };
  grow();
  expect([...tree]).toEqual(naive.vas);
  while (tree.size > floor) {
    const va = naive.vas[random(tree.size)];
    if (va === undefined) break;
    expect(tree.delete(va)).toBe(true);
    expect(tree.delete(va)).toBe(false);
    naive.delete(va);
    probe();
  }
  expect([...tree]).toEqual(naive.vas);
  grow();
  expect([...tree]).toEqual(naive.vas);
  naive.vas.forEach((va, i) => {
    expect(tree.next(va)).toBe(naive.vas[i + 1]);
    expect(tree.prev(va)).toBe(naive.vas[i - 1]);
  });
}

it(
  'crosses the border between array and B-tree both ways',
  () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 240, max: 700 }), fc.integer({ min: 0, max: 120 }), growAndShrink),
      { numRuns: 25 },
    );
  },
  PATIENCE,
);

it('next and prev work for a mapping that has left', () => {
  for (const size of [3, 1000]) {
    const tree = new VaTree();
    const vas = Array.from({ length: size }, (_, i) => makeGpuva(i, i * 4096, 4096));
    for (const va of vas) tree.insert(va);
    const middle = vas[1];
    if (middle === undefined) throw new Error('no middle');
    tree.delete(middle);
    expect(tree.next(middle)).toBe(vas[2]);
    expect(tree.prev(middle)).toBe(vas[0]);
    expect(tree.first()).toBe(vas[0]);
    const twin = makeGpuva(9, 0, 4096);
    expect([tree.has(twin), tree.delete(twin)]).toEqual([false, false]);
  }
});
