// The tie between a VM and an object: struct drm_gpuvm_bo, its lists and references, of drm_gpuvm.c.

import type { Ptr } from '../base/u64.ts';
import type { Gpuva } from './gpuva.ts';
import { DRM_GPUVM_IMMEDIATE_MODE, DRM_GPUVM_RESV_PROTECTED } from './gpuvm.ts';

/** drm_gpuvm_is_extobj(): another resv than the VM's. NULL is not external. */
export function isExtobj(obj: Ptr, objResv: Ptr, vmResv: Ptr): boolean {
  return obj !== 0 && objResv !== vmResv;
}

export class VmBo {
  readonly id: Ptr;
  readonly obj: Ptr;
  refs = 1;
  /** The linked mappings in the order of linking. */
  readonly vas = new Set<Gpuva>();
  /** Protected by the object's resv; says nothing on whether it is on the evict list. */
  evicted = false;
  /** No reference left, but destruction put off until deferredCleanup(). */
  zombie = false;

  constructor(id: Ptr, obj: Ptr) {
    this.id = id;
    this.obj = obj;
  }
}

/** `obj-mismatch` is a WARN after which the kernel links all the same; the last two would corrupt its lists: refused. */
export type LinkResult = 'linked' | 'null-obj' | 'obj-mismatch' | 'already-linked' | 'zombie';
/** What became of the vm_bo. `underflow`: there was no reference to drop. */
export type PutResult = 'alive' | 'destroyed' | 'zombie' | 'underflow';
export type UnlinkResult = PutResult | 'null-obj' | 'not-linked';
/** WARNs of the final drm_gpuvm_put() about this file's lists. */
export type FiniWarning = 'extobj-list-not-empty' | 'evict-list-not-empty' | 'bo-defer-not-empty';

/** All vm_bos of one VM. */
export class VmBos {
  readonly #resvProtected: boolean;
  readonly #immediate: boolean;
  readonly #resv: Ptr;
  readonly #byId = new Map<Ptr, VmBo>();
  /** Those on their GEM's list, where drm_gpuvm_bo_find() looks: at most one per object. */
  readonly #byObj = new Map<Ptr, VmBo>();
  readonly #extobj = new Set<VmBo>();
  readonly #evict = new Set<VmBo>();
  readonly #defer = new Set<VmBo>();

