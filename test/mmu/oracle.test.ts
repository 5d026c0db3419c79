// Random calls on every format and every switch: results, walks, tables and counts against real tables and entries.

import { describe, expect, it } from 'vitest';
import { entrySize, type Format, granule, pageSizes, type Semantics } from '../../src/mmu/format.ts';
import { armLpae, MSM, PANTHOR } from '../../src/mmu/formats/arm_lpae.ts';
import { flat } from '../../src/mmu/formats/flat.ts';
import { NVKM_GP100 } from '../../src/mmu/formats/nvkm.ts';
import { PVR } from '../../src/mmu/formats/pvr.ts';
import { XE, XE_4_LEVELS } from '../../src/mmu/formats/xe.ts';
import { PageTable } from '../../src/mmu/pgtable.ts';
import { NULL_TARGET, type Target } from '../../src/mmu/run.ts';
import { Oracle, showLeaf } from './oracle.ts';

const PAGE = 4096;

/** Marsaglia's xorshift: the same numbers in every run. */
function random(seed: number): (below: number) => number {
  let x = seed * 2654435761 + 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

function walkOf(table: PageTable, addr: number): string[] {
  return table.walk(addr).map(({ level, index, kind, leaf }) => {
    return `${level}:${index} ${leaf === undefined ? kind : showLeaf(leaf)}`;
  });
}

/** expect() itself costs more than the models, so it only speaks where something differs. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected && JSON.stringify(actual) !== JSON.stringify(expected))
    expect(actual, what).toEqual(expected);
}

function sum(gone: readonly { readonly addr: number; readonly end: number }[]): number {
  let bytes = 0;
  for (const { addr, end } of gone) bytes += end - addr;
  return bytes;
}

/** What is random about a call. */
interface Window {
  readonly start: number;
  readonly pages: number;
  /** Most pages of a call. */
  readonly most: number;
}

function run(format: Format, window: Window, calls: number, seed: number): void {
  const table = new PageTable(format);
  const oracle = new Oracle(format);
  const below = random(seed);
  const sizes = pageSizes(format);
  const page = granule(format);
  const someTarget = (addr: number): Target => {
    const kind = below(8);
    const inLine = below(3) > 0 ? addr - window.start : below(64) * page;
    if (kind === 0) return NULL_TARGET;
    return kind < 3 ? { kind: 'phys', addr: inLine + 2 ** 30 } : { kind: 'obj', obj: 1 + (kind % 3), offset: inLine };
  };
  let bytes = 0;
  for (let call = 1; call <= calls; call++) {
    const addr = window.start + below(window.pages) * page;
    const size = Math.min(1 + below(window.most), window.pages - (addr - window.start) / page) * page;
    const target = someTarget(addr);
    const write = { target, prot: 1 + below(3), line: call };
    const pgsize = sizes[below(sizes.length)] ?? page;
    const at = addr - (addr % pgsize);
    const count = Math.max(1, Math.floor(size / pgsize));
    switch (below(4)) {
      case 0: {
        const { ret, mapped, gone } = table.map(addr, pgsize, count, target, write);
        same({ ret, mapped }, oracle.map(at, pgsize, count, write), `map ${call}`);
        bytes += mapped - sum(gone);
        break;
      }
      case 1: {
        const { ret, mapped, gone } = table.mapRange(addr, size, target, write);
        same({ ret, mapped }, oracle.mapRange(addr, size, write, sizes), `mapRange ${call}`);
        bytes += mapped - sum(gone);
        break;
      }
      case 2: {
        const { unmapped, gone } = table.unmap(addr, pgsize, count, write);
        same(unmapped, oracle.unmap(at, pgsize, count), `unmap ${call}`);
        bytes -= sum(gone);
        break;
      }
      default: {
        const { unmapped, gone } = table.unmapRange(addr, size, write);
        same(unmapped, oracle.unmapRange(addr, size, sizes), `unmapRange ${call}`);
        bytes -= sum(gone);
      }
    }
    same(table.bytes, bytes, `bytes ${call}`);
    const some = window.start + below(window.pages) * page;
    same(walkOf(table, some), oracle.walk(some), `walk ${call}`);
    if (call % 64 !== 0) continue;
    for (let level = 0; level < format.levels.length; level++)
      same(table.tableCount(level), oracle.tables(level), `tables ${call}`);
    if (window.pages > 256) continue;
    for (let i = 0; i < window.pages; i++) {
      const addr = window.start + i * page;
      same(walkOf(table, addr), oracle.walk(addr), `walk ${call}`);
    }
  }
}

/** Three levels of a few entries each, all of them leaves: pages of 4K, 32K and 128K in 512K. */
function small(semantics: Semantics): Format {
  const levels = [
    { shift: 17, bits: 2, leaf: true },
    { shift: 15, bits: 2, leaf: true },
    { shift: 12, bits: 3, leaf: true },
  ];
  return { name: 'small', levels, base: 0, size: 2 ** 19, oas: undefined, hint: 4 * PAGE, semantics };
}

const OVER = ['eexist', 'overwrite'] as const;
const ON_ERROR = ['keep', 'undo'] as const;
const HOLE = ['short', 'skip'] as const;
const PARTIAL = ['split', 'refuse'] as const;
const EMPTY = ['keep', 'free'] as const;
const CALL = ['table', 'range'] as const;
const REFUSED = ['table', 'entry'] as const;
const CASES: Semantics[] = OVER.flatMap((overLeaf) =>
  ON_ERROR.flatMap((onError) =>
    HOLE.flatMap((unmapHole) =>
      PARTIAL.flatMap((partialBlock) =>
        EMPTY.flatMap((emptyTables) =>
          CALL.flatMap((call) =>
            REFUSED.filter((refusedAt) => refusedAt === 'table' || (overLeaf === 'eexist' && onError === 'keep')).map(
              (refusedAt) => ({
                overLeaf,
                onError,
                refusedAt,
                unmapHole,
                partialBlock,
                emptyTables,
                call,
                outside: 'erange' as const,
                noAccess: 'any' as const,
              }),
            ),
          ),
        ),
      ),
    ),
  ),
);

describe('every switch, in a small space', () => {
  it.each(CASES)('$overLeaf $onError $refusedAt $unmapHole $partialBlock $emptyTables $call', (semantics) => {
    run(small(semantics), { start: 0, pages: 128, most: 48 }, 1500, CASES.indexOf(semantics) + 1);
  });
});

const lpae = (pgsizeBitmap: number, partialBlock: 'split' | 'refuse'): Format => {
  const format = armLpae({ pgsizeBitmap, ias: 48, oas: 48, partialBlock });
  if (format === undefined) throw new Error('no format');
  return format;
};
const FORMATS: Format[] = [
  PANTHOR,
  MSM,
  lpae(2 ** 12 + 2 ** 21 + 2 ** 30, 'split'),
  lpae(2 ** 12 + 2 ** 21 + 2 ** 30, 'refuse'),
  lpae(2 ** 14 + 2 ** 25, 'split'),
  lpae(2 ** 16 + 2 ** 29, 'refuse'),
  XE,
  XE_4_LEVELS,
  NVKM_GP100,
  PVR,
  flat(0, 2 ** 22),
];

describe('the real formats', () => {
  it.each(FORMATS)('$name: within a table', (format) => {
    const start = format.size > 2 ** 32 ? 2 ** 33 - 64 * granule(format) : 0;
    run(format, { start, pages: 128, most: 40 }, 800, 77);
  });

  it.each(FORMATS)('$name: across tables and blocks', (format) => {
    const large = Math.min(entrySize(format, Math.max(0, format.levels.length - 2)), format.size);
    const pages = Math.min(3 * (large / granule(format)), 1600, format.size / granule(format));
    const start = format.size > 2 ** 40 ? 2 ** 39 - large : 0;
    run(format, { start, pages, most: pages }, 150, 99);
  });
});
