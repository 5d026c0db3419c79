// The driver's frame around a job: ioctl, lock pass, apply; where a driver shows none, the calls into drm_gpuvm make it.
import type { Ptr } from '../base/u64.ts';
import { driverOf } from '../drivers/index.ts';
import { finishOp } from './apply.ts';
import type { Context, Handlers } from './context.ts';
import { markApply } from './detail.ts';
import { type Job, OpRun } from './job.ts';
import { enterRun, leaveRun } from './job_times.ts';
import { closeJob, markLockEnd, openJob, tellStale } from './lifecycle.ts';
import { dropContexts, tellUnfinished } from './locks.ts';
import { tellLeaks } from './resv_locks.ts';
import { finishStep } from './steps.ts';
import { claim } from './tell.ts';
import { endMaking } from './vm_life.ts';

function endOpenWork(context: Context, job: Job, ret: number): void {
  if (context.task.step !== undefined) finishStep(context, undefined);
  if (job.op !== undefined) {
    if (ret !== 0) job.op.failed = true;
    finishOp(context, job, job.op);
  }
}

/** The job of an apply whose entry is not in the trace. */
function resumedJob(context: Context, ptr: Ptr): Job {
  const job = context.world.jobsByPtr.get(ptr) ?? openJob(context, context.where);
  job.unknown.add('the trace begins within it');
  job.resumed = true;
  context.task.job = job;
  return job;
}

/** A job that succeeds carries out all of its ops. */
function checkOpCount(context: Context, job: Job, ret: number): void {
  const { ops, opCount, unknown } = job;
  if (ret !== 0 || opCount === undefined || ops.length === opCount || unknown.size > 0) return;
  if (context.world.seen.has('apply_op')) context.world.contradicted(job, `${ops.length} of ${opCount} ops are shown`);
  else if (ops.length < opCount) unknown.add('not all of its ops are in the trace');
}

/** The driver's struct and number of a job, and its VM. */
function identify(
  context: Context,
  job: Job,
  event: { readonly job: Ptr; readonly id?: number | undefined; readonly gpuvm: Ptr },
  what: string,
): void {
  const { world } = context;
  if (job.idKnown && event.id !== undefined && job.id !== event.id)
    world.contradicted(job, `the ${what} of job ${event.id} is in job ${job.id}`);
  job.ptr = event.job;
  if (event.job !== 0) world.jobsByPtr.set(event.job, job);
  if (event.id !== undefined) {
    job.id = event.id;
    job.idKnown = true;
  }
  world.bindToVm(job, world.vm(event.gpuvm));
}

