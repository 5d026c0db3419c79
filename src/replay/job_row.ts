// What remains of a job when it is over: one row of the jobs table.
import type { Ptr } from '../base/u64.ts';
import type { Shown } from './fact.ts';
import type { Job, JobCounts } from './job.ts';

/** Counts that only a job seen whole has. */
const JUDGED = ['missing', 'redundant', 'diverged', 'misapplied', 'unreserved'] as const;
type Judged = (typeof JUDGED)[number];

export type Verdict = 'ok' | 'failed' | 'bad' | 'wasteful' | 'unknown';

/** Counts that could not be judged are undefined. */
export class JobRow {
  readonly job: number;
  readonly line: number;
  readonly endLine: number;
  readonly start: string;
  readonly end: string;
  readonly pid: number;
  readonly comm: string;
  readonly vm: Ptr;
  /** Its place among the trace's VMs, from 1; 0 while unknown. */
  readonly vmOrdinal: number;
  readonly vmName: string;
  readonly ops: number | undefined;
  readonly attempts: number | undefined;
  readonly ret: number | undefined;
  readonly counts: Readonly<Record<keyof JobCounts, number | undefined>>;
  /** Why it was not judged whole. */
  readonly unknown: readonly string[];
  /** As in Job. */
  readonly perhapsMisapplied: number;
  /** Where the scheduler's run of it ended, behind the ioctl; 0: it was not seen to run. */
  ranLine: number;

  constructor(row: Omit<JobRow, 'verdict' | 'withProbes' | 'withDoubt'>) {
    this.job = row.job;
    this.line = row.line;
    this.endLine = row.endLine;
    this.start = row.start;
    this.end = row.end;
    this.pid = row.pid;
    this.comm = row.comm;
    this.vm = row.vm;
    this.vmOrdinal = row.vmOrdinal;
    this.vmName = row.vmName;
    this.ops = row.ops;
    this.attempts = row.attempts;
    this.ret = row.ret;
    this.counts = row.counts;
    this.unknown = row.unknown;
    this.perhapsMisapplied = row.perhapsMisapplied;
    this.ranLine = row.ranLine;
  }

  /** bad: something is broken; wasteful: only locks too many; unknown: not judged whole; failed: it returned an error. */
  get verdict(): Verdict {
    const { missing, diverged, misapplied, unreserved, redundant } = this.counts;
    if ((missing ?? 0) + (misapplied ?? 0) + (unreserved ?? 0) > 0) return 'bad';
    const stepsCounted = this.counts.steps !== undefined;
    if (this.unknown.length > 0 || missing === undefined) return 'unknown';
    if (stepsCounted && diverged === undefined) return 'unknown';
    if ((redundant ?? 0) > 0) return 'wasteful';
    return this.ret !== undefined && this.ret < 0 ? 'failed' : 'ok';
  }

  /** Nothing about it is above this doubt any more. */
  withDoubt(why: string): JobRow {
    if (this.unknown.includes(why)) return this;
    const counts = { ...this.counts };
    for (const name of JUDGED) counts[name] = undefined;
    return new JobRow({ ...this, counts, unknown: [...this.unknown, why] });
  }

  /** Leaves out what no probe of the trace can tell. */
  withProbes(seen: ReadonlySet<Shown>, locksShown: boolean, stepsShown: boolean): JobRow {
    const counts = { ...this.counts };
    const drop = (...names: (keyof JobCounts)[]) => {
      for (const name of names) counts[name] = undefined;
    };
    if (!locksShown) drop('missing', 'redundant', 'unreserved');
    if (!seen.has('exec_fini')) drop('redundant');
    if (seen.has('add_fence') && !seen.has('reserve_fences')) drop('unreserved');
    if (!seen.has('va_insert') && !seen.has('va_remove')) drop('misapplied');
    if (!seen.has('removal in a step') && counts.misapplied !== undefined) counts.misapplied -= this.perhapsMisapplied;
    if (!seen.has('step')) drop('steps', 'map', 'unmap', 'remap', 'keep', 'diverged', 'misapplied');
    if (!stepsShown) drop('missing', 'redundant');
    return new JobRow({ ...this, counts });
  }
}

export function jobRow(job: Job): JobRow {
  const judged = (name: Judged) => (job.unknown.size > 0 ? undefined : job.counts[name]);
  return new JobRow({
    job: job.id,
    line: job.line,
    endLine: job.endLine,
    start: job.start,
    end: job.end,
    pid: job.pid,
    comm: job.comm,
    vm: job.vm?.id ?? 0,
    vmOrdinal: job.vm?.ordinal ?? 0,
    vmName: job.vm?.name ?? '',
    ops: job.opCount ?? (job.ops.length > 0 ? job.ops.length : undefined),
    attempts: job.attempts === 0 ? undefined : job.attempts,
    ret: job.ret,
    counts: {
      ...job.counts,
      missing: judged('missing'),
      redundant: judged('redundant'),
      diverged: job.unplanned ? undefined : judged('diverged'),
      misapplied: job.unproved ? undefined : judged('misapplied'),
      unreserved: judged('unreserved'),
    },
    unknown: [...job.unknown],
    perhapsMisapplied: job.perhapsMisapplied,
    ranLine: 0,
  });
}
