// Each rule of the page-table code by example: what map and unmap return, change and leave behind.

import { describe, expect, it } from 'vitest';
import { type Format, type Semantics, SZ_1G, SZ_2M, SZ_4K, SZ_64K } from '../../src/mmu/format.ts';
import { armLpae, MSM, PANTHOR } from '../../src/mmu/formats/arm_lpae.ts';
import { flat } from '../../src/mmu/formats/flat.ts';
import { NVKM_GP100 } from '../../src/mmu/formats/nvkm.ts';
import { PVR } from '../../src/mmu/formats/pvr.ts';
import { XE } from '../../src/mmu/formats/xe.ts';
import { PageTable } from '../../src/mmu/pgtable.ts';
import { EEXIST, EINVAL, ENOMEM, ERANGE } from '../../src/mmu/result.ts';
import { NULL_TARGET, type Run, type Target } from '../../src/mmu/run.ts';

const PAGE = SZ_4K;
const obj = (number: number, offset: number): Target => ({ kind: 'obj', obj: number, offset });
const phys = (addr: number): Target => ({ kind: 'phys', addr });
const kinds = (table: PageTable, addr: number) => table.walk(addr).map(({ kind }) => kind);
const at = (table: PageTable, addr: number) => table.walk(addr).at(-1)?.leaf?.target;
const ranges = (runs: Iterable<Run>) => [...runs].map(({ addr, end }) => [addr / PAGE, end / PAGE]);

function lpae(change: Partial<Semantics> = {}): PageTable {
  const format = armLpae({ pgsizeBitmap: SZ_4K + SZ_2M + SZ_1G, ias: 48, oas: 48 });
  if (format === undefined) throw new Error('no format');
  return new PageTable({ ...format, semantics: { ...format.semantics, ...change } });
}

