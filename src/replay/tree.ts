// The VA space as the driver changes it, and the objects and VMs that come and go.
import { hex, type Ptr, ptrHex } from '../base/u64.ts';
import { type Gpuva, makeGpuva } from '../gpuvm/gpuva.ts';
import type { Context, Handlers } from './context.ts';
import type { Span } from './fact.ts';
import { checkLinkLocked } from './link_locks.ts';
import { undoes } from './rollback.ts';
import type { Inserted } from './step_run.ts';
import { noteTreeChange } from './tables/index.ts';
import { tell } from './tell.ts';
import { checkGpuvaLock, checkLinked, checkListed, checkTreeLocked } from './vm_bos.ts';
import { checkClosing } from './vm_life.ts';
import { disturbWalks, tellDisturbed, tellUnowned } from './vm_race.ts';
import type { Change, VmState } from './vm_state.ts';

const EEXIST = -17;

export const treeHandlers: Handlers = {
  obj_init(event, context) {
    context.world.newObj(event.obj, event.size, event.resv);
  },

  obj_free(event, context) {
    context.world.freeObj(event.obj);
  },

  bo_evict(event, context) {
    context.world.watch?.evict(context, event.vmBo, event.evict);
  },

  va_find(event, context) {
    const vm = context.world.vms.get(event.gpuvm);
    if (vm !== undefined) disturbWalks(context, vm, 'a mapping is looked up');
  },

  va_map(event, context) {
    const step = context.task.step;
    if (step !== undefined && event.va !== 0) step.helperCalled = true;
  },

  va_unmap(_event, context) {
    const step = context.task.step;
    if (step !== undefined) step.helperCalled = true;
  },

  va_remap(event, context) {
    const step = context.task.step;
    if (step === undefined) return;
    step.helperCalled = true;
    step.remapPrev = event.prev;
    step.remapNext = event.next;
  },

  va_insert(event, context) {
    const { task, world, where } = context;
    const { addr, range, obj, offset, vmLock, ret } = event;
    const inserted: Inserted = { addr, range, obj, offset, vmLock, ret, line: where.line }; // a spread was the slowest thing here
    task.step?.inserts.push(inserted);
    if (event.ret === undefined) {
      // Where no return is probed, nobody knows what was inserted.
      const unanswered = task.inserting && world.vm(task.inserting.gpuvm);
      if (unanswered !== undefined) unanswered.insertsShown = false;
      task.inserting = { gpuvm: event.gpuvm, va: event.va, inserted, flags: event.flags };
      return;
    }
    insert(context, world.vm(event.gpuvm), event.va, inserted, event.flags, event.ret);
  },

  va_insert_ret(event, context) {
    const { task, world } = context;
    const pending = task.inserting;
    task.inserting = undefined;
    if (pending === undefined || pending.va !== event.va) return;
    pending.inserted.ret = event.ret;
    insert(context, world.vm(pending.gpuvm), pending.va, pending.inserted, pending.flags, event.ret);
  },

  va_remove(event, context) {
    const { task, world } = context;
    const vm = event.gpuvm === 0 ? task.job?.vm : world.vm(event.gpuvm);
    const { step } = task;
    if (step !== undefined && (step.event.va === 0 || step.event.va === event.va)) step.removed = true;
    noteChange(context);
    if (vm !== undefined) noteShared(context, vm, event.obj, event.vmLock, 'a mapping leaves the VA space');
    if (vm !== undefined) checkClosing(context, vm);
    if (event.obj !== 0)
      task.job?.links.removed(event.va, {
        addr: event.addr,
        range: event.range,
        obj: event.obj,
        line: context.where.line,
      });
    if (vm === undefined) return;
    const va = vm.mapping(event.va, event.addr, event.range);
    world.watch?.remove(context, vm, event);
    noteTreeChange(context, vm, event.addr, event.range, { was: va?.addr === event.addr ? va : undefined });
    noteNet(context, vm, va ?? { ...event, offset: 0 }, -1);
    if (va !== undefined && va.addr === event.addr && va.range === event.range) {
      vm.tree.remove(va);
      changed(context, vm, { inserted: false, va, job: task.job, op: task.job?.op?.index ?? -1, byMap: false });
      reveal(context, vm, event);
    } else if (!world.seen.has('va_insert')) {
      vm.insertsShown = false;
      vm.inherit(event.addr, event.range, event.obj);
    } else if (vm.known.has(event.addr, event.range, vm.version)) {
      contradicted(context, vm, `${hex(event.addr)}+${hex(event.range)} is removed, but was never inserted`);
    } else {
      vm.inherit(event.addr, event.range, event.obj);
      for (const old of vm.tree.overlaps(event.addr, event.range)) vm.tree.remove(old);
      const gone = makeGpuva(event.va, event.addr, event.range, event.obj, 0);
      vm.record({ inserted: false, va: gone, job: task.job, op: task.job?.op?.index ?? -1, byMap: false });
      reveal(context, vm, event);
    }
  },

  va_link(event, context) {
    context.world.learnResv(event.obj, event.resv);
    const { step, job } = context.task;
    checkLinkLocked(context, event, 'link');
    step?.linkedAt.push(event.addr);
    job?.links.linked(event.va);
    checkGpuvaLock(context, job?.vm, event, 'a mapping is linked');
    checkLinked(context, job?.vm, event);
    const va = job?.vm?.tree.get(event.va);
    if (va !== undefined) va.vmBo = event.vmBo;
  },

  va_unlink(event, context) {
    const { world } = context;
    world.learnResv(event.obj, event.resv);
    const { step, job } = context.task;
    checkLinkLocked(context, event, 'unlink');
    if (step !== undefined && (step.event.va === 0 || step.event.va === event.va)) step.unlinked = true;
    // drm_gpuva_unlink_defer() takes the lock itself.
    if (!event.deferred) checkGpuvaLock(context, job?.vm, event, 'a mapping is unlinked');
    checkListed(context, world.vmBos.get(event.vmBo));
    context.task.unlinkedBo = event.vmBo;
    if (job === undefined || event.obj === 0) return;
    job.links.unlinked(event.va);
    const va = job.vm?.tree.get(event.va);
    if (va !== undefined && va.addr === event.addr) {
      const detail = `${hex(va.addr)}+${hex(va.range)} is unlinked while it is still in the tree`;
      const span = { addr: va.addr, range: va.range };
      tell(context, { kind: 'link_imbalance', detail, obj: event.obj, span, absence: 'tree', needs: ['va_remove'] });
      va.vmBo = 0;
    }
  },
};

