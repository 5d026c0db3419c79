// vm_bos: a VM's use of one object. Their lists (the object's, the VM's external and evicted ones) have locks of their own,
// and what hangs on them must fit: drm_gpuvm_bo_destroy(), drm_gpuvm_bo_extobj_add() and drm_gpuva_link() of drm_gpuvm.c.
import { hex, type Ptr, ptrHex } from '../base/u64.ts';
import { driverOf } from '../drivers/index.ts';
import type { VmEvent } from '../events/vm_event.ts';
import { DRM_GPUVM_RESV_PROTECTED } from '../gpuvm/gpuvm.ts';
import type { Context, Handlers } from './context.ts';
import type { Evidence } from './fact.ts';
import { tell } from './tell.ts';
import type { VmState } from './vm_state.ts';

export interface VmBo {
  readonly id: Ptr;
  readonly vm: VmState;
  readonly obj: Ptr;
  /** Where it was first seen. */
  readonly line: number;
  /** Its making was seen, so that all that happened to it was. */
  readonly whole: boolean;
  /** Where it went onto the VM's list of external objects; 0: it is not on it. */
  listedLine: number;
  /** Where its last reference went, with drm_gpuvm_bo_deferred_cleanup() to come; 0: it is in use. */
  zombieLine: number;
  /** A mismatch was reported. */
  told: boolean;
}

type Made = Extract<VmEvent, { kind: 'bo_create' | 'bo_obtain' }>;
type Link = Extract<VmEvent, { kind: 'va_link' | 'va_unlink' }>;

function meet({ world, where }: Context, { gpuvm, obj, resv, vmBo: id }: Made, whole: boolean): void {
  world.learnResv(obj, resv);
  const vm = world.vm(gpuvm);
  if (vm === undefined || id === 0 || obj === 0) return;
  const known = world.vmBos.get(id);
  if (!whole && known?.vm === vm && known.obj === obj) return;
  world.vmBos.add({ id, vm, obj, line: where.line, whole, listedLine: 0, zombieLine: 0, told: false });
}

export const vmBoHandlers: Handlers = {
  bo_create(event, context) {
    meet(context, event, true);
  },

  bo_obtain(event, context) {
    meet(context, event, false);
  },

  bo_extobj_add(event, context) {
    const { world, where } = context;
    const bo = world.vmBos.get(event.vmBo);
    const vm = bo?.vm ?? world.vm(event.gpuvm);
    checkVmLocked(context, vm, event.obj, 'a vm_bo goes onto the list of external objects');
    if (bo !== undefined && bo.listedLine === 0 && isExternal(context, bo)) bo.listedLine = where.line;
  },

  bo_destroy(event, context) {
    destroy(context, event.vmBo, event.gpuvaLock);
  },

  bo_prealloc(event, context) {
    if (event.vmBo !== 0 && event.prealloc !== event.vmBo) destroy(context, event.prealloc, undefined);
  },

  bo_zombie(event, { world, where }) {
    const bo = world.vmBos.get(event.vmBo);
    if (bo !== undefined) bo.zombieLine = where.line;
  },

  bo_deferred_cleanup(event, { world }) {
    const vm = world.vms.get(event.gpuvm);
    for (const bo of vm === undefined ? [] : world.vmBos.of(vm)) if (bo.zombieLine > 0) world.vmBos.delete(bo.id);
  },
};

function destroy(context: Context, id: Ptr, gpuvaLock: Ptr | undefined): void {
  const { world, task } = context;
  const bo = world.vmBos.get(id);
  if (bo === undefined) return;
  world.vmBos.delete(id);
  const { vm, obj } = bo;
  const what = `the vm_bo ${ptrHex(id)} is destroyed`;
  checkVmLocked(context, vm, obj, what);
  if (vm.ownListLock) checkGpuvaLock(context, vm, { obj, gpuvaLock }, what);
  // An unlink without the lock is judged as such; a driver that is not known may have its own lock for the list.
  else if (vm.initKnown && vm.driver !== undefined && task.unlinkedBo !== id)
    checkResvHeld(context, vm, obj, world.resvOf(obj), what);
}

/** drm_gpuvm_is_extobj(); undefined where a dma_resv is not known. */
function isExternal({ world }: Context, { vm, obj }: VmBo): boolean | undefined {
  const resv = world.resvOf(obj);
  return resv === 0 || vm.resv === 0 ? undefined : resv !== vm.resv;
}

