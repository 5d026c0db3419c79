// A job's life: it is opened, its lock pass ends, its locks may turn stale, it is closed and goes out with its facts.
import { hex } from '../base/u64.ts';
import type { Where } from '../events/vm_event.ts';
import type { Context } from './context.ts';
import { finishDetail } from './detail.ts';
import { Job, JobDetail } from './job.ts';
import type { Linkable } from './link_balance.ts';
import { PassRecord } from './pass_record.ts';
import { compareRequests } from './requests.ts';
import { checkRollback } from './rollback.ts';
import { closeTables } from './tables/index.ts';
import { tell } from './tell.ts';

/** Opens a job in this task. */
export function openJob(context: Context, where: Where): Job {
  const { world, task } = context;
  const job = new Job(world.newJobNumber(), where.line, where.time(), where.pid, where.comm());
  if (world.detail) job.detail = new JobDetail();
  if (world.passes && job.detail !== undefined) job.detail.pass = new PassRecord((obj) => world.resvOf(obj));
  if (where.pid === -1) job.unknown.add('the text shows no task: jobs of several tasks cannot be told apart');
  job.driver = world.driver;
  world.openJob(job);
  task.job = job;
  return job;
}

/** Ends a job: its facts and counts are final. */
export function closeJob(context: Context, job: Job): void {
  const { world, task, where } = context;
  if (!world.openJobs.has(job)) return;
  compareRequests(context, job);
  if (job.applied || job.implicit) checkLinks(context, job);
  closeTables(context, job);
  checkRollback(context, job);
  job.endLine = where.line;
  job.end = where.time();
  finishDetail(world, job);
  if (job.ptr !== 0 && world.jobsByPtr.get(job.ptr) === job) {
    world.jobsByPtr.delete(job.ptr);
    if (job.vm?.tables.jobs.has(job)) world.awaitRun(job);
  }
  for (const context of task.contexts) if (context.job === job) context.job = undefined;
  task.job = undefined;
  world.endJob(job);
  world.sink.job(job);
  job.pinned?.unpin();
}

/** What the job inserted must be linked by now, and what it removed unlinked. */
function checkLinks(context: Context, job: Job): void {
  const { seen } = context.world;
  // Drivers that apply op lists link in a later pass of their own: only step callbacks say when a mapping must be linked.
  if (!seen.has('va_link') || !seen.has('va_unlink') || !seen.has('step')) return;
  const report = (one: Linkable, detail: string) =>
    tell(context, {
      kind: 'link_imbalance',
      job,
      op: undefined,
      step: undefined,
      line: one.line,
      obj: one.obj,
      span: { addr: one.addr, range: one.range },
      detail: `${hex(one.addr)}+${hex(one.range)} ${detail}`,
      absence: 'call',
    });
  for (const one of job.links.neverLinked) report(one, 'was inserted into the tree and never linked to its vm_bo');
  for (const one of job.links.stillLinked) report(one, 'was removed from the tree and never unlinked from its vm_bo');
}

/** The state that the job's lock pass saw is the present one. */
export function markLockEnd(context: Context, job: Job): void {
  const vm = job.vm;
  if (vm === undefined) return;
  if (job.pinned === undefined) {
    vm.pin();
    job.pinned = vm;
  }
  job.lockVersion = vm.version;
  job.lockEndLine = context.where.line;
}

/** The locks of the pass are gone, or the VM is not the one they were computed for. */
export function tellStale(context: Context, job: Job): void {
  const { vm } = job;
  if (vm === undefined || job.staleTold || job.lockVersion < 0 || vm.ownListLock) return;
  job.staleTold = true;
  const holds = context.task.contexts.some((open) => open.exec.objects.length > 0);
  if (job.locksDropped && !holds) tell(context, { kind: 'lock_set_stale', why: 'dropped' });
  else if (vm.changedByOthers(job.lockVersion, job)) tell(context, { kind: 'lock_set_stale', why: 'vm-changed' });
}
