// The runs of jobs as the scheduler tells of them, where the driver's run function is not probed. drm_sched_run_job_work()
// (sched_main.c) tells of a job right before it calls run_job(). The bind jobs of msm and nouveau are over with that call,
// so drm_sched_job_done() follows at once, in the same task: what the task does in between is the run.
import { driverOf } from '../../drivers/index.ts';
import type { Context, Handlers } from '../context.ts';
import type { Job } from '../job.ts';
import { settle } from './calls.ts';
import { judgeRun } from './judge.ts';

/** Fences of jobs that are still to run. */
const MAX_QUEUED = 4096;

export const schedRunHandlers: Handlers = {
  sched_queue(event, { task, world }) {
    const { queued } = world;
    queued.delete(event.fence); // pointers are used again
    const { job } = task;
    // A bind ioctl queues one job; what follows is of an ioctl that is not probed.
    if (job === undefined || job.queued || !job.begun || !writesLater(job)) return;
    job.queued = true;
    queued.set(event.fence, job);
    const [oldest] = queued.keys();
    if (queued.size > MAX_QUEUED && oldest !== undefined) queued.delete(oldest);
  },

  sched_run(event, context) {
    const { task, world, where } = context;
    settle(context);
    leave(context);
    const job = world.queued.get(event.fence);
    world.queued.delete(event.fence);
    const vm = job?.vm;
    if (job === undefined || vm === undefined) return;
    job.running = true;
    task.run = { vm, of: vm.tables.of(job), line: where.line, fence: event.fence };
  },

  sched_done(event, context) {
    const { task, world } = context;
    const { run } = task;
    if (run === undefined || run.fence !== event.fence) return; // another task's, or of an interrupt in this one
    settle(context);
    task.run = undefined;
    if (run.of.job !== undefined) world.toRun.delete(run.of.job.ptr);
    judgeRun(context, run);
  },
};

/** A run whose end is not shown: the task may have done other things since. */
function leave({ task }: Context): void {
  if (task.run?.fence !== undefined) task.run.vm.tables.doubt();
  task.run = undefined;
}

function writesLater(job: Job): boolean {
  return driverOf(job)?.tables.written.is === 'run';
}