  /** flags and resv are the VM's. */
  constructor(flags: number, resv: Ptr) {
    this.#resvProtected = (flags & DRM_GPUVM_RESV_PROTECTED) !== 0;
    this.#immediate = (flags & DRM_GPUVM_IMMEDIATE_MODE) !== 0;
    this.#resv = resv;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The extobj list in order, zombies included. */
  get extobjs(): readonly VmBo[] {
    return [...this.#extobj];
  }

  /** The evict list in order, zombies included. */
  get evictList(): readonly VmBo[] {
    return [...this.#evict];
  }

  get(id: Ptr): VmBo | undefined {
    return this.#byId.get(id);
  }

  /** The vm_bo of obj, without taking a reference. */
  peek(obj: Ptr): VmBo | undefined {
    return this.#byObj.get(obj);
  }

  /** drm_gpuvm_bo_create(): one reference; not yet to be found. */
  create(id: Ptr, obj: Ptr): VmBo {
    const vmBo = new VmBo(id, obj);
    this.#byId.set(id, vmBo);
    return vmBo;
  }

  /** drm_gpuvm_bo_find(): takes a reference. */
  find(obj: Ptr): VmBo | undefined {
    const vmBo = this.#byObj.get(obj);
    if (vmBo !== undefined) vmBo.refs++;
    return vmBo;
  }

  /** drm_gpuvm_bo_obtain(): the existing one with a reference more, or a new one under the given pointer. */
  obtain(id: Ptr, obj: Ptr): VmBo {
    return this.find(obj) ?? this.#publish(this.create(id, obj));
  }

  /** drm_gpuvm_bo_obtain_prealloc(): as obtain(); drops vmBo's reference where another one is already there. */
  obtainPrealloc(vmBo: VmBo): VmBo {
    const found = this.find(vmBo.obj);
    if (found === undefined) return this.#publish(vmBo);
    if (found !== vmBo) this.put(vmBo);
    return found;
  }

  #publish(vmBo: VmBo): VmBo {
    this.#byObj.set(vmBo.obj, vmBo);
    return vmBo;
  }

  /** drm_gpuvm_bo_put(): destroys on the last reference. */
  put(vmBo: VmBo): PutResult {
    return this.#drop(vmBo, false);
  }

  /** drm_gpuvm_bo_put_deferred(): the last reference leaves a zombie. `isDeferralAllowed` says whether it WARNs. */
  putDeferred(vmBo: VmBo): PutResult {
    return this.#drop(vmBo, true);
  }

  /** The deferred calls WARN outside immediate mode, and work all the same. */
  get isDeferralAllowed(): boolean {
    return this.#immediate;
  }

  #drop(vmBo: VmBo, defer: boolean): PutResult {
    if (vmBo.refs === 0) return 'underflow';
    vmBo.refs--;
    if (vmBo.refs > 0) return 'alive';
    if (this.#byObj.get(vmBo.obj) === vmBo) this.#byObj.delete(vmBo.obj);
    // A zombie cannot leave lists that the VM's resv protects: run_job may not take that lock.
    if (!defer || !this.#resvProtected) this.#leaveLists(vmBo);
    if (!defer) return this.#free(vmBo);
    vmBo.zombie = true;
    this.#defer.add(vmBo);
    return 'zombie';
  }

  #leaveLists(vmBo: VmBo): void {
    this.#extobj.delete(vmBo);
    this.#evict.delete(vmBo);
  }

  #free(vmBo: VmBo): 'destroyed' {
    if (this.#byId.get(vmBo.id) === vmBo) this.#byId.delete(vmBo.id);
    return 'destroyed';
  }

  /** drm_gpuvm_bo_deferred_cleanup(): frees the zombies and returns them. */
  deferredCleanup(): readonly VmBo[] {
    const zombies = [...this.#defer];
    this.#defer.clear();
    for (const vmBo of zombies) {
      this.#leaveLists(vmBo);
      this.#free(vmBo);
    }
    return zombies;
  }

  /** drm_gpuva_link(): takes a reference; nothing happens for a NULL object. */
  link(va: Gpuva, vmBo: VmBo): LinkResult {
    if (va.obj === 0) return 'null-obj';
    if (va.vmBo !== 0 || vmBo.vas.has(va)) return 'already-linked';
    if (vmBo.zombie) return 'zombie';
    va.vmBo = vmBo.id;
    vmBo.vas.add(va);
    vmBo.refs++;
    return va.obj === vmBo.obj ? 'linked' : 'obj-mismatch';
  }

  /** drm_gpuva_unlink(): drops the reference that link() took. */
  unlink(va: Gpuva): UnlinkResult {
    return this.#unlink(va, false);
  }

  /** drm_gpuva_unlink_defer() */
  unlinkDefer(va: Gpuva): UnlinkResult {
    return this.#unlink(va, true);
  }

  #unlink(va: Gpuva, defer: boolean): UnlinkResult {
    if (va.obj === 0) return 'null-obj';
    const vmBo = this.#byId.get(va.vmBo);
    if (vmBo?.vas.delete(va) !== true) return 'not-linked';
    va.vmBo = 0;
    return this.#drop(vmBo, defer);
  }

  /** drm_gpuvm_bo_extobj_add(): true where vmBo is now on the list, that is where its object is external. */
  extobjAdd(vmBo: VmBo, objResv: Ptr): boolean {
    const external = isExtobj(vmBo.obj, objResv, this.#resv);
    if (external) this.#extobj.add(vmBo);
    return external;
  }

  /**
   * drm_gpuvm_bo_evict(). An external object of a RESV_PROTECTED VM only gets its flag: the list is under the VM's resv,
   * which the evictor does not hold. prepareObjects() catches up.
   */
  evict(vmBo: VmBo, evicted: boolean, objResv: Ptr): void {
    vmBo.evicted = evicted;
    if (this.#resvProtected && isExtobj(vmBo.obj, objResv, this.#resv)) return;
    if (evicted) this.#evict.add(vmBo);
    else this.#evict.delete(vmBo);
  }

  /** drm_gpuvm_prepare_objects(): the external objects to lock, in list order, zombies skipped. */
  prepareObjects(): readonly Ptr[] {
    const objs: Ptr[] = [];
    for (const vmBo of this.#extobj) {
      if (vmBo.zombie) continue;
      objs.push(vmBo.obj);
      if (this.#resvProtected && vmBo.evicted) this.#evict.add(vmBo);
    }
    return objs;
  }

  /**
   * drm_gpuvm_validate(): calls the driver for each evicted vm_bo. Returns 0 or the callback's first error.
   * Only a RESV_PROTECTED VM takes those off the list whose flag the callback cleared; else the driver does.
   */
  validate(callback: (vmBo: VmBo) => number): number {
    for (const vmBo of [...this.#evict]) {
      if (vmBo.zombie) continue;
      const ret = callback(vmBo);
      if (ret !== 0) return ret;
      if (this.#resvProtected && !vmBo.evicted) this.#evict.delete(vmBo);
    }
    return 0;
  }

  /** What the final drm_gpuvm_put() would WARN about. */
  finiWarnings(): readonly FiniWarning[] {
    const warnings: FiniWarning[] = [];
    if (this.#extobj.size > 0) warnings.push('extobj-list-not-empty');
    if (this.#evict.size > 0) warnings.push('evict-list-not-empty');
    if (this.#defer.size > 0) warnings.push('bo-defer-not-empty');
    return warnings;
  }
}
