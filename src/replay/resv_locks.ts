// dma_resv locks that are taken one by one, without drm_exec: ww_mutex_lock() and its relatives.
import { driverOf } from '../drivers/index.ts';
import type { Context, Handlers } from './context.ts';
import type { Evidence } from './fact.ts';
import { meetLock } from './pass_record.ts';
import { tell } from './tell.ts';

/** Where a job's fence waits for the task: whoever takes a dma_resv there may wait for a task that waits for the fence. */
function inSignallingPath({ task }: Context): boolean {
  if (task.run !== undefined) return true;
  return task.job !== undefined && task.job.applyLine > 0 && driverOf(task.job)?.apply.is === 'run';
}

/** A lock of the dma_resv was taken, through drm_exec or without it. */
export function checkSignalling(context: Context, resv: bigint | number): void {
  if (!inSignallingPath(context)) return;
  const { task, world } = context;
  const job = task.run?.of.job ?? task.job;
  const from = task.run?.line ?? task.job?.applyLine ?? 0;
  const evidence: Evidence[] = from === 0 ? [] : [{ line: from, text: 'the scheduler runs the job from here on' }];
  tell(context, {
    kind: 'signalling_lock',
    job,
    vm: task.run?.vm ?? job?.vm,
    obj: world.objWith(resv),
    resv,
    evidence,
    // Without the end of the run everything behind it would seem to be in it.
    absence: 'call',
    needs: [task.run === undefined ? 'apply_ret' : task.run.fence === undefined ? 'run_ret' : 'sched_done'],
  });
}

/** A system call is over: what it still holds nobody can unlock but another one. */
export function tellLeaks(context: Context): void {
  const { task, world } = context;
  for (const [resv, { line, plain }] of task.resvLocks) {
    const obj = world.objWith(resv);
    if (!plain || obj === 0) continue; // display drivers use ww_mutexes too
    const evidence = [{ line, text: 'it is locked here' }];
    tell(context, { kind: 'lock_leaked', obj, resv, evidence, absence: 'call', needs: ['resv_unlock'] });
  }
  task.resvLocks.clear();
}

export const resvLockHandlers: Handlers = {
  resv_lock(event, context) {
    if (event.ret !== 0) return;
    const { task, where, world } = context;
    const plain = event.ctx === 0;
    task.resvLocks.set(event.resv, { line: where.line, plain });
    // Display drivers use ww_mutexes too.
    if (world.objWith(event.resv) === 0) return;
    if (plain) meetLock(context, event.resv);
    checkSignalling(context, event.resv);
  },

  resv_unlock(event, { task, world }) {
    if (!task.resvLocks.delete(event.resv) && world.objWith(event.resv) !== 0) world.unseenLocks = true;
  },
};
