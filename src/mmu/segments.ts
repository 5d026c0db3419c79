// Which page sizes a driver picks for a range: iommu_pgsize() of drivers/iommu/iommu.c, and alike get_pgsize() of
// panthor, calc_pgsize() of msm, nvkm_vmm_ptes_sparse(), and xe_pt_hugepte_possible() for one stretch of memory.

import type { U64 } from '../base/u64.ts';
import { ceilTo, floorTo, isMultiple } from './format.ts';

/** count pages of pgsize from addr on. */
export interface Segment {
  readonly addr: number;
  readonly pgsize: number;
  readonly count: number;
}

/**
 * Cuts [addr, end) into stretches of one page size, the largest that fits at each address. A size fits where address
 * and target are aligned to it and enough is left; target undefined asks for the address only. Ends early where not
 * even the smallest size fits.
 */
export function segments(addr: number, end: number, target: U64 | undefined, sizes: readonly number[]): Segment[] {
  const [only] = sizes;
  if (sizes.length === 1 && only !== undefined) return ofOneSize(addr, end, target, only);
  const usable = sizes.filter((size) => target === undefined || inStep(addr, target, size));
  usable.sort((a, b) => b - a);
  const found: Segment[] = [];
  for (let pos = addr; pos < end; ) {
    const left = end - pos;
    const index = usable.findIndex((size) => size <= left && isMultiple(pos, size));
    const pgsize = usable[index];
    if (pgsize === undefined) break;
    const larger = usable[index - 1];
    // Up to where the next larger size can take over, if it can.
    const turn = larger === undefined ? pos : ceilTo(pos, larger);
    const stop = larger !== undefined && turn > pos && turn + larger <= end ? turn : pos + floorTo(left, pgsize);
    found.push({ addr: pos, pgsize, count: (stop - pos) / pgsize });
    pos = stop;
  }
  return found;
}

function ofOneSize(addr: number, end: number, target: U64 | undefined, size: number): Segment[] {
  if (!isMultiple(addr, size) || addr + size > end || (target !== undefined && !inStep(addr, target, size))) return [];
  return [{ addr, pgsize: size, count: floorTo(end - addr, size) / size }];
}

/** Are address and target aligned to size at the same places? */
export function inStep(addr: number, target: U64, size: number): boolean {
  const rest = typeof target === 'number' ? target - floorTo(target, size) : Number(target % BigInt(size));
  return addr - floorTo(addr, size) === rest;
}
