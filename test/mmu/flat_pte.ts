// The entries of the lab's flat table as numbers, for comparison with a table entry by entry.
import { addWrapped, type Ptr, type U64, u64FromBigInt, wrap } from '../../src/base/u64.ts';
import { floorTo, SZ_4K } from '../../src/mmu/format.ts';
import type { PageTable } from '../../src/mmu/pgtable.ts';
import type { MapResult, UnmapResult } from '../../src/mmu/result.ts';
import { NULL_TARGET, type Target } from '../../src/mmu/run.ts';

const NULL_NUMBER = 0xffff;

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