describe('io-pgtable-arm: map', () => {
  it('refuses what it cannot map, in the order of the kernel', () => {
    const table = lpae();
    expect(table.map(0, 8192, 1, phys(0)).ret).toBe(EINVAL);
    expect(table.map(2 ** 48, 8192, 1, phys(0)).ret).toBe(EINVAL);
    expect(table.map(2 ** 48, PAGE, 1, phys(0)).ret).toBe(ERANGE);
    expect(table.map((1n << 64n) - 1n, PAGE, 1, phys(0)).ret).toBe(ERANGE);
    expect(table.map(0, PAGE, 1, phys(2 ** 48), { prot: 0 }).ret).toBe(ERANGE);
    expect(table.map(0, PAGE, 1, phys(0), { prot: 0 }).ret).toBe(EINVAL);
    expect(lpae({ noAccess: 'nothing' }).map(0, PAGE, 1, phys(0), { prot: 0 })).toMatchObject({ ret: 0, mapped: 0 });
    expect(table.bytes).toBe(0);
  });

  it('maps one table per call; the loop around it maps all', () => {
    const table = lpae();
    const first = table.map(SZ_2M - 2 * PAGE, PAGE, 5, phys(0));
    expect(first).toMatchObject({ ret: 0, mapped: 2 * PAGE, tablesAllocated: 3 });
    expect(table.map(SZ_2M, PAGE, 3, phys(2 * PAGE))).toMatchObject({ ret: 0, mapped: 3 * PAGE, tablesAllocated: 1 });
    expect(table.runCount).toBe(1);
    const loop = lpae().mapRange(SZ_2M - 2 * PAGE, 5 * PAGE, phys(0));
    expect(loop).toMatchObject({ ret: 0, mapped: 5 * PAGE, tablesAllocated: 4 });
  });

  it('chooses the largest page that fits address, target and what is left', () => {
    const table = lpae();
    table.mapRange(SZ_1G - SZ_2M - PAGE, SZ_1G + 2 * SZ_2M + 2 * PAGE, phys(2 * SZ_1G - SZ_2M - PAGE));
    expect([...table.runs()].map(({ pgsize, addr, end }) => [pgsize, (end - addr) / pgsize])).toEqual([
      [SZ_4K, 1],
      [SZ_2M, 1],
      [SZ_1G, 1],
      [SZ_2M, 1],
      [SZ_4K, 1],
    ]);
    const shifted = lpae();
    shifted.mapRange(0, SZ_2M, phys(PAGE));
    expect([...shifted.runs()].map(({ pgsize }) => pgsize)).toEqual([SZ_4K]);
    const msm = new PageTable(MSM);
    msm.mapRange(0, SZ_1G, phys(0));
    expect([...msm.runs()].map(({ pgsize }) => pgsize)).toEqual([SZ_4K]);
    expect(lpae().mapRange(PAGE, SZ_2M, phys(0), { pageSizes: [SZ_2M] })).toMatchObject({ ret: EINVAL, mapped: 0 });
  });

  it('refuses a live leaf before it writes any entry of that table, but not of the tables before', () => {
    const table = lpae();
    table.map(SZ_2M + 3 * PAGE, PAGE, 1, obj(1, 0), { line: 7 });
    const again = table.mapRange(SZ_2M - PAGE, 6 * PAGE, obj(2, 0), { line: 8 });
    expect(again).toMatchObject({ ret: EEXIST, mapped: PAGE, conflict: { line: 7, target: obj(1, 0) } });
    expect(ranges(table.runs())).toEqual([
      [511, 512],
      [515, 516],
    ]);
  });

  it('refuses below a block', () => {
    const table = lpae();
    table.map(0, SZ_2M, 1, phys(0));
    expect(table.map(5 * PAGE, PAGE, 1, phys(0))).toMatchObject({ ret: EEXIST, mapped: 0, tablesAllocated: 0 });
    table.map(SZ_1G, SZ_1G, 1, phys(0));
    expect(table.map(SZ_1G, SZ_2M, 1, phys(0))).toMatchObject({ ret: EEXIST, mapped: 0 });
  });

  it('puts a block where a table was, which is freed with its leaves', () => {
    const table = lpae();
    table.map(0, PAGE, 4, phys(0));
    const block = table.map(0, SZ_2M, 2, phys(0));
    expect(block).toMatchObject({ ret: 0, mapped: 2 * SZ_2M, tablesFreed: 1, tablesAllocated: 0 });
    expect(ranges(block.gone)).toEqual([[0, 4]]);
    expect(kinds(table, PAGE)).toEqual(['table', 'table', 'block']);
  });

  it('has freed the tables before the live leaf that refuses the block', () => {
    const table = lpae();
    table.map(0, PAGE, 4, phys(0), { line: 1 });
    table.map(SZ_2M, SZ_2M, 1, phys(SZ_2M));
    const refused = table.map(0, SZ_2M, 2, phys(0), { line: 2 });
    expect(refused).toMatchObject({ ret: EEXIST, mapped: 0, tablesFreed: 1 });
    expect(ranges(refused.gone)).toEqual([[0, 4]]);
    expect(table.walk(0).at(-1)).toMatchObject({ kind: 'hole', level: 2, clearedBy: 2 });
  });

  it('runs out of pages for tables', () => {
    const none = lpae();
    expect(none.map(0, PAGE, 1, phys(0), { tables: 2 })).toMatchObject({ ret: ENOMEM, mapped: 0, tablesAllocated: 2 });
    expect(kinds(none, 0)).toEqual(['table', 'table', 'hole']);
    const some = new PageTable(MSM).mapRange(0, 64 * SZ_2M, phys(0), { tables: 12 });
    expect(some).toMatchObject({ ret: ENOMEM, mapped: 10 * SZ_2M, tablesAllocated: 12 });
    const enough = new PageTable(MSM).mapRange(0, 64 * SZ_2M, phys(0), { tables: 66 });
    expect(enough).toMatchObject({ ret: 0, mapped: 64 * SZ_2M, tablesAllocated: 66 });
    const undone = new PageTable(PVR).mapRange(0, 64 * SZ_2M, phys(0), { tables: 12 });
    expect(undone).toMatchObject({ ret: ENOMEM, mapped: 0, tablesAllocated: 0 });
  });
});

