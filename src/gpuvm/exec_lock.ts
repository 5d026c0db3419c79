// The locking pass: drm_gpuvm_sm_map_exec_lock() and drm_gpuvm_sm_unmap_exec_lock() of drm_gpuvm.c (6.17).

import type { Ptr, U64 } from '../base/u64.ts';
import { EINVAL, type Gpuvm } from './gpuvm.ts';
import { type MapReq, type Step, smMap, smUnmap } from './sm_map.ts';

/** What the helpers ask of a drm_exec. Each call returns 0 or the kernel's error, which ends the pass. */
export interface Locker {
  /** drm_exec_lock_obj() */
  lock(obj: Ptr): number;
  /** drm_exec_prepare_obj(): lock, then reserve fence slots. */
  prepare(obj: Ptr, numFences: number): number;
}

/**
 * Locks what a map will touch: the requested object first, prepared, even where the range then proves invalid; then the
 * object of every mapping to be replaced or split, locked only. The VM's own resv is the driver's business.
 * Returns 0, the Locker's error, or -EINVAL (range not valid, or no fences asked for, which reserving refuses).
 */
export function smMapExecLock(vm: Gpuvm, locker: Locker, numFences: number, req: MapReq): number {
  if (req.obj !== 0) {
    const ret = locker.prepare(req.obj, numFences);
    if (ret !== 0) return ret;
    if (numFences === 0) return EINVAL;
  }
  return smMap(vm, req, (step) => lockStep(locker, step));
}

/** Locks what an unmap will touch. Returns as smMapExecLock(). */
export function smUnmapExecLock(vm: Gpuvm, locker: Locker, addr: U64, range: U64): number {
  return smUnmap(vm, addr, range, (step) => lockStep(locker, step));
}

/** drm_gpuva_sm_step_lock() */
function lockStep(locker: Locker, step: Step): number {
  const obj = lockedObjOf(step);
  return obj === 0 ? 0 : locker.lock(obj);
}

/** The object that the locking pass locks for a step: that of the old mapping; 0 = none. */
function lockedObjOf(step: Step): Ptr {
  return step.kind === 'map' ? 0 : step.va.obj;
}
