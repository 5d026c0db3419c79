// The runs of jobs as the scheduler tells of them, where the driver's run function is not probed. drm_sched_run_job_work()
// (sched_main.c) tells of a job right before it calls run_job(). The bind jobs of msm and nouveau are over with that call,
// so drm_sched_job_done() follows at once, in the same task: what the task does in between is the run. It signals the job's
// fence; drm_sched_entity_kill() signals those of jobs that never run, and tells nothing else of them.
import { driverOf } from '../../drivers/index.ts';
import type { Context, Handlers } from '../context.ts';
import type { Job } from '../job.ts';
import { addWait, momentOf, type ScheduledJob } from '../job_times.ts';
import { settle } from './calls.ts';
import { judgeRun } from './judge.ts';

export const schedRunHandlers: Handlers = {
  sched_queue(event, context) {
    const { task, world } = context;
    const { job } = task;
    // A bind ioctl queues one job; what follows is of an ioctl that is not probed.
    const own = job !== undefined && !job.queued && job.begun && writesLater(job) ? job : undefined;
    const times = { queued: momentOf(context), waits: [] };
    world.scheduled.add({ fence: event.fence, job: own, times });
    if (own === undefined) return;
    own.queued = true;
    own.times = times;
  },

  sched_run(event, context) {
    const { task, world, where } = context;
    settle(context);
    leave(context);
    const scheduled = world.scheduled.get(event.fence);
    task.scheduled = scheduled;
    if (scheduled === undefined || scheduled.times.run !== undefined) return;
    scheduled.times.run = momentOf(context);
    const { job } = scheduled;
    const vm = job?.vm;
    if (job === undefined || vm === undefined) return;
    job.running = true;
    task.run = { vm, of: vm.tables.of(job), line: where.line, fence: event.fence };
  },

  sched_done(event, context) {
    signal(context, context.world.scheduled.get(event.fence));
  },

  fence_signaled(event, context) {
    const { world } = context;
    const scheduled = world.scheduled.byHalves(event.fence);
    if (scheduled !== undefined) world.seen.add('sched_done'); // it tells the same
    signal(context, scheduled);
  },

  fence_wait(event, context) {
    const of = context.world.scheduled.byHalves(event.fence);
    context.task.fenceWait = of === undefined ? undefined : { of, since: momentOf(context) };
  },

  fence_wait_end(_event, context) {
    const { task } = context;
    if (task.fenceWait !== undefined)
      addWait(task.fenceWait.of.times, { since: task.fenceWait.since, until: momentOf(context) });
    task.fenceWait = undefined;
  },
};

/** Of the two events the first counts. It ends the run that the task is in, if that is this job's: it may be an interrupt. */
function signal(context: Context, scheduled: ScheduledJob | undefined): void {
  const { task, world } = context;
  if (scheduled === undefined) return;
  const { fence, job, times } = scheduled;
  times.signalled = momentOf(context);
  world.scheduled.delete(fence);
  if (task.scheduled === scheduled) task.scheduled = undefined;
  // Where no run was shown, none will come: the job was killed, or its run is not probed.
  if (job !== undefined) world.toRun.delete(job.ptr);
  const { run } = task;
  if (run?.fence !== fence) return;
  settle(context);
  task.run = undefined;
  times.runEnd = times.signalled;
  judgeRun(context, run);
}

/** A run whose end is not shown: the task may have done other things since. */
function leave({ task }: Context): void {
  if (task.run?.fence !== undefined) task.run.vm.tables.doubt();
  task.run = undefined;
}

function writesLater(job: Job): boolean {
  return driverOf(job)?.tables.written.is === 'run';
}