describe('io-pgtable-arm: unmap', () => {
  it('stops at a hole and says how far it came', () => {
    const table = lpae();
    table.map(0, PAGE, 3, phys(0));
    table.map(5 * PAGE, PAGE, 3, phys(5 * PAGE));
    expect(table.unmap(PAGE, PAGE, 6)).toMatchObject({ unmapped: 2 * PAGE, stop: 'hole', stopAt: 3 * PAGE });
    expect(table.unmap(3 * PAGE, PAGE, 6)).toMatchObject({ unmapped: 0, stop: 'hole', stopAt: 3 * PAGE });
    expect(table.unmap(SZ_1G, PAGE, 1).unmapped).toBe(0);
    expect(table.unmap(0, 8192, 1).unmapped).toBe(0);
    expect(table.unmap(2 ** 48, PAGE, 1).unmapped).toBe(0);
    expect(table.unmapRange(0, 8 * PAGE)).toMatchObject({ unmapped: PAGE, stop: 'hole', stopAt: PAGE });
  });

  it('unmaps one table per call', () => {
    const table = lpae();
    table.mapRange(SZ_2M - PAGE, 3 * PAGE, phys(0));
    expect(table.unmap(SZ_2M - PAGE, PAGE, 3).unmapped).toBe(PAGE);
    expect(table.unmapRange(SZ_2M, 2 * PAGE).unmapped).toBe(2 * PAGE);
  });

  it('takes a whole table for a block, and reports a block', () => {
    const table = lpae();
    table.map(PAGE, PAGE, 3, phys(0));
    expect(table.unmap(0, SZ_2M, 1)).toMatchObject({ unmapped: SZ_2M, tablesFreed: 1 });
    expect(table.tableCount()).toBe(3);
  });

  it('keeps tables that became empty, so that the next map needs none', () => {
    const table = lpae();
    expect(table.map(0, PAGE, 3, phys(0)).tablesAllocated).toBe(3);
    expect(table.unmap(0, PAGE, 3).tablesFreed).toBe(0);
    expect(kinds(table, 0)).toEqual(['table', 'table', 'table', 'hole']);
    expect(table.map(0, PAGE, 3, phys(0)).tablesAllocated).toBe(0);
    // An empty table still counts as an entry for an unmap of its block.
    table.unmap(0, PAGE, 3);
    expect(table.unmap(0, SZ_2M, 1)).toMatchObject({ unmapped: SZ_2M, tablesFreed: 1 });
  });

  it('refuses a part of a block from 6.13 on', () => {
    const table = lpae();
    table.map(0, SZ_2M, 2, phys(0));
    expect(table.unmap(PAGE, PAGE, 1)).toMatchObject({ unmapped: 0, stop: 'block', stopAt: PAGE });
    expect(table.bytes).toBe(2 * SZ_2M);
    expect(table.unmapRange(SZ_2M, SZ_2M + PAGE)).toMatchObject({ unmapped: SZ_2M, stop: 'hole' });
  });

  it('splits a block up to 6.12, down to the level of the page', () => {
    const table = lpae({ partialBlock: 'split' });
    table.map(0, SZ_1G, 1, phys(0), { line: 3 });
    const part = table.unmap(SZ_2M + PAGE, PAGE, 2);
    expect(part).toMatchObject({ unmapped: 2 * PAGE, tablesAllocated: 2 });
    expect(ranges(part.gone)).toEqual([[513, 515]]);
    expect([...table.runs()].map(({ pgsize, line }) => [pgsize, line])).toEqual([
      [SZ_2M, 3],
      [SZ_4K, 3],
      [SZ_4K, 3],
      [SZ_2M, 3],
    ]);
    expect(at(table, SZ_2M + 3 * PAGE)).toEqual(phys(SZ_2M + 3 * PAGE));
    expect(table.map(SZ_2M + PAGE, PAGE, 1, phys(0)).ret).toBe(0);
  });

  it('splits what there is of a block, of which a part may be forgotten', () => {
    const table = lpae({ partialBlock: 'split' });
    table.map(0, SZ_2M, 1, phys(0));
    table.forget(0, 0, 3 * PAGE);
    table.forget(0, SZ_2M - PAGE, SZ_2M);
    expect(table.unmap(8 * PAGE, PAGE, 1)).toMatchObject({ unmapped: PAGE });
    expect(ranges(table.runs())).toEqual([
      [3, 8],
      [9, 511],
    ]);
    expect(at(table, 9 * PAGE)).toEqual(phys(9 * PAGE));
  });

  it('has no entry in a range that is cleared, whatever was there', () => {
    const table = lpae();
    table.map(0, SZ_2M, 1, phys(0), { line: 3 });
    table.clear(4 * PAGE, 1020 * PAGE, 5);
    expect(ranges(table.runs())).toEqual([[0, 4]]);
    expect(table.clearedBy(1000 * PAGE)?.line).toBe(5);
    expect(table.map(4 * PAGE, PAGE, 1, phys(0)).ret).toBe(0);
  });
});

