// One level of 4 KiB pages from mm_start on: lab_mmu_map() and lab_mmu_unmap() of the test driver vmbind_lab.c.

import { addWrapped, type Ptr, type U64, u64FromBigInt, wrap } from '../../base/u64.ts';
import { type Format, floorTo, SZ_4K } from '../format.ts';
import type { PageTable } from '../pgtable.ts';
import type { MapResult, UnmapResult } from '../result.ts';
import { NULL_TARGET, type Target } from '../run.ts';

/** The driver allocates entries for at most 4 GiB. */
const MAX_PAGES = 2 ** 20;
/** Object number of a NULL mapping in an entry. */
const NULL_NUMBER = 0xffff;

/** The table of a VM [mmStart, mmStart + mmRange): map writes over, unmap clears, what lies outside is ignored. */
export function flat(mmStart: U64, mmRange: U64): Format {
  return {
    name: 'flat',
    levels: [{ shift: 12, bits: 20, leaf: true }],
    base: mmStart,
    size: Math.min(floorTo(mmRange, SZ_4K), MAX_PAGES * SZ_4K),
    oas: undefined,
    hint: 0,
    semantics: {
      overLeaf: 'overwrite',
      onError: 'keep',
      refusedAt: 'entry',
      unmapHole: 'skip',
      partialBlock: 'refuse',
      emptyTables: 'keep',
      call: 'range',
      outside: 'ignore',
      noAccess: 'any',
    },
  };
}

/** What the first entry of a mapping says: object number << 48 | page of the object + 1, or 0xffff << 48. */
export interface FlatPte {
  /** 0 = NULL. */
  readonly number: number;
  /** Bytes. */
  readonly offset: U64;
}

export function decodeFlatPte(pte: U64): FlatPte {
  const big = BigInt(pte);
  const number = Number(big >> 48n);
  if (number === NULL_NUMBER) return { number: 0, offset: 0 };
  return { number, offset: wrap(((big & ((1n << 48n) - 1n)) - 1n) << 12n) };
}

export function encodeFlatPte(number: number, offset: U64): U64 {
  if (number === 0) return u64FromBigInt(BigInt(NULL_NUMBER) << 48n);
  return u64FromBigInt((BigInt(number) << 48n) | BigInt(addWrapped(floorTo(offset, SZ_4K) / SZ_4K, 1)));
}

/** An `mmu_map` event. obj: which object the entry's number stands for, where the caller knows; else the number. */
export function flatMap(table: PageTable, addr: U64, len: U64, pte: U64, line = 0, obj?: Ptr): MapResult {
  const { number, offset } = decodeFlatPte(pte);
  const target: Target = number === 0 ? NULL_TARGET : { kind: 'obj', obj: obj ?? number, offset };
  return table.mapRange(addr, len, target, { line });
}

/** An `mmu_unmap` event. */
export function flatUnmap(table: PageTable, addr: U64, len: U64, line = 0): UnmapResult {
  return table.unmapRange(addr, len, { line });
}
