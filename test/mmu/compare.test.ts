// The VA space against the page table: the test driver's counts, and which pages they are about.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asWritten, compare, isFaultless, type Mapped, pagesOf } from '../../src/mmu/compare.ts';
import { SZ_2M, SZ_4K } from '../../src/mmu/format.ts';
import { PANTHOR } from '../../src/mmu/formats/arm_lpae.ts';
import { flat } from '../../src/mmu/formats/flat.ts';
import { PageTable } from '../../src/mmu/pgtable.ts';
import type { Target } from '../../src/mmu/run.ts';
import { decodeFlatPte, encodeFlatPte, flatMap, flatUnmap } from './flat_pte.ts';

const PAGE = SZ_4K;
const START = 0x40000;
const PAGES = 64;

/** The module's table and check, entry by entry. */
class Lab {
  readonly pt = new Array<bigint>(PAGES).fill(0n);

  map(addr: number, len: number, pte: bigint): void {
    const p = Math.floor((addr - START) / PAGE);
    for (let i = 0; i < Math.floor(len / PAGE) && p >= 0 && p + i < PAGES; i++) {
      this.pt[p + i] = pte >> 48n === 0xffffn ? pte : pte + BigInt(i);
    }
  }

  unmap(addr: number, len: number): void {
    const p = Math.floor((addr - START) / PAGE);
    if (p >= 0 && p < PAGES) this.pt.fill(0n, p, Math.min(p + Math.floor(len / PAGE), PAGES));
  }

  check(vas: readonly Mapped[]) {
    let pages = 0;
    let bad = 0;
    const mapped = new Set<number>();
    for (const va of vas) {
      const p = Math.floor((Number(va.addr) - START) / PAGE);
      const first = BigInt(encodeFlatPte(Number(va.obj), va.offset));
      for (let i = 0; i < Number(va.range) / PAGE && p >= 0 && p + i < PAGES; i++) {
        pages++;
        mapped.add(p + i);
        if (this.pt[p + i] !== first + (va.obj === 0 ? 0n : BigInt(i))) bad++;
      }
    }
    const used = this.pt.filter((pte) => pte !== 0n).length;
    const stale = this.pt.filter((pte, p) => pte !== 0n && !mapped.has(p)).length;
    return { pages, used, bad, stray: Math.max(0, used - pages), stale };
  }
}

const extent = fc.tuple(fc.integer({ min: -4, max: PAGES + 4 }), fc.integer({ min: 1, max: 20 }));
const call = fc.tuple(fc.boolean(), extent, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 40 }));

/** Mappings that do not overlap, from cut points. */
const space = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: -1, max: 3 }), fc.integer({ min: 0, max: 40 })),
);

function mappings(cuts: readonly (readonly [number, number, number])[]): Mapped[] {
  const vas: Mapped[] = [];
  let page = 0;
  for (const [pages, obj, offset] of cuts) {
    if (obj >= 0) vas.push({ addr: START + page * PAGE, range: pages * PAGE, obj, offset: offset * PAGE });
    page += pages;
  }
  return vas;
}

