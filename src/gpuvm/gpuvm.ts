// One GPU address space: struct drm_gpuvm and drm_gpuvm_init/range_valid, drm_gpuva_insert/remove/find of drm_gpuvm.c.

import { PtrMap } from '../base/ptr_map.ts';
import { add, addWrapped, overflows, type Ptr, sub, type U64, wrap } from '../base/u64.ts';
import { copyGpuva, type Gpuva, makeGpuva } from './gpuva.ts';
import { VaTree } from './va_tree.ts';

/** The extobj and evict lists are protected by the VM's resv instead of spinlocks. */
export const DRM_GPUVM_RESV_PROTECTED = 1;
/** The tree changes in run_job: an object's mappings are protected by its gpuva.lock, not by its resv (6.18). */
export const DRM_GPUVM_IMMEDIATE_MODE = 2;

export const EINVAL = -22;
export const EEXIST = -17;

/** The arguments of drm_gpuvm_init(); kernelRange 0 = no reserved area. */
export interface GpuvmInit {
  readonly id: Ptr;
  readonly name: string;
  readonly flags: number;
  readonly mmStart: U64;
  readonly mmRange: U64;
  readonly kernelStart: U64;
  readonly kernelRange: U64;
  /** The GEM object whose resv all private objects share, and that resv. */
  readonly rObj: Ptr;
  readonly resv: Ptr;
  /** false: a kernel before 6.18, where the flag's bit is a driver's own. */
  readonly hasImmediateMode?: boolean;
}

/** A "GPUVA address limited to 8 bytes" WARN of drm_gpuvm_init(), which then goes on. */
export type GpuvmInitWarning = 'mm-range-overflows' | 'kernel-range-overflows';

export class Gpuvm implements Iterable<Gpuva> {
  readonly init: GpuvmInit;
  readonly #mmEnd: U64;
  readonly #kernelEnd: U64;
  /** The reserved area. Also there when it overflows, but then not in the tree. */
  readonly kernelNode: Gpuva | undefined;
  readonly warnings: readonly GpuvmInitWarning[];
  readonly #tree = new VaTree();
  readonly #byId = new PtrMap<Gpuva>();

  constructor(init: GpuvmInit) {
    this.init = init;
    this.#mmEnd = addWrapped(init.mmStart, init.mmRange);
    this.#kernelEnd = addWrapped(init.kernelStart, init.kernelRange);
    const warnings: GpuvmInitWarning[] = [];
    if (overflows(init.mmStart, init.mmRange)) warnings.push('mm-range-overflows');
    if (init.kernelRange !== 0) {
      this.kernelNode = makeGpuva(0, init.kernelStart, init.kernelRange);
      if (overflows(init.kernelStart, init.kernelRange)) warnings.push('kernel-range-overflows');
      else this.#tree.insert(this.kernelNode);
    }
    this.warnings = warnings;
  }

  get id(): Ptr {
    return this.init.id;
  }

  get isResvProtected(): boolean {
    return (this.init.flags & DRM_GPUVM_RESV_PROTECTED) !== 0;
  }

  get isImmediate(): boolean {
    return this.init.hasImmediateMode !== false && (this.init.flags & DRM_GPUVM_IMMEDIATE_MODE) !== 0;
  }

  /** Number of mappings, the kernel node not counted. */
  get size(): number {
    return this.kernelNode !== undefined && this.#tree.has(this.kernelNode) ? this.#tree.size - 1 : this.#tree.size;
  }