/** What the job changes in sum. A mapping that leaves the tree is counted as it was put in: drivers change it afterwards. */
function noteNet(
  { task, where }: Context,
  vm: VmState,
  one: Omit<Inserted, 'ret' | 'line' | 'vmLock'>,
  by: 1 | -1,
): void {
  const { job } = task;
  if (!undoes(job) || job.vm !== vm) return;
  const { addr, range, obj, offset } = one;
  job.net.note({ addr, range, obj, offset, line: where.line }, by);
}

/** The tree is changed: is it locked, and does another task walk it? */
function noteShared(context: Context, vm: VmState, obj: Ptr, vmLock: Ptr | undefined, what: string): void {
  if (vmLock === 0 && context.task.job?.vm === vm) tellUnowned(context, vm, obj, what);
  checkTreeLocked(context, vm, obj, what);
  tellDisturbed(context);
  disturbWalks(context, vm, what);
}

/** The first change of a tree while a locking context is open: nothing may be locked in it any more. */
function noteChange(context: Context): void {
  for (const open of context.task.contexts) if (open.modifiedLine === 0) open.modifiedLine = context.where.line;
}

function insert(context: Context, vm: VmState | undefined, id: Ptr, one: Inserted, flags: number, ret: number): void {
  const { task, world } = context;
  if (vm === undefined) return;
  world.watch?.insert(context, vm, one, ret);
  if (ret !== 0) {
    refused(context, vm, one, ret);
    return;
  }
  noteChange(context);
  noteShared(context, vm, one.obj, one.vmLock, 'a mapping enters the VA space');
  noteTreeChange(context, vm, one.addr, one.range, { now: one });
  noteNet(context, vm, one, 1);
  if (one.obj !== 0) task.job?.links.inserted(id, one);
  const va = makeGpuva(id, one.addr, one.range, one.obj, one.offset, flags, one.line);
  if (vm.tree.insert(va) !== 0) {
    if (vm.known.has(va.addr, va.range, vm.version))
      contradicted(context, vm, `${hex(va.addr)}+${hex(va.range)} is inserted where something is mapped`);
    for (const old of vm.tree.overlaps(va.addr, va.range)) {
      vm.tree.remove(old);
      world.history?.changed(context, vm, old, false);
    }
    vm.tree.insert(va);
  }
  const byMap = task.step?.view.type === 'map';
  changed(context, vm, { inserted: true, va, job: task.job, op: task.job?.op?.index ?? -1, byMap });
  reveal(context, vm, one);
}