export const frameHandlers: Handlers = {
  bind(event, context) {
    const { task, where, world } = context;
    endMaking(context);
    world.markFramed(task.pid);
    const left = task.job;
    if (left !== undefined) {
      left.unknown.add('its ioctl has no return in the trace');
      closeJob(context, left);
    }
    const job = openJob(context, where);
    job.begun = true;
    job.driver = event.driver;
    job.file = event.file;
    job.opCount = event.opCount;
  },

  bind_ret(event, context) {
    const { task, world, where } = context;
    world.markFramed(task.pid);
    let job = task.job;
    if (job === undefined) {
      job = openJob(context, where);
      job.unknown.add('the trace begins within it');
    }
    if (event.job !== undefined) {
      if (job.idKnown && job.id !== event.job) world.contradicted(job, `job ${job.id} returns as job ${event.job}`);
      job.id = event.job;
      job.idKnown = true;
    }
    if (!job.begun && world.seen.has('bind')) job.unknown.add('the trace begins within it');
    for (const open of task.contexts) if (open.job === job) tellUnfinished(context, open, job);
    tellLeaks(context);
    dropContexts(context);
    if (job.deferred || !world.openJobs.has(job)) {
      task.job = undefined; // a worker has it, or has even finished it
      return;
    }
    if (job.implicit) job.unknown.add('the trace begins within it');
    job.ret = event.ret;
    endOpenWork(context, job, event.ret ?? 0);
    if (!job.deferred && job.ops.length > 0) checkOpCount(context, job, event.ret ?? 0);
    const applyToCome = event.ret === 0 && !job.applied && job.ptr !== 0 && job.lockVersion >= 0;
    if (!applyToCome) {
      if (event.ret === 0 && job.asks.length > 0 && job.ops.length === 0 && job.counts.steps === 0)
        job.unknown.add('what its lock pass asked for is not applied in its ioctl');
      closeJob(context, job);
    } else {
      job.deferred = true;
      task.job = undefined;
    }
  },

  other_ioctl(_event, context) {
    endMaking(context);
    claim(context, undefined);
    context.task.unclaimed = [];
    context.world.markFramed(context.task.pid);
  },

  other_ioctl_ret(_event, context) {
    context.world.markFramed(context.task.pid);
    claim(context, undefined);
    tellLeaks(context);
  },

  lock_pass(event, context) {
    const job = context.task.job ?? openJob(context, context.where);
    identify(context, job, event, 'lock pass');
    job.opCount ??= event.opCount;
  },

  job_submit(event, context) {
    const job = context.task.job ?? openJob(context, context.where);
    identify(context, job, event, 'submission');
    job.applied = true; // no later call brackets what it does to the tree
    job.opCount ??= event.opCount;
  },

  job_new(event, context) {
    const { task, where } = context;
    const own = task.job;
    const job = openJob(context, where);
    task.job = own;
    job.begun = true;
    job.driver = event.driver;
    job.file = event.file;
    job.deferred = true;
    identify(context, job, event, 'creation');
    claim(context, job);
  },

  lock_pass_ret(event, context) {
    const job = context.task.job;
    if (job === undefined || event.ret !== 0) return;
    if (job.lockVersion < 0) markLockEnd(context, job);
  },

  apply(event, context) {
    const { task, world, where } = context;
    const isOther = (job: Job | undefined) =>
      job !== undefined && event.id !== undefined && job.idKnown && job.id !== event.id;
    // A worker's job whose ioctl was before the trace: nothing but the next one ends it.
    if (task.job?.resumed && isOther(task.job)) closeJob(context, task.job);
    let job = task.job ?? world.jobsByPtr.get(event.job);
    if (job === undefined || isOther(job)) {
      job = openJob(context, where);
      job.unknown.add('the trace begins after its lock pass');
      job.resumed = true;
      if (event.id !== undefined) {
        job.id = event.id;
        job.idKnown = true;
      }
    }
    if (event.id !== undefined && !job.idKnown) {
      job.id = event.id;
      job.idKnown = true;
    }
    task.job = job;
    if (job.pid !== where.pid) job.deferred = true;
    if (driverOf(job)?.apply.is === 'run') enterRun(context, job);
    world.bindToVm(job, world.vm(event.gpuvm));
    job.applyLine = where.line;
    markApply(job);
    for (const open of task.contexts) open.job ??= job;
    tellStale(context, job);
  },

  apply_op(event, context) {
    const job = context.task.job ?? resumedJob(context, event.job);
    if (context.task.step !== undefined) finishStep(context, undefined);
    if (job.op !== undefined) finishOp(context, job, job.op);
    if (job.implicit) job.unknown.add('the trace begins within it');
    else if (event.index !== job.ops.length && job.unknown.size === 0)
      context.world.contradicted(job, `op ${event.index} follows after ${job.ops.length}`);
    const op = new OpRun(event.index, event.op, event.addr, event.range, event.obj, event.offset, context.where.line);
    job.ops.push(op);
    job.op = op;
    context.world.watch?.request(context, job, op);
    const resv = context.world.resvOf(event.obj);
    if (event.obj !== 0 && resv !== 0) job.needed.add(resv);
    else if (event.obj !== 0) job.unknown.add('the dma_resv of an object that it lists is not known');
  },

  apply_ret(event, context) {
    const { task, world } = context;
    world.markFramed(task.pid);
    const job = task.job;
    if (job === undefined) return;
    if (job.applyLine === 0) job.unknown.add('the trace begins within it');
    endOpenWork(context, job, event.ret);
    checkOpCount(context, job, event.ret);
    job.applied = true;
    job.ret ??= event.ret;
    leaveRun(context, job);
    for (const open of task.contexts) if (open.job === job) open.applied = true;
    if (!job.deferred) return;
    job.ret = event.ret;
    if (!task.contexts.some((open) => open.job === job)) closeJob(context, job);
  },
};