describe('xe', () => {
  it('binds over what is there, and drops the rest of a huge leaf', () => {
    const table = new PageTable(XE);
    table.mapRange(0, SZ_2M, obj(1, 0), { line: 1 });
    const over = table.mapRange(16 * PAGE, 4 * PAGE, obj(2, 0), { line: 2 });
    expect(over).toMatchObject({ ret: 0, mapped: 4 * PAGE, tablesAllocated: 1 });
    expect(ranges(over.gone)).toEqual([[0, 512]]);
    expect(ranges(table.runs())).toEqual([[16, 20]]);
    expect(table.clearedBy(0)?.line).toBe(2);
    const back = table.mapRange(0, SZ_2M, obj(1, 0));
    expect(back).toMatchObject({ tablesFreed: 1 });
    expect(kinds(table, 0)).toEqual(['table', 'table', 'table', 'block']);
  });

  it('frees tables that become empty, leaves a huge leaf that sticks out, passes over holes', () => {
    const table = new PageTable(XE);
    table.mapRange(0, SZ_2M, obj(1, 0));
    table.mapRange(SZ_2M + PAGE, PAGE, obj(1, 0));
    const gone = table.unmapRange(PAGE, 2 * SZ_2M);
    expect(gone).toMatchObject({ unmapped: PAGE, stop: 'block', tablesFreed: 1 });
    expect(ranges(table.runs())).toEqual([[0, 512]]);
    expect(table.unmapRange(0, SZ_1G)).toMatchObject({ unmapped: SZ_2M, tablesFreed: 3 });
    expect(table.tableCount()).toBe(1);
  });

  it('hints at 64K where 16 pages are aligned and in a row', () => {
    const hinted = (table: PageTable) =>
      [...table.runs()].map(({ addr, end, hint }) => [addr / PAGE, end / PAGE, hint]);
    const table = new PageTable(XE);
    table.mapRange(15 * PAGE, 34 * PAGE, obj(1, SZ_64K - PAGE));
    expect(hinted(table)).toEqual([
      [15, 16, 0],
      [16, 48, SZ_64K],
      [48, 49, 0],
    ]);
    const shifted = new PageTable(XE);
    shifted.mapRange(0, 32 * PAGE, obj(1, PAGE));
    shifted.mapRange(64 * PAGE, 40 * PAGE, NULL_TARGET);
    expect(hinted(shifted)).toEqual([
      [0, 32, 0],
      [64, 96, SZ_64K],
      [96, 104, 0],
    ]);
  });

  it('maps NULL with huge leaves, all of them the same', () => {
    const table = new PageTable(XE);
    table.mapRange(0, SZ_1G + SZ_2M, NULL_TARGET);
    expect([...table.runs()].map(({ pgsize }) => pgsize)).toEqual([SZ_1G, SZ_2M]);
    expect(at(table, SZ_1G)).toEqual(NULL_TARGET);
  });
});

describe('pvr and nvkm', () => {
  it('pvr refuses a valid entry and takes back what it had created', () => {
    const table = new PageTable(PVR);
    table.mapRange(5 * PAGE, PAGE, phys(0), { line: 1 });
    const refused = table.mapRange(0, 2 * SZ_2M, phys(0));
    expect(refused).toMatchObject({ ret: EEXIST, mapped: 0, tablesAllocated: 0, conflict: { line: 1 } });
    expect(table.unmapRange(0, SZ_1G)).toMatchObject({ unmapped: PAGE, tablesFreed: 2 });
  });

  it('nvkm writes over present entries and keeps its tables', () => {
    const table = new PageTable(NVKM_GP100);
    table.mapRange(0, 4 * PAGE, obj(1, 0), { pageSizes: [PAGE] });
    expect(table.mapRange(2 * PAGE, 4 * PAGE, obj(2, 0), { pageSizes: [PAGE] }).ret).toBe(0);
    expect(at(table, PAGE)).toEqual(obj(1, PAGE));
    expect(at(table, 2 * PAGE)).toEqual(obj(2, 0));
    expect(table.unmapRange(0, SZ_2M, { pageSizes: [PAGE] })).toMatchObject({ unmapped: 6 * PAGE, tablesFreed: 0 });
  });
});

