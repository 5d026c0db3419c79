// One mapping of a GPU address space: struct drm_gpuva of drm_gpuvm.h.

import { addWrapped, type Ptr, type U64 } from '../base/u64.ts';

/** The half-open byte range [addr, addr + range) mapped to obj at offset. */
export interface Gpuva {
  /** The drm_gpuva pointer; 0 where the caller does not know it. */
  readonly id: Ptr;
  /** addr and range must not change while the mapping is in a tree: they are its place there. */
  addr: U64;
  range: U64;
  /** The GEM object; 0 = NULL (sparse, userptr, mirror). */
  obj: Ptr;
  offset: U64;
  flags: number;
  /** The drm_gpuvm_bo pointer while linked, else 0. */
  vmBo: Ptr;
  /** Whatever the caller wants to find again, normally the trace line that made it; 0 = unknown. */
  readonly line: number;
  /** Order among mappings of the same address (only zero-length ones can share it); va_tree.ts owns this. */
  tie: number;
}

/** Stands for an object that is not shown: some object or NULL. */
export const UNKNOWN_OBJ: Ptr = 1;

/** Builds every Gpuva, so that all of them have one hidden class. */
export function makeGpuva(
  id: Ptr,
  addr: U64,
  range: U64,
  obj: Ptr = 0,
  offset: U64 = 0,
  flags = 0,
  line = 0,
  vmBo: Ptr = 0,
): Gpuva {
  return { id, addr, range, obj, offset, flags, vmBo, line, tie: 0 };
}

export function copyGpuva(va: Gpuva): Gpuva {
  return makeGpuva(va.id, va.addr, va.range, va.obj, va.offset, va.flags, va.line, va.vmBo);
}

/** First byte behind the mapping, in the kernel's u64 arithmetic. */
export function gpuvaEnd(va: Gpuva): U64 {
  return addWrapped(va.addr, va.range);
}
