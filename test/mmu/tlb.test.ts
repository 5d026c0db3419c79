// What the GPU may still translate after an entry changed, and which flush ends it.

import { describe, expect, it } from 'vitest';
import { SZ_2M, SZ_4K } from '../../src/mmu/format.ts';
import { MSM, PANTHOR } from '../../src/mmu/formats/arm_lpae.ts';
import { NVKM_GP100 } from '../../src/mmu/formats/nvkm.ts';
import { PageTable } from '../../src/mmu/pgtable.ts';
import { NULL_TARGET, READ, type Target } from '../../src/mmu/run.ts';
import { Tlb } from '../../src/mmu/tlb.ts';

const PAGE = SZ_4K;
const obj = (number: number, offset = 0): Target => ({ kind: 'obj', obj: number, offset });

function setUp(format = NVKM_GP100) {
  const table = new PageTable(format);
  const tlb = new Tlb(table);
  const map = (page: number, pages: number, target: Target, line: number, prot = 3) => {
    tlb.changed(table.mapRange(page * PAGE, pages * PAGE, target, { line, prot }).gone, line);
  };
  const unmap = (page: number, pages: number, line: number) => {
    tlb.changed(table.unmapRange(page * PAGE, pages * PAGE, { line }).gone, line);
  };
  const stale = () =>
    [...tlb.staleRanges()].map(({ addr, end, held }) => [addr / PAGE, end / PAGE, held.map((h) => h.line)]);
  return { tlb, map, unmap, stale };
}

describe('stale translations', () => {
  it('none from a first map', () => {
    const { map, stale } = setUp();
    map(0, 4, obj(1), 1);
    expect(stale()).toEqual([]);
  });

  it('from an unmap until a flush of all', () => {
    const { tlb, map, unmap, stale } = setUp();
    map(0, 4, obj(1), 1);
    unmap(1, 2, 2);
    expect(stale()).toEqual([[1, 3, [2]]]);
    expect(tlb.staleAt(2 * PAGE + 5)).toMatchObject([{ line: 2, was: { line: 1 } }]);
    expect(tlb.staleAt(0)).toEqual([]);
    tlb.flush();
    expect(stale()).toEqual([]);
  });

  it('until a flush of a range, for the pages it covers', () => {
    const { tlb, map, unmap, stale } = setUp();
    map(0, 8, obj(1), 1);
    unmap(0, 8, 2);
    tlb.flushRange(2 * PAGE + 1, PAGE);
    expect(stale()).toEqual([
      [0, 2, [2]],
      [4, 8, [2]],
    ]);
    tlb.flushRange(0, 2n ** 64n - 1n);
    expect(stale()).toEqual([]);
  });

  it('from an overwrite that changes target or rights, not from one that repeats them', () => {
    const { map, stale } = setUp();
    map(0, 8, obj(1), 1);
    map(0, 2, obj(1), 2);
    map(2, 2, obj(2), 3);
    map(4, 2, obj(1, 4 * PAGE), 4, READ);
    map(6, 2, NULL_TARGET, 5);
    expect(stale()).toEqual([
      [2, 4, [3]],
      [4, 6, [4]],
      [6, 8, [5]],
    ]);
  });

  it('not while the same translation is in the table again', () => {
    const { map, unmap, stale } = setUp();
    map(0, 4, obj(1), 1);
    unmap(0, 4, 2);
    map(0, 2, obj(1), 3);
    expect(stale()).toEqual([[2, 4, [2]]]);
    unmap(0, 2, 4);
    expect(stale()).toEqual([
      [0, 2, [4]],
      [2, 4, [2]],
    ]);
  });

  it('several at one address, each of which the GPU may have seen', () => {
    const { tlb, map, stale } = setUp();
    map(0, 1, obj(1), 1);
    map(0, 1, obj(2), 2);
    map(0, 1, obj(3), 3);
    expect(stale()).toEqual([[0, 1, [2, 3]]]);
    map(0, 1, obj(1), 4);
    expect(tlb.staleAt(0).map(({ was }) => was.target)).toEqual([obj(2), obj(3)]);
    for (let i = 0; i < 20; i++) map(0, 1, obj(10 + i), 10 + i);
    expect(tlb.staleAt(0)).toHaveLength(4);
  });

  it('of a block and of a table that a block replaced', () => {
    const { map, unmap, stale } = setUp(PANTHOR);
    map(0, 512, obj(1), 1);
    unmap(0, 512, 2);
    expect(stale()).toEqual([[0, 512, [2]]]);
    const other = setUp(PANTHOR);
    other.map(0, 4, obj(1), 1);
    other.map(0, SZ_2M / PAGE, obj(2), 2);
    expect(other.stale()).toEqual([[0, 4, [2]]]);
  });

  it('cost as little as the change', () => {
    const { map, unmap, stale } = setUp(MSM);
    map(0, 2 ** 28, obj(1), 1);
    unmap(0, 2 ** 28, 2);
    expect(stale()).toEqual([[0, 2 ** 28, [2]]]);
  });
});
