// What in one trace stands for what in the other: VMs, the streams of jobs that one task gives to one VM, and jobs.
import { align, type Pair } from './align.ts';
import type { DigestedJob } from './job_digest.ts';
import type { DigestedVm, TraceDigest } from './trace_digest.ts';

export interface JobPair {
  readonly before: DigestedJob;
  readonly after: DigestedJob;
}

export interface VmPair {
  readonly before: DigestedVm;
  readonly after: DigestedVm;
}

export interface Paired {
  readonly vms: readonly VmPair[];
  /** VMs without counterpart. */
  readonly vmsGone: readonly DigestedVm[];
  readonly vmsNew: readonly DigestedVm[];
  /** In the order of the trace before. */
  readonly jobs: readonly JobPair[];
  readonly jobsGone: readonly DigestedJob[];
  readonly jobsNew: readonly DigestedJob[];
}

/** A VM, or a task of one, with its jobs in order. */
interface Stream {
  readonly name: string;
  readonly jobs: readonly DigestedJob[];
}

interface VmStream extends Stream {
  readonly vm: DigestedVm;
}

type Key<T> = (one: T) => string | number;

/** The surest first; what one leaves is for the next. */
const STREAM_KEYS: readonly Key<Stream>[] = [
  ({ name, jobs }) => `${name} ${jobs.map(sameOps).sort().join()}`,
  ({ name, jobs }) => `${name} ${jobs[0]?.ops ?? ''}`,
  ({ name }) => name,
  () => '',
];

const JOB_KEYS: readonly Key<DigestedJob>[] = [sameOps, ({ places }) => places];

export function pair(before: TraceDigest, after: TraceDigest): Paired {
  const vms = match(vmStreams(before), vmStreams(after), STREAM_KEYS);
  const jobs: JobPair[] = [];
  for (const [a, b] of vms.pairs) for (const one of pairJobs(a.jobs, b.jobs)) jobs.push(one);
  const paired = new Set(jobs.flatMap((one) => [one.before, one.after]));
  return {
    vms: vms.pairs.map(([a, b]) => ({ before: a.vm, after: b.vm })).filter(({ before }) => isKnown(before)),
    vmsGone: vms.left.map(({ vm }) => vm).filter(isKnown),
    vmsNew: vms.right.map(({ vm }) => vm).filter(isKnown),
    jobs: jobs.sort((a, b) => a.before.line - b.before.line),
    jobsGone: before.jobs.filter((job) => !paired.has(job)),
    jobsNew: after.jobs.filter((job) => !paired.has(job)),
  };
}

function groupBy<T, K>(all: readonly T[], key: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const name = key(one);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return groups;
}

function sameOps({ ops }: DigestedJob): number {
  return ops;
}

/** Jobs whose VM is not known are taken for those of one more. */
function isKnown({ ordinal }: DigestedVm): boolean {
  return ordinal !== 0;
}

function vmStreams({ vms, jobs }: TraceDigest): VmStream[] {
  const byVm = groupBy(jobs, ({ vm }) => vm);
  return vms.map((vm) => ({ vm, name: vm.name, jobs: inOrder(byVm.get(vm.ordinal) ?? []) }));
}

/** Jobs begin in the order in which a task gives them to a VM, whenever they are over. */
function inOrder(jobs: readonly DigestedJob[]): DigestedJob[] {
  return jobs.toSorted((a, b) => a.line - b.line);
}

/** Those of one VM: task by task, since two tasks' jobs come in another order each time. */
function pairJobs(before: readonly DigestedJob[], after: readonly DigestedJob[]): JobPair[] {
  const tasks = match(taskStreams(before), taskStreams(after), STREAM_KEYS);
  const pairs: JobPair[] = [];
  for (const [a, b] of tasks.pairs)
    for (const [i, j] of alignBy(a.jobs, b.jobs, JOB_KEYS))
      pairs.push({ before: a.jobs[i] as DigestedJob, after: b.jobs[j] as DigestedJob });
  const done = new Set(pairs.flatMap((one) => [one.before, one.after]));
  const open = (jobs: readonly DigestedJob[]) => jobs.filter((job) => !done.has(job));
  // Where a pool of threads shares the work, another one may have done it.
  for (const [a, b] of match(open(before), open(after), [sameOps]).pairs) pairs.push({ before: a, after: b });
  return pairs;
}

function taskStreams(jobs: readonly DigestedJob[]): Stream[] {
  return [...groupBy(jobs, ({ pid }) => pid).values()].map((own) => ({ name: String(own[0]?.comm), jobs: own }));
}

interface Matched<T> {
  readonly pairs: readonly (readonly [T, T])[];
  readonly left: readonly T[];
  readonly right: readonly T[];
}

/** Pairs of equal keys, the first with the first, in whatever order they come. */
export function match<T>(before: readonly T[], after: readonly T[], keys: readonly Key<T>[]): Matched<T> {
  const pairs: (readonly [T, T])[] = [];
  let [left, right] = [before, after];
  for (const key of keys) {
    const waiting = groupBy(right.toReversed(), key);
    const taken = new Set<T>();
    left = left.filter((one) => {
      const other = waiting.get(key(one))?.pop();
      if (other === undefined) return true;
      pairs.push([one, other]);
      taken.add(other);
      return false;
    });
    right = right.filter((one) => !taken.has(one));
  }
  return { pairs, left, right };
}

/**
 * Pairs in the order of both: by the first key, what lies between by the next, and in the end those that stand alone in
 * the same place.
 */
export function alignBy<T>(before: readonly T[], after: readonly T[], keys: readonly Key<T>[]): Pair[] {
  const [key, ...rest] = keys;
  if (key === undefined) return before.length === after.length ? before.map((_, i): Pair => [i, i]) : [];
  const numbers = new Map<string | number, number>();
  const numberOf = (one: T) => {
    const text = key(one);
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  };
  const pairs = align(before.map(numberOf), after.map(numberOf));
  const all: Pair[] = [];
  let [i, j] = [0, 0];
  for (const [a, b] of [...pairs, [before.length, after.length] as const]) {
    if (a > i && b > j)
      for (const [x, y] of alignBy(before.slice(i, a), after.slice(j, b), rest)) all.push([i + x, j + y]);
    [i, j] = [a + 1, b + 1];
  }
  return [...all, ...pairs].sort(([x], [y]) => x - y);
}
