// Pages for tables that drivers set aside, against what the maps then take.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SZ_1G, SZ_2M, SZ_4K } from '../../src/mmu/format.ts';
import { armLpae, MSM } from '../../src/mmu/formats/arm_lpae.ts';
import { PageTable } from '../../src/mmu/pgtable.ts';
import { armLpaePrealloc, msmPrealloc, panthorUnmapPrealloc } from '../../src/mmu/prealloc.ts';

const PAGE = SZ_4K;
const page = fc.integer({ min: 0, max: 2 ** 20 });
const extent = fc
  .tuple(page, fc.integer({ min: 1, max: 5000 }))
  .map(([at, pages]) => ({ addr: at * PAGE, size: pages * PAGE }));

describe('prealloc', () => {
  it.each([
    [0, PAGE, 3],
    [SZ_2M - PAGE, 2 * PAGE, 4],
    [SZ_1G - PAGE, 2 * PAGE, 5],
    [2 ** 39 - PAGE, 2 * PAGE, 6],
    [0, 2 ** 40, 2 + 1024 + 524288],
    [2 ** 47, SZ_2M, 3],
  ])('%d+%d takes %d', (addr, size, count) => {
    expect(armLpaePrealloc({ addr, size })).toBe(count);
  });

  it('is what a first map takes and always enough for a later one', () => {
    const property = fc.property(extent, extent, (first, second) => {
      const table = new PageTable(MSM);
      expect(table.mapRange(first.addr, first.size, { kind: 'null' }).tablesAllocated).toBe(armLpaePrealloc(first));
      table.unmapRange(first.addr, first.size);
      const again = table.mapRange(second.addr, second.size, { kind: 'null' }, { tables: armLpaePrealloc(second) });
      expect(again.ret).toBe(0);
    });
    fc.assert(property);
  });

  it('msm counts ops as one where the next begins in the 2 MiB that the last ends in', () => {
    const op = (at: number, pages: number) => ({ addr: at * PAGE, size: pages * PAGE });
    expect(msmPrealloc([])).toBe(0);
    expect(msmPrealloc([op(0, 1), op(1, 1), op(9, 1)])).toBe(3);
    expect(msmPrealloc([op(0, 1), op(512, 1)])).toBe(6);
    expect(msmPrealloc([op(0, 512), op(512, 1)])).toBe(4);
    expect(msmPrealloc([op(0, 1), op(9, 1), op(5, 1)])).toBe(3);
  });

  it('panthor takes at most two for an unmap, enough to split what sticks out', () => {
    expect(panthorUnmapPrealloc({ addr: 0, size: SZ_2M })).toBe(0);
    expect(panthorUnmapPrealloc({ addr: PAGE, size: PAGE })).toBe(1);
    expect(panthorUnmapPrealloc({ addr: 0, size: PAGE })).toBe(1);
    expect(panthorUnmapPrealloc({ addr: PAGE, size: 2 * SZ_2M })).toBe(2);
    const format = armLpae({ pgsizeBitmap: SZ_4K + SZ_2M, ias: 48, oas: 48, partialBlock: 'split' });
    if (format === undefined) throw new Error('no format');
    const property = fc.property(extent, (range) => {
      const table = new PageTable(format);
      table.mapRange(0, 2 ** 34, { kind: 'null' });
      const { tablesAllocated, unmapped } = table.unmapRange(range.addr, range.size);
      expect(unmapped).toBe(range.size);
      expect(tablesAllocated).toBeLessThanOrEqual(panthorUnmapPrealloc(range));
    });
    fc.assert(property);
  });
});