function changed(context: Context, vm: VmState, change: Change): void {
  vm.record(change);
  context.world.history?.changed(context, vm, change.va, change.inserted);
  context.world.sink.change?.(vm, change, context);
}

/** All that is mapped there is in the tree now. */
export function reveal({ world }: Context, vm: VmState, { addr, range }: Span): void {
  world.hold(vm);
  if (vm.reveal(addr, range)) world.lostSight.delete(vm.ordinal);
}

/** Nothing is mapped there, and where that was not known the tree may have what events that are missing took out. */
export function dropStale(context: Context, vm: VmState, { addr, range }: Span): void {
  if (vm.known.has(addr, range, vm.version)) return;
  for (const old of vm.tree.overlaps(addr, range))
    if (vm.tree.remove(old)) context.world.history?.changed(context, vm, old, false);
}

/** drm_gpuva_map() ignores what drm_gpuva_insert() returns: nothing but this event tells. */
function refused(context: Context, vm: VmState, one: Inserted, ret: number): void {
  const span = { addr: one.addr, range: one.range };
  const there = ret === EEXIST ? vm.tree.conflictOf(one.addr, one.range) : undefined;
  // Behind a gap the tree may have what is long gone.
  const conflict = there !== undefined && vm.known.has(there.addr, there.range, vm.version) ? there : undefined;
  if (ret === EEXIST && there === undefined) {
    if (vm.known.has(one.addr, one.range, vm.version))
      contradicted(context, vm, `${hex(one.addr)}+${hex(one.range)} is refused where nothing is mapped`);
    return;
  }
  const detail =
    conflict === undefined
      ? `drm_gpuva_insert() of ${hex(one.addr)}+${hex(one.range)} returned ${ret === EEXIST ? '-EEXIST' : ret}`
      : `drm_gpuva_insert() of ${hex(one.addr)}+${hex(one.range)} returned -EEXIST: ${describeVa(conflict)} is mapped there`;
  const evidence =
    conflict === undefined || conflict.line === 0
      ? []
      : [{ line: conflict.line, text: `${describeVa(conflict)} was inserted here` }];
  tell(context, { kind: 'va_conflict', detail, vm, span, obj: one.obj, evidence });
}

function describeVa(va: Gpuva): string {
  return `${hex(va.addr)}+${hex(va.range)}${va.obj === 0 ? '' : ` of ${ptrHex(va.obj)}`}`;
}

/**
 * The kernel's tree is not the one that was followed, so events of this VM are missing, or it was not as its dump says.
 */
export function contradicted(context: Context, vm: VmState, why: string): void {
  const { world, task, where } = context;
  vm.known.forget();
  if (!vm.tables.complete) vm.tables.known.giveUp();
  if (vm.dump === undefined) {
    world.contradicted(task.job, why);
    return;
  }
  const since = vm.dumpLine;
  const dump = since === 0 ? 'initial state' : 'snapshot';
  task.job?.unknown.add(`the ${dump} does not fit: ${why}`);
  if (!world.misfits.has(vm)) world.misfits.set(vm, { dump, since, why: `${world.lines.name(where.line)}: ${why}` });
}