  /** drm_gpuvm_range_valid(): within the VM, no u64 overflow (an end of 2^64 is one), clear of the kernel node. */
  rangeValid(addr: U64, range: U64): boolean {
    if (overflows(addr, range)) return false;
    const end = add(addr, range);
    if (addr < this.init.mmStart || end > this.#mmEnd) return false;
    return this.init.kernelRange === 0 || addr >= this.#kernelEnd || this.init.kernelStart >= end;
  }

  /** drm_gpuva_insert(): -EINVAL outside the valid range, else -EEXIST where conflictOf() finds a mapping, else 0. */
  insert(va: Gpuva): 0 | -22 | -17 {
    if (!this.rangeValid(va.addr, va.range)) return EINVAL;
    if (this.#tree.firstOverlap(va.addr, add(va.addr, va.range)) !== undefined) return EEXIST;
    // The same point twice overlaps nothing, but would corrupt the kernel's list.
    if (va.range === 0 && this.#tree.has(va)) return EEXIST;
    this.#tree.insert(va);
    if (va.id !== 0) this.#byId.set(va.id, va);
    return 0;
  }

  /** The mapping (or kernel node) because of which an insert of this range is refused with -EEXIST. */
  conflictOf(addr: U64, range: U64): Gpuva | undefined {
    return this.findFirst(addr, range);
  }

  /** drm_gpuva_remove(); false for the kernel node, which the kernel refuses with a WARN, and where va is not here. */
  remove(va: Gpuva): boolean {
    if (va === this.kernelNode || !this.#tree.delete(va)) return false;
    if (this.#byId.get(va.id) === va) this.#byId.delete(va.id);
    return true;
  }

  /** The mapping with this drm_gpuva pointer. */
  get(id: Ptr): Gpuva | undefined {
    return this.#byId.get(id);
  }

  /** Is this very mapping in the tree? */
  has(va: Gpuva): boolean {
    return this.#tree.has(va);
  }

  /** drm_gpuva_find(): the mapping with exactly this range. */
  find(addr: U64, range: U64): Gpuva | undefined {
    const va = this.findFirst(addr, range);
    return va !== undefined && va.addr === addr && va.range === range ? va : undefined;
  }

  /** drm_gpuva_find_first(): the first overlap in ascending order, the kernel node included. No validity check. */
  findFirst(addr: U64, range: U64): Gpuva | undefined {
    return this.#tree.firstOverlap(addr, queryEnd(addr, range));
  }

  /** drm_gpuva_find_prev(): asks for [start - 1, start] inclusive, so it may answer a mapping that begins at start. */
  findPrev(start: U64): Gpuva | undefined {
    if (start === 0) return undefined;
    const before = sub(start, 1);
    return this.rangeValid(before, 1) ? this.#tree.firstOverlap(before, add(start, 1)) : undefined;
  }

  /** drm_gpuva_find_next(): asks for [end, end + 1] inclusive. */
  findNext(end: U64): Gpuva | undefined {
    return this.rangeValid(end, 1) ? this.#tree.firstOverlap(end, add(end, 2)) : undefined;
  }

  /** What drm_gpuvm_for_each_va_range() visits, in ascending order, kernel node included. No validity check. */
  overlaps(addr: U64, range: U64): Gpuva[] {
    return this.#tree.overlaps(addr, addWrapped(addr, range));
  }

  /** The successor in address order, kernel node included. */
  next(va: Gpuva): Gpuva | undefined {
    return this.#tree.next(va);
  }

  prev(va: Gpuva): Gpuva | undefined {
    return this.#tree.prev(va);
  }

  /** All mappings in ascending order, without the kernel node. */
  *[Symbol.iterator](): Iterator<Gpuva> {
    for (const va of this.#tree) if (va !== this.kernelNode) yield va;
  }

  /** An independent copy with copies of all mappings: same ids, other objects. */
  clone(): Gpuvm {
    const copy = new Gpuvm(this.init);
    for (const va of this) {
      const own = copyGpuva(va);
      copy.adopt(own);
      if (own.id !== 0) copy.#byId.set(own.id, own);
    }
    return copy;
  }

  /** Adds a mapping that such a VM had, so that it fits and nothing is in its place; get() does not know it. */
  adopt(va: Gpuva): void {
    this.#tree.insert(va);
  }
}

/** addr + range for a tree query, which unlike other code sees an inclusive last byte: an end of 2^64 does not wrap. */
function queryEnd(addr: U64, range: U64): U64 {
  const end = add(addr, range);
  return end > 2 ** 64 ? wrap(BigInt(end)) : end;
}