describe('compare', () => {
  it('counts as the module does, page by page', () => {
    const property = fc.property(fc.array(call, { maxLength: 30 }), space, fc.boolean(), (calls, cuts, follow) => {
      const lab = new Lab();
      const table = new PageTable(flat(START, PAGES * PAGE));
      const vas = mappings(cuts);
      if (follow) {
        for (const { addr, range, obj, offset } of vas) {
          const pte = encodeFlatPte(Number(obj), offset);
          lab.map(Number(addr), Number(range), BigInt(pte));
          flatMap(table, addr, range, pte);
        }
      }
      for (const [unmap, [page, pages], obj, offset] of follow ? calls.slice(0, 3) : calls) {
        const addr = START + page * PAGE;
        const pte = encodeFlatPte(obj, offset * PAGE);
        if (unmap) lab.unmap(addr, pages * PAGE);
        else lab.map(addr, pages * PAGE, BigInt(pte));
        if (unmap) flatUnmap(table, addr, pages * PAGE);
        else flatMap(table, addr, pages * PAGE, pte);
      }
      const result = compare(vas, table);
      expect(result).toMatchObject(lab.check(vas));
      expect(isFaultless(vas, table, table.base, table.limit, asWritten)).toBe(result.faults.length === 0);
      const stale = result.faults.filter((fault) => fault.kind === 'stale');
      expect([pagesOf(result.faults) - pagesOf(stale), pagesOf(stale)]).toEqual([result.bad, result.stale]);
    });
    fc.assert(property, { numRuns: 1500 });
  });

  const va = (page: number, pages: number, obj: number, offset = 0): Mapped => {
    return { addr: START + page * PAGE, range: pages * PAGE, obj, offset: offset * PAGE };
  };

  it('says which pages, what is there and who wrote it', () => {
    const table = new PageTable(flat(START, PAGES * PAGE));
    flatMap(table, START, 4 * PAGE, encodeFlatPte(1, 0), 1);
    flatMap(table, START + PAGE, PAGE, encodeFlatPte(2, 0), 2);
    flatUnmap(table, START + 3 * PAGE, PAGE, 3);
    flatMap(table, START + 8 * PAGE, 2 * PAGE, encodeFlatPte(3, 0), 4);
    const { faults, ...counts } = compare([va(0, 5, 1)], table);
    expect(counts).toEqual({ pages: 5, used: 5, bad: 3, stray: 0, stale: 2 });
    expect(
      faults.map(({ kind, addr, end, line }) => [kind, (addr - START) / PAGE, (end - START) / PAGE, line]),
    ).toEqual([
      ['wrong', 1, 2, 2],
      ['missing', 3, 4, 3],
      ['missing', 4, 5, undefined],
      ['stale', 8, 10, 4],
    ]);
    expect(faults[0]?.found?.target).toEqual({ kind: 'obj', obj: 2, offset: 0 });
  });

  it('tells NULL mappings, offsets and objects by the names the caller gives', () => {
    const table = new PageTable(flat(START, PAGES * PAGE));
    flatMap(table, START, 2 * PAGE, encodeFlatPte(0, 0));
    flatMap(table, START + 2 * PAGE, 2 * PAGE, encodeFlatPte(5, 7 * PAGE), 0, -4096);
    const vas = [va(0, 2, 0), { ...va(2, 2, -4096, 7) }];
    expect(compare(vas, table).bad).toBe(0);
    expect(compare([va(0, 2, 1), va(2, 2, -4096, 8)], table).bad).toBe(4);
    const renamed = compare([va(0, 2, 0), va(2, 2, 6, 7)], table, () => ({ obj: 6, offset: 7 * PAGE, bytes: PAGE }));
    expect(renamed.faults).toMatchObject([{ kind: 'wrong', addr: START + 3 * PAGE, end: START + 4 * PAGE }]);
    expect(compare([va(0, 2, 0), va(2, 2, 6, 9)], table, () => undefined).bad).toBe(0);
  });

  it('counts blocks in pages, and finds the object of a physical address', () => {
    const table = new PageTable(PANTHOR);
    table.mapRange(0, 2 * SZ_2M, { kind: 'phys', addr: 3 * 2 ** 34 });
    const placeOf = (target: Target) => {
      const addr = target.kind === 'phys' ? Number(target.addr) : 0;
      return { obj: Math.floor(addr / 2 ** 34), offset: addr % 2 ** 34 };
    };
    const vas: Mapped[] = [{ addr: 0, range: SZ_2M, obj: 3, offset: 0 }];
    expect(compare(vas, table, placeOf)).toMatchObject({ pages: 512, used: 1024, bad: 0, stray: 512, stale: 512 });
    expect(compare([{ addr: 0, range: SZ_2M, obj: 4, offset: 0 }], table, placeOf).bad).toBe(512);
    expect(compare(vas, table).bad).toBe(0);
  });

  it('steps over runs, not pages', () => {
    const table = new PageTable(PANTHOR);
    table.mapRange(0, 2 ** 40, { kind: 'obj', obj: 1, offset: 0 });
    table.unmapRange(2 ** 39, SZ_2M, { line: 9 });
    table.unmapRange(2 ** 39, 2 ** 30, { line: 9 });
    const { faults, ...counts } = compare([{ addr: 0, range: 2 ** 40, obj: 1, offset: 0 }], table);
    expect(counts).toMatchObject({ pages: 2 ** 28, bad: 512, stale: 0 });
    expect(faults).toMatchObject([{ kind: 'missing', addr: 2 ** 39, end: 2 ** 39 + SZ_2M, line: 9 }]);
  });
});

describe("the test driver's entries", () => {
  it('hold object number and page, or the mark of a NULL mapping', () => {
    expect(decodeFlatPte(0x0003_0000_0000_0001n)).toEqual({ number: 3, offset: 0 });
    expect(decodeFlatPte(0x0102_0000_0000_0011n)).toEqual({ number: 0x102, offset: 16 * PAGE });
    expect(decodeFlatPte(0xffff_0000_0000_0000n)).toEqual({ number: 0, offset: 0 });
    for (const [number, offset] of [
      [1, 0],
      [300, 5 * PAGE],
      [0xfffe, 2 ** 40],
    ] as const) {
      expect(decodeFlatPte(encodeFlatPte(number, offset))).toEqual({ number, offset });
    }
    expect(encodeFlatPte(0, 5)).toBe(0xffff * 2 ** 48);
  });

  it('ignore what is not in the first 4 GiB of the VM, below it or in part of a page', () => {
    const table = new PageTable(flat(START, 2 ** 47));
    expect(table.limit - table.base).toBe(2 ** 32);
    expect(flatMap(table, START + 2 ** 32 - PAGE, 3 * PAGE, encodeFlatPte(1, 0)).mapped).toBe(PAGE);
    expect(flatMap(table, START - 1, 3 * PAGE, encodeFlatPte(1, 0)).mapped).toBe(0);
    expect(flatMap(table, START + 100, 2 * PAGE - 1, encodeFlatPte(1, 0)).mapped).toBe(PAGE);
    expect(compare([{ addr: START - PAGE, range: 4 * PAGE, obj: 1, offset: 0 }], table).pages).toBe(0);
    expect(compare([{ addr: START, range: 2 ** 47, obj: 1, offset: 0 }], table).pages).toBe(2 ** 20);
  });
});
