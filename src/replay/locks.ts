// Locking contexts: what drm_exec and dma_resv calls do to the set of locks that a task holds.
import type { Ptr } from '../base/u64.ts';
import { ptrHex } from '../base/u64.ts';
import { driverOf } from '../drivers/index.ts';
import type { Context, Handlers } from './context.ts';
import { keepAttempts, keepFence } from './detail.ts';
import type { Evidence, LockClass } from './fact.ts';
import type { FenceUse, Job } from './job.ts';
import { closeJob, markLockEnd } from './lifecycle.ts';
import { keepHold, markAttempt, meetHolders, meetLock } from './pass_record.ts';
import { checkSignalling } from './resv_locks.ts';
import { holderOf, holderText, lastWait, waitText } from './resv_waits.ts';
import { needObj } from './step_locks.ts';
import { ExecContext } from './task.ts';
import { tell } from './tell.ts';

const EDEADLK = -35;
/** DMA_RESV_USAGE_WRITE. */
const USAGE_WRITE = 1;
/** Contention notes kept of one context. */
const MAX_CONTENTION = 64;

/** The context behind `exec`, made up where its init is not in the trace. */
function contextOf(context: Context, exec: Ptr): ExecContext {
  const known = context.world.contexts.get(exec);
  if (known !== undefined && known.pid === context.task.pid) return known;
  return openContext(context, exec, undefined);
}

function openContext(context: Context, exec: Ptr, flags: number | undefined): ExecContext {
  const { world, task, where } = context;
  const stale = world.contexts.get(exec);
  if (stale !== undefined) dropContext(context, stale);
  const prelocked = world.kernel.get('keepsPrelocked') === false ? 'dropped' : 'kept';
  const open = new ExecContext(exec, task, where.line, flags ?? 3, flags !== undefined, { prelocked });
  open.job = task.job;
  world.contexts.set(exec, open);
  task.contexts.push(open);
  meetHolders(context, open);
  return open;
}

function dropContext(context: Context, open: ExecContext): void {
  const { world } = context;
  if (world.contexts.get(open.exec.id) === open) world.contexts.delete(open.exec.id);
  const at = open.task.contexts.indexOf(open);
  if (at >= 0) open.task.contexts.splice(at, 1);
}

function tellNoFences(context: Context, obj: Ptr): void {
  // Outside of any job: whose it is was lost.
  const absence = context.task.job === undefined ? 'call' : undefined;
  tell(context, { kind: 'exec_misuse', misuse: 'num-fences-0', obj, absence });
}

export function tellUnfinished(context: Context, open: ExecContext, job: Job): void {
  job.locksUnchecked = true;
  tell(context, {
    kind: 'exec_misuse',
    misuse: 'unfinished',
    line: open.line,
    job,
    absence: 'call',
    needs: ['exec_fini'],
  });
}

/** The task left the kernel: its contexts are gone, finished or not. */
export function dropContexts(context: Context): void {
  for (const open of [...context.task.contexts]) {
    if (open.job?.detail !== undefined) keepAttempts(open, open.job, 0);
    dropContext(context, open);
  }
}

function unknownLocks(open: ExecContext, why: string): void {
  open.known = false;
  open.job?.unknown.add(why);
}

