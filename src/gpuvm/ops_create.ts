// Operation lists: drm_gpuvm_sm_map_ops_create() and its siblings in drm_gpuvm.c. They only look; the tree stays as is.

import type { U64 } from '../base/u64.ts';
import type { Gpuva } from './gpuva.ts';
import type { Gpuvm } from './gpuvm.ts';
import { type MapReq, type Recorded, type Step, stepsOfMadvise, stepsOfMap, stepsOfUnmap } from './sm_map.ts';
import type { VmBo } from './vm_bo.ts';

export interface PrefetchOp {
  readonly kind: 'prefetch';
  readonly va: Gpuva;
}
/** enum drm_gpuva_op_type, without the DRIVER op that gpuvm never makes itself. */
export type Op = Step | PrefetchOp;

/** The list, or the error instead of one: where ret is not 0, the kernel has freed what it had and ops is empty. */
export interface Ops {
  readonly ret: number;
  readonly ops: readonly Op[];
}

/** drm_gpuvm_sm_map_ops_create(). -EINVAL where the range is not valid. */
export function smMapOpsCreate(vm: Gpuvm, req: MapReq): Ops {
  return opsOf(stepsOfMap(vm, req));
}

/** drm_gpuvm_sm_unmap_ops_create(). -EINVAL where the range is not valid. */
export function smUnmapOpsCreate(vm: Gpuvm, addr: U64, range: U64): Ops {
  return opsOf(stepsOfUnmap(vm, addr, range));
}

/** drm_gpuvm_madvise_ops_create(). -EINVAL where the range is not valid. */
export function madviseOpsCreate(vm: Gpuvm, req: MapReq): Ops {
  return opsOf(stepsOfMadvise(vm, req));
}

/** drm_gpuvm_prefetch_ops_create(): every overlap as a whole, NULL objects and the kernel node too; never fails. */
export function prefetchOpsCreate(vm: Gpuvm, addr: U64, range: U64): Ops {
  return { ret: 0, ops: vm.overlaps(addr, range).map((va): PrefetchOp => ({ kind: 'prefetch', va })) };
}

/** drm_gpuvm_bo_unmap_ops_create(): every mapping of the object, in the order of linking, not of addresses. */
export function boUnmapOpsCreate(vmBo: VmBo): Ops {
  return { ret: 0, ops: [...vmBo.vas].map((va): Op => ({ kind: 'unmap', row: 'U1', va, keep: false })) };
}

function opsOf({ ret, steps }: Recorded): Ops {
  return { ret, ops: ret === 0 ? steps : [] };
}