/** DRM_GPUVM_RESV_PROTECTED: the VM's dma_resv protects its lists. */
function checkVmLocked(context: Context, vm: VmState | undefined, obj: Ptr, what: string): void {
  if (vm === undefined || !vm.initKnown || (vm.init.flags & DRM_GPUVM_RESV_PROTECTED) === 0) return;
  checkResvHeld(context, vm, obj, vm.resv, what);
}

/** The driver's rule: whoever changes the VA space holds the VM's dma_resv. */
export function checkTreeLocked(context: Context, vm: VmState, obj: Ptr, what: string): void {
  const { job } = context.task;
  if (job?.vm === vm && driverOf(job)?.treeLock.is === 'resv') checkResvHeld(context, vm, obj, vm.resv, what);
}

function checkResvHeld(context: Context, vm: VmState, obj: Ptr, resv: Ptr, what: string): void {
  if (resv === 0 || context.task.resvLocks.has(resv)) return;
  const whose = resv === vm.resv ? 'the VM’s dma_resv' : 'its object’s dma_resv';
  const told = `${what} while the task does not hold ${whose} ${ptrHex(resv)}`;
  const evidence: Evidence[] = [];
  for (const other of context.world.tasks.values()) {
    const lock = other.resvLocks.get(resv);
    if (lock !== undefined) evidence.push({ line: lock.line, text: `task ${other.pid} holds it meanwhile` });
  }
  tell(context, { kind: 'vm_unlocked', what: told, vm, obj, resv, evidence, absence: 'call' });
}

/** Immediate mode: gem->gpuva.lock protects the object's list instead of its dma_resv. */
export function checkGpuvaLock(
  context: Context,
  vm: VmState | undefined,
  { obj, gpuvaLock }: Pick<Link, 'obj' | 'gpuvaLock'>,
  what: string,
): void {
  if (gpuvaLock !== 0 || obj === 0 || vm?.ownListLock !== true) return;
  const view = context.task.step?.view;
  const { addr, range } = view ?? {};
  const span = addr === undefined || range === undefined ? undefined : { addr, range };
  tell(context, { kind: 'gpuva_unlocked', what, vm, obj, resv: context.world.resvOf(obj), span });
}

/** Does the vm_bo that the mapping hangs on belong to its object, and is it where the VM looks for it? */
export function checkLinked(context: Context, vm: VmState | undefined, { vmBo, obj, addr, resv }: Link): void {
  const bo = context.world.vmBos.get(vmBo);
  if (bo === undefined || obj === 0) return;
  if (bo.obj !== obj) {
    const detail = `the mapping at ${hex(addr)} of object ${ptrHex(obj)} is linked to the vm_bo of object ${ptrHex(bo.obj)}`;
    const evidence = [{ line: bo.line, text: `the vm_bo ${ptrHex(bo.id)} is made for ${ptrHex(bo.obj)}` }];
    tell(context, { kind: 'wrong_vm_bo', detail, vm: bo.vm, obj, resv, evidence, absence: 'call' });
    return;
  }
  checkListed(context, bo);
  const relies = driverOf(context.task.job)?.externals.is === 'listed';
  if (!relies || vm !== bo.vm || !bo.whole || bo.listedLine > 0 || bo.told || isExternal(context, bo) !== true) return;
  bo.told = true;
  const detail = `external object ${ptrHex(obj)} is mapped at ${hex(addr)} and not on the VM’s list of external objects`;
  const evidence = [{ line: bo.line, text: 'its vm_bo is made here' }];
  const needs = ['bo_extobj_add'] as const;
  tell(context, { kind: 'extobj_mismatch', detail, vm, obj, resv, evidence, absence: 'call', needs });
}

/** An object that is on the list of external ones must be one. */
export function checkListed(context: Context, bo: VmBo | undefined): void {
  if (bo === undefined || bo.listedLine === 0 || bo.told || isExternal(context, bo) !== false) return;
  bo.told = true;
  const { vm, obj } = bo;
  const detail = `object ${ptrHex(obj)} is on the VM’s list of external objects, but its dma_resv is the VM’s own`;
  const evidence = [{ line: bo.listedLine, text: 'it goes onto the list here, with another dma_resv' }];
  tell(context, { kind: 'extobj_mismatch', detail, vm, obj, resv: vm.resv, evidence, absence: 'call' });
}