export const lockHandlers: Handlers = {
  exec_init(event, context) {
    const { world, task } = context;
    const left = world.contexts.get(event.exec);
    if (left !== undefined && left.pid === task.pid) {
      if (left.known && left.job !== undefined) tellUnfinished(context, left, left.job);
    }
    openContext(context, event.exec, event.flags);
  },

  exec_cleanup(event, context) {
    const open = contextOf(context, event.exec);
    const { exec } = open;
    const misuse = exec.state === 'none' ? undefined : exec.cleanup(event.again, context.where.line);
    if (misuse === 'out-of-step' && open.known)
      unknownLocks(open, 'its locking context is out of step: calls are missing');
    const job = open.job;
    if (event.again) {
      open.known = true;
      open.slots.clear();
      markAttempt(context, open);
      if (job !== undefined) {
        if (job.lockVersion < 0) job.attempts = exec.attempts;
        job.asks = [];
      }
    } else if (job !== undefined && job.lockVersion < 0) {
      markLockEnd(context, job);
    }
  },

  exec_fini(event, context) {
    const { task, where, world } = context;
    const open = world.contexts.get(event.exec);
    if (open === undefined) {
      task.job?.unknown.add('a locking context ends that did not begin in the trace');
      return;
    }
    const { exec } = open;
    const job = open.job;
    open.finiObjects = event.numObjects;
    learnPrelocked(context, open, event.numObjects);
    const complete = countsAgree(open, event.numObjects);
    if (event.numObjects !== undefined) world.countCheck(complete);
    if (!complete) unknownLocks(open, 'its locking context holds another number of objects than the trace shows');
    if (exec.state === 'contended' && open.known) {
      const obj = exec.contended?.obj ?? 0;
      tell(context, { kind: 'exec_misuse', misuse: 'edeadlk-not-retried', obj, job, absence: 'call' });
    }
    if (job !== undefined) {
      if (job.detail !== undefined) keepAttempts(open, job, where.line);
      keepHold(context, open, job);
      if (open.applied || (job.op !== undefined && !job.deferred)) judgeRedundant(context, open, job);
      if (!open.known) job.unknown.add('not all of its locks are in the trace');
      if (event.numObjects === undefined) job.locksUnchecked = true;
      job.locksDropped = true;
      job.locksDroppedLine = where.line;
    }
    exec.fini();
    dropContext(context, open);
    const over = job !== undefined && ((job.applied && job.deferred) || (job.implicit && job.ops.length > 0));
    if (over && task.job === job) closeJob(context, job);
  },

  lock_obj(event, context) {
    context.world.learnResv(event.obj, event.resv);
  },

  lock_obj_ret(event, context) {
    const { world, where } = context;
    const open = contextOf(context, event.exec);
    const resv = event.resv !== 0 ? event.resv : world.resvOf(event.obj);
    world.learnResv(event.obj, resv);
    if (resv === 0 && event.obj !== 0) {
      unknownLocks(open, 'the dma_resv of an object that it locks is not known');
      return;
    }
    if (open.modifiedLine > 0 && open.known && !open.toldAfterModified) {
      open.toldAfterModified = true;
      const changed = { line: open.modifiedLine, text: 'the VM is modified while this context is open' };
      tell(context, {
        kind: 'exec_misuse',
        misuse: 'lock-after-modified',
        obj: event.obj,
        resv,
        evidence: [changed],
        absence: 'call',
      });
    }
    const result = open.exec.lock(event.obj, resv, event.ret, where.line);
    if (result.slow !== undefined) meetLock(context, result.slow.resv);
    if (result.via === 'lock') meetLock(context, resv);
    if (event.ret === 0 && !world.seen.has('resv_lock')) checkSignalling(context, resv);
    if (open.sweeping && event.ret === 0) open.swept.add(resv);
    if (event.ret === EDEADLK && open.contention.length < MAX_CONTENTION) {
      // A wait ends without the lock: its holder was asked for when it began.
      const wait = lastWait(open.waits, resv, open.line, where.line);
      const holder = wait === undefined ? holderOf(context, resv, open) : wait.holder;
      const text = `${ptrHex(event.obj)} is contended: ${waitText(wait, world.lines) || holderText(holder, world.lines)}`;
      open.contention.push({ line: where.line, text, resv, holder });
    }
    if (result.misuse === undefined || !open.known) return;
    if (
      result.misuse === 'ealready' ||
      result.misuse === 'edeadlk-not-retried' ||
      result.misuse === 'lock-after-done'
    ) {
      const absence = result.misuse === 'ealready' ? undefined : 'call';
      tell(context, { kind: 'exec_misuse', misuse: result.misuse, obj: event.obj, resv, absence });
    } else {
      unknownLocks(open, 'its locking context is out of step: calls are missing');
    }
  },

  prepare_obj(event, context) {
    if (event.numFences === 0) tellNoFences(context, event.obj);
  },

  prepare_obj_ret(event, context) {
    const { world, task } = context;
    if (event.numFences === 0 && !world.seen.has('prepare_obj')) {
      tellNoFences(context, event.obj);
    }
    const resv = world.resvOf(event.obj);
    if (event.ret === 0 && resv !== 0) task.innermost?.slotsOf(resv).reserve(event.numFences);
    if (!world.seen.has('reserve_fences')) keepReserve(context, resv, event.numFences, event.ret);
  },

  va_rebind(_event, context) {
    const open = context.task.innermost;
    if (open?.known !== true || open.exec.state !== 'locked' || open.rebindTold) return;
    open.rebindTold = true;
    tell(context, { kind: 'exec_misuse', misuse: 'rebind-after-done', absence: 'call', needs: ['exec_fini'] });
  },

  unlock_obj(event, context) {
    const open = context.world.contexts.get(event.exec);
    if (open === undefined) return;
    const resv = context.world.resvOf(event.obj);
    open.exec.unlock(event.obj, context.where.line);
    if (!open.exec.holdsResv(resv)) open.slots.delete(resv);
  },

  prepare_objects(event, context) {
    contextOf(context, event.exec).sweeping = true;
  },

  prepare_objects_ret(_event, context) {
    for (const open of context.task.contexts) open.sweeping = false;
  },

  prepare_vm(event, context) {
    context.world.vm(event.gpuvm);
  },

  reserve_fences(event, context) {
    keepReserve(context, event.resv, event.numFences, event.ret);
    if (event.ret !== 0) return;
    for (const open of context.task.contexts) {
      if (open.exec.holdsResv(event.resv)) open.slotsOf(event.resv).reserve(event.numFences);
    }
  },

  add_fence(event, context) {
    const { task, world } = context;
    const holder = task.contexts.find((open) => open.exec.holdsResv(event.resv));
    const obj = objOf(context, event.resv);
    if (event.usage === USAGE_WRITE && holder !== undefined) checkUsage(context, holder, event.resv, obj);
    const keep = (outcome: FenceUse['outcome']) => {
      const { resv, usage } = event;
      const { line } = context.where;
      keepFence(holder?.job ?? task.job, { line, call: 'add', resv, obj, slots: undefined, usage, outcome });
    };
    if (holder === undefined) {
      keep('not locked');
      const open = task.innermost;
      const judged = open?.known === true && open.exec.state === 'locked' && open.job !== undefined;
      const { resv } = event;
      if (judged) tell(context, { kind: 'exec_misuse', misuse: 'fence-without-lock', obj, resv, absence: 'call' });
      return;
    }
    // Slots that drm_exec_prepare_obj() asks for are not all: drivers reserve some themselves.
    if (!world.seen.has('reserve_fences') || !holder.known) {
      keep('not known');
      return;
    }
    const unreserved = holder.slotsOf(event.resv).addFence(event.fence) === 'unreserved';
    keep(unreserved ? 'unreserved' : 'ok');
    if (!unreserved) return;
    const job = holder.job;
    if (job !== undefined) job.counts.unreserved++;
    const locked = holder.exec.heldBy(event.resv);
    const evidence: Evidence[] = [];
    if (locked !== undefined)
      evidence.push({ line: locked.line, text: `${ptrHex(locked.obj)} is locked here, without a slot` });
    tell(context, { kind: 'fence_unreserved', obj, resv: event.resv, evidence, absence: 'call' });
  },
};

