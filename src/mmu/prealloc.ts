// How many table pages drivers set aside before a job may need them: msm_iommu_pagetable_prealloc_count() and
// vm_bind_prealloc_count() of msm, panthor_vm_prepare_map_op_ctx() and panthor_vm_prepare_unmap_op_ctx() of panthor.

import { addWrapped, type U64 } from '../base/u64.ts';
import { ceilTo, floorTo, SZ_1G, SZ_2M, SZ_4K } from './format.ts';

const SZ_512G = 2 ** 39;

export interface Extent {
  readonly addr: U64;
  readonly size: U64;
}

/** First page, and the end rounded up to a page: the aligned spans below do not depend on more. */
function bounds(addr: U64, end: U64): readonly [number, number] {
  const floor = floorTo(end, SZ_4K);
  return [floorTo(addr, SZ_4K), floor === end ? floor : floor + SZ_4K];
}

function tablesBetween(addr: U64, end: U64): number {
  const [lo, hi] = bounds(addr, end);
  return [SZ_512G, SZ_1G, SZ_2M].reduce((sum, span) => sum + (ceilTo(hi, span) - floorTo(lo, span)) / span, 0);
}

/** Tables of levels 1 to 3 for a map, as if each level's were new and nothing were mapped with blocks. */
export function armLpaePrealloc({ addr, size }: Extent): number {
  return tablesBetween(addr, addWrapped(addr, size));
}

/**
 * What msm sets aside for the MAP and MAP_NULL ops of one ioctl: ops in a row count as one where the next begins in
 * the 2 MiB that the one before ends in.
 */
export function msmPrealloc(maps: readonly Extent[]): number {
  let count = 0;
  let first: U64 | undefined;
  let end: U64 = 0;
  for (const { addr, size } of maps) {
    const goesOn = first !== undefined && floorTo(end, SZ_2M) === floorTo(addr, SZ_2M);
    if (!goesOn) {
      if (first !== undefined) count += tablesBetween(first, end);
      first = addr;
    }
    end = addWrapped(addr, size);
  }
  return first === undefined ? count : count + tablesBetween(first, end);
}

/** What panthor sets aside for an unmap: a table for each end that may split a 2 MiB block. */
export function panthorUnmapPrealloc({ addr, size }: Extent): number {
  const [start, end] = bounds(addr, addWrapped(addr, size));
  const head = start % SZ_2M !== 0 ? 1 : 0;
  const tail = end % SZ_2M !== 0 && ceilTo(end, SZ_2M) !== ceilTo(start, SZ_2M) ? 1 : 0;
  return head + tail;
}
