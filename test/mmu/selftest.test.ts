// The matrix of the kernel's own test of its page tables: drivers/iommu/io-pgtable-arm-selftests.c.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Format,
  pageSizes,
  SZ_1G,
  SZ_2M,
  SZ_4K,
  SZ_4T,
  SZ_16K,
  SZ_32M,
  SZ_64K,
  SZ_512M,
} from '../../src/mmu/format.ts';
import { armLpae, startLevel } from '../../src/mmu/formats/arm_lpae.ts';
import { PageTable } from '../../src/mmu/pgtable.ts';
import { EEXIST } from '../../src/mmu/result.ts';
import { READ, targetAddr, WRITE } from '../../src/mmu/run.ts';

const BITMAPS = [SZ_4K + SZ_2M + SZ_1G, SZ_16K + SZ_32M, SZ_64K + SZ_512M];
const BITS = [32, 36, 40, 42, 44, 48];

function known(config: Parameters<typeof armLpae>[0]): Format {
  const format = armLpae(config);
  if (format === undefined) throw new Error('no format');
  return format;
}

/** iova_to_phys(); 0 = no translation. */
function phys(table: PageTable, iova: number): number {
  const leaf = table.walk(iova).at(-1)?.leaf;
  if (leaf === undefined) return 0;
  return Number(targetAddr(leaf.target)) + (iova % leaf.pgsize);
}

function selftest(format: Format, prots: readonly number[]): void {
  const table = new PageTable(format);
  for (const iova of [42, SZ_1G + 42, 2 * SZ_1G + 42]) expect(phys(table, iova)).toBe(0);
  const sizes = pageSizes(format).toReversed();
  const [prot = WRITE, other = READ, third = WRITE] = prots;
  for (const [i, size] of sizes.entries()) {
    const iova = i * SZ_1G;
    expect(table.map(iova, size, 1, { kind: 'phys', addr: iova }, { prot })).toMatchObject({ ret: 0, mapped: size });
    expect(table.map(iova, size, 1, { kind: 'phys', addr: iova + size }, { prot: other }).ret).toBe(EEXIST);
    expect(phys(table, iova + 42)).toBe(iova + 42);
  }
  for (const [i, size] of sizes.entries()) {
    const iova = i * SZ_1G;
    expect(table.unmap(iova, size, 1).unmapped).toBe(size);
    expect(phys(table, iova + 42)).toBe(0);
    expect(table.map(iova, size, 1, { kind: 'phys', addr: iova }, { prot: third }).ret).toBe(0);
    expect(phys(table, iova + 42)).toBe(iova + 42);
  }
  const largest = sizes.at(-1) ?? 0;
  const last = format.size - largest;
  // With 32 bits and 1G pages the last page is none of those above.
  expect(table.map(last, largest, 1, { kind: 'phys', addr: last }, { prot })).toMatchObject({
    ret: 0,
    mapped: largest,
  });
  expect(table.unmap(last, largest, 1).unmapped).toBe(largest);
}

