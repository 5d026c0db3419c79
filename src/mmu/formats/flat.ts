// One level of 4 KiB pages from mm_start on: lab_mmu_map() and lab_mmu_unmap() of the test driver vmbind_lab.c.

import type { U64 } from '../../base/u64.ts';
import { type Format, floorTo, SZ_4K, WRITES_OVER } from '../format.ts';

/** The driver allocates entries for at most 4 GiB. */
const MAX_PAGES = 2 ** 20;

/** The table of a VM [mmStart, mmStart + mmRange): map writes over, unmap clears, what lies outside is ignored. */
export function flat(mmStart: U64, mmRange: U64): Format {
  return {
    name: 'flat',
    levels: [{ shift: 12, bits: 20, leaf: true }],
    base: mmStart,
    size: Math.min(floorTo(mmRange, SZ_4K), MAX_PAGES * SZ_4K),
    oas: undefined,
    hint: 0,
    semantics: { ...WRITES_OVER, outside: 'ignore' },
  };
}