describe('walk', () => {
  it('tells table, page, block and hole, with index, target and writer', () => {
    const table = new PageTable(PANTHOR);
    table.map(SZ_1G + 3 * SZ_2M + 5 * PAGE, PAGE, 2, obj(4, 0), { line: 12, prot: 1 });
    const walk = table.walk(SZ_1G + 3 * SZ_2M + 6 * PAGE + 100);
    expect(walk.map(({ level, index, kind }) => [level, index, kind])).toEqual([
      [0, 0, 'table'],
      [1, 1, 'table'],
      [2, 3, 'table'],
      [3, 6, 'page'],
    ]);
    expect(walk.at(-1)?.leaf).toMatchObject({ target: obj(4, PAGE), line: 12, prot: 1 });
    expect(table.walk(2 ** 39).map(({ kind }) => kind)).toEqual(['hole']);
    expect(table.walk(2 ** 48)).toEqual([]);
  });

  it('knows who cleared a hole', () => {
    const table = new PageTable(PANTHOR);
    table.mapRange(0, 3 * PAGE, obj(1, 0), { line: 1 });
    table.unmapRange(PAGE, PAGE, { line: 2 });
    expect(table.walk(PAGE).at(-1)).toMatchObject({ kind: 'hole', clearedBy: 2 });
    table.mapRange(PAGE, PAGE, obj(1, 0), { line: 3 });
    expect(table.walk(PAGE).at(-1)).toMatchObject({ kind: 'page', clearedBy: undefined });
    expect([...table.clearings()]).toEqual([]);
  });
});

describe('what a table costs', () => {
  const TIB = 2 ** 40;

  it('maps 1 TiB of 4K pages as one run, and knows its tables', () => {
    const table = new PageTable(MSM);
    const mapped = table.mapRange(0, TIB, obj(1, 0));
    expect(mapped).toMatchObject({ ret: 0, mapped: TIB, tablesAllocated: 2 + 1024 + 524288 });
    expect(table.runCount).toBe(1);
    table.unmapRange(TIB / 2, PAGE);
    expect(table.runCount).toBe(2);
    expect(at(table, TIB - PAGE)).toEqual(obj(1, TIB - PAGE));
    expect(table.unmapRange(TIB / 2 + PAGE, TIB / 2 - PAGE).unmapped).toBe(TIB / 2 - PAGE);
    expect(table.tableCount()).toBe(1 + 2 + 1024 + 524288);
  });

  it('maps 1 TiB of blocks and NULL as one run each', () => {
    const table = new PageTable(XE);
    table.mapRange(0, TIB, obj(1, 0));
    table.mapRange(TIB, TIB, NULL_TARGET);
    expect(table.runCount).toBe(2);
    expect(table.bytes).toBe(2 * TIB);
  });

  it('takes 100,000 runs', () => {
    const table = new PageTable(MSM);
    for (let i = 0; i < 100_000; i++) table.map(2 * i * PAGE, PAGE, 1, obj(1, 0), { line: i });
    expect(table.runCount).toBe(100_000);
    for (let i = 0; i < 100_000; i += 2) table.unmap(2 * i * PAGE, PAGE, 1);
    expect(table.runCount).toBe(50_000);
  });
});

describe('flat', () => {
  const format: Format = flat(0x10000, 8 * PAGE);

  it('ignores what lies outside', () => {
    const table = new PageTable(format);
    expect(table.mapRange(0x10000 - PAGE, 4 * PAGE, obj(1, 0))).toMatchObject({ ret: 0, mapped: 0 });
    expect(table.mapRange(0x10000 + 6 * PAGE, 4 * PAGE, obj(1, 0))).toMatchObject({ ret: 0, mapped: 2 * PAGE });
    expect(table.unmapRange(0x10000 + 7 * PAGE, 2 ** 60)).toMatchObject({ unmapped: PAGE });
    expect(table.unmapRange(0, 2 ** 60)).toMatchObject({ unmapped: 0 });
    expect(table.walk(0x10000 + 6 * PAGE)).toMatchObject([{ level: 0, index: 6, kind: 'page' }]);
  });
});