/** Drivers whose users synchronize explicitly must not make others wait for what they only map. */
function checkUsage(context: Context, { exec }: ExecContext, resv: Ptr, obj: Ptr): void {
  for (const vm of context.world.vms.values()) {
    if (driverOf(vm)?.fences.is !== 'explicit' || vm.resv === resv || !exec.holdsResv(vm.resv)) continue;
    tell(context, { kind: 'fence_implicit', usage: USAGE_WRITE, vm, obj, resv });
    return;
  }
}

function keepReserve(context: Context, resv: Ptr, slots: number, ret: number): void {
  const { world, task, where } = context;
  if (!world.detail) return;
  const outcome = ret === 0 ? 'ok' : 'refused';
  keepFence(task.innermost?.job ?? task.job, {
    line: where.line,
    call: 'reserve',
    resv,
    obj: 0,
    slots,
    usage: undefined,
    outcome,
  });
}

/** Some object that has this resv, for a reader; 0 where none was seen with it in this task's contexts. */
function objOf(context: Context, resv: Ptr): Ptr {
  for (const open of context.task.contexts) {
    const held = open.exec.heldBy(resv);
    if (held !== undefined) return held.obj;
  }
  return context.world.objWith(resv);
}

/** Does exec->num_objects agree with what was followed? A prelocked object that nothing asked for may be in it or not. */
function countsAgree(open: ExecContext, numObjects: number | undefined): boolean {
  if (numObjects === undefined) return open.known;
  const followed = open.exec.objects.length;
  if (numObjects === followed) return true;
  return open.exec.prelocked !== undefined && numObjects === followed - 1;
}

/** Whether this kernel keeps a prelocked object that nothing asked for shows in exec->num_objects. */
function learnPrelocked({ world, where }: Context, { exec, known }: ExecContext, numObjects: number | undefined): void {
  const { prelocked, objects } = exec;
  if (numObjects === undefined || prelocked === undefined || !known || exec.state !== 'locked') return;
  const others = objects.includes(prelocked) ? objects.length - 1 : objects.length;
  const kept = numObjects - others;
  if (kept !== 0 && kept !== 1) return;
  world.kernel.prove('keepsPrelocked', kept === 1, `num_objects is ${numObjects} at ${world.lines.name(where.line)}`);
}

/** Which held objects had no use: not the VM's resv, not listed, not touched by a step. */
function judgeRedundant(context: Context, open: ExecContext, job: Job): void {
  const vm = job.vm;
  // Without the driver's steps it is not known what the locks were needed for.
  if (vm === undefined || !open.known || vm.resv === 0) return;
  if (!context.world.seen.has('step')) {
    // Only the whole of an ioctl shows all of its lists.
    if (job.listed.length === 0 || !job.begun) return;
    for (const { event } of job.listed) if (event.obj) needObj(context.world, job, event.obj);
  }
  for (const held of open.exec.objects) {
    if (held.resv === vm.resv || job.needed.has(held.resv)) continue;
    if (held === open.exec.prelocked && !open.keepsPrelocked) continue;
    job.counts.redundant++;
    tell(context, {
      kind: 'lock_unneeded',
      why: classOf(open, held.resv, held === open.exec.prelocked, job),
      line: held.line,
      obj: held.obj,
      resv: held.resv,
      job,
      op: undefined,
      step: undefined,
      evidence: [{ line: held.line, text: `${ptrHex(held.obj)} is locked here` }],
    });
  }
}

function classOf(open: ExecContext, resv: Ptr, prelocked: boolean, job: Job): LockClass {
  if (prelocked) return 'retry leftover';
  if ((job.ret ?? 0) !== 0 || job.op?.failed === true) return 'failed batch';
  if (open.swept.has(resv)) return 'whole-VM sweep';
  return 'unneeded';
}