describe('selftest of io-pgtable-arm', () => {
  it('passes on its whole matrix', () => {
    for (const pgsizeBitmap of BITMAPS) {
      for (const [j, oas] of BITS.entries()) {
        for (const ias of BITS.slice(0, j + 1)) {
          for (const partialBlock of ['split', 'refuse'] as const) {
            selftest(known({ pgsizeBitmap, ias, oas, partialBlock }), [READ + WRITE, READ, WRITE]);
          }
        }
      }
    }
  });

  it('holds for any address size and rights', () => {
    const prot = fc.constantFrom(READ, WRITE, READ + WRITE, READ + WRITE + 8);
    const bits = fc.integer({ min: 32, max: 48 });
    const property = fc.property(
      fc.constantFrom(...BITMAPS),
      bits,
      bits,
      fc.array(prot, { minLength: 3 }),
      (pgsizeBitmap, a, b, prots) => {
        selftest(known({ pgsizeBitmap, ias: Math.min(a, b), oas: Math.max(a, b) }), prots);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('unmaps and maps again a part of a block, as the test of 6.12 did', () => {
    for (const pgsizeBitmap of BITMAPS) {
      const table = new PageTable(known({ pgsizeBitmap, ias: 48, oas: 48, partialBlock: 'split' }));
      const sizes = pageSizes(table.format).toReversed();
      const [size = 0, block = 0] = sizes;
      table.map(SZ_1G, block, 1, { kind: 'phys', addr: SZ_1G });
      expect(table.unmap(SZ_1G + size, size, 1).unmapped).toBe(size);
      expect(table.map(SZ_1G + size, size, 1, { kind: 'phys', addr: size }, { prot: READ }).ret).toBe(0);
      expect(phys(table, SZ_1G + size + 42)).toBe(size + 42);
      expect(phys(table, SZ_1G + 2 * size + 42)).toBe(SZ_1G + 2 * size + 42);
    }
  });
});

describe('the shape that a page size bitmap gives', () => {
  const shape = (config: Parameters<typeof armLpae>[0]) => {
    const format = known(config);
    return [
      startLevel(format),
      format.levels.map(({ shift, bits }) => `${shift}+${bits}`).join(' '),
      pageSizes(format),
    ];
  };

  it.each([
    [SZ_4K + SZ_2M + SZ_1G, 48, 0, '39+9 30+9 21+9 12+9', [SZ_1G, SZ_2M, SZ_4K]],
    [SZ_4K + SZ_2M, 39, 1, '30+9 21+9 12+9', [SZ_2M, SZ_4K]],
    [SZ_4K, 32, 1, '30+2 21+9 12+9', [SZ_4K]],
    [SZ_16K + SZ_32M, 48, 0, '47+1 36+11 25+11 14+11', [SZ_32M, SZ_16K]],
    [SZ_16K + SZ_32M, 47, 1, '36+11 25+11 14+11', [SZ_32M, SZ_16K]],
    [SZ_64K + SZ_512M, 48, 1, '42+6 29+13 16+13', [SZ_512M, SZ_64K]],
    [SZ_64K + SZ_512M, 32, 2, '29+3 16+13', [SZ_512M, SZ_64K]],
  ])('%d with %d bits starts at level %d: %s', (pgsizeBitmap, ias, start, levels, sizes) => {
    expect(shape({ pgsizeBitmap, ias, oas: 48 })).toEqual([start, levels, sizes]);
  });

  it('takes 4T blocks only with 52-bit physical addresses, and 52 address bits only with 64K', () => {
    const all = SZ_64K + SZ_512M + SZ_4T;
    expect(pageSizes(known({ pgsizeBitmap: all, ias: 52, oas: 48 }))).toEqual([SZ_512M, SZ_64K]);
    expect(pageSizes(known({ pgsizeBitmap: all, ias: 52, oas: 52 }))).toEqual([SZ_4T, SZ_512M, SZ_64K]);
    expect(known({ pgsizeBitmap: all, ias: 52, oas: 52 }).size).toBe(2 ** 52);
    expect(known({ pgsizeBitmap: SZ_4K, ias: 52, oas: 52 }).size).toBe(2 ** 48);
  });

  it('prefers the page size of the CPU, then the largest below, then the smallest above', () => {
    const both = SZ_4K + SZ_2M + SZ_16K + SZ_32M + SZ_64K;
    expect(pageSizes(known({ pgsizeBitmap: both, ias: 48, oas: 48 }))).toEqual([SZ_2M, SZ_4K]);
    expect(pageSizes(known({ pgsizeBitmap: both, ias: 48, oas: 48, cpuPageSize: SZ_16K }))).toEqual([SZ_32M, SZ_16K]);
    const config = { pgsizeBitmap: SZ_4K + SZ_16K, ias: 48, oas: 48, cpuPageSize: SZ_64K };
    expect(pageSizes(known(config))).toEqual([SZ_16K]);
    expect(pageSizes(known({ pgsizeBitmap: SZ_16K + SZ_64K, ias: 48, oas: 48 }))).toEqual([SZ_16K]);
    expect(armLpae({ pgsizeBitmap: SZ_2M, ias: 48, oas: 48 })).toBeUndefined();
  });
});
