// Puts a fact together from where the replay stands.

import type { Context } from './context.ts';
import type { Fact, FactKind, FactOf } from './fact.ts';
import type { Job } from './job.ts';

type Optional =
  | 'line'
  | 'time'
  | 'job'
  | 'vm'
  | 'op'
  | 'step'
  | 'obj'
  | 'resv'
  | 'span'
  | 'evidence'
  | 'absence'
  | 'needs';
/** A fact less what the context knows. */
type Told<K extends FactKind> = K extends FactKind
  ? Omit<FactOf<K>, Optional> & Partial<Pick<FactOf<K>, Optional>>
  : never;

/** Reports a fact: to the job that the task is in, to be held until that job is over, or at once. */
export function tell(context: Context, told: Told<FactKind>): void {
  const { task, where, world } = context;
  const job = told.job ?? task.job;
  const fact = {
    line: where.line,
    time: where.time(),
    job,
    vm: job?.vm,
    op: job?.op,
    step: task.step?.view,
    obj: 0,
    resv: 0,
    span: undefined,
    evidence: [],
    absence: undefined,
    needs: undefined,
    ...told,
  } as Fact;
  if (job !== undefined && world.openJobs.has(job)) job.facts.push(fact);
  else if (job === undefined && task.unclaimed !== undefined) task.unclaimed.push(fact);
  else world.sink.fact(fact);
}

/** What was told since the task made its last job, or entered its ioctl, belongs to this one; undefined: to none. */
export function claim({ task, world }: Pick<Context, 'task' | 'world'>, job: Job | undefined): void {
  for (const fact of task.unclaimed ?? []) {
    if (job === undefined) world.sink.fact(fact);
    else job.facts.push({ ...fact, job });
  }
  task.unclaimed = job === undefined ? undefined : [];
}
