// The table `locks`: every lock call of the lock passes, with what came of it, and how long the lock was held.
import type { ExecEntry } from '../exec/exec.ts';
import type { Job, LockAttempt } from '../replay/job.ts';
import { lastWait } from '../replay/resv_waits.ts';
import type { LockWait, Rival } from '../replay/task.ts';
import { pointer } from '../reporters/table.ts';
import type { LineTimes } from './line_times.ts';
import type { Table } from './table.ts';

/** One round of a locking context. */
export interface Round {
  readonly one: LockAttempt;
  /** From 1. */
  readonly number: number;
  /** The line that drops all of its locks; 0: not in the trace. */
  readonly endLine: number;
  readonly retried: boolean;
}

export function roundsOf(job: Job): Round[] {
  const attempts = job.detail?.attempts ?? [];
  let number = 0;
  return attempts.map((one, i) => {
    const next = attempts[i + 1];
    const retried = next?.init === one.init && next.task === one.task;
    number = attempts[i - 1]?.init === one.init ? number + 1 : 1;
    return { one, number, endLine: retried ? (next?.attempt.line ?? 0) : one.fini, retried };
  });
}

/** The line at which the lock of this entry is given up; 0: not in the trace, undefined: the entry holds none. */
export function releaseLine({ one, endLine }: Round, entry: ExecEntry): number | undefined {
  if (entry.via !== 'lock' && entry.via !== 'slow') return undefined;
  const { entries } = one.attempt;
  const unlocked = entries.slice(entries.indexOf(entry)).find(({ via, obj }) => via === 'unlock' && obj === entry.obj);
  return unlocked?.line ?? endLine;
}

export interface LockRow {
  readonly job: Job;
  readonly round: Round;
  readonly entry: ExecEntry;
  readonly until: number | undefined;
  readonly wait: LockWait | undefined;
  readonly holder: Rival | undefined;
  readonly heldNs: bigint | undefined;
  readonly waitedNs: bigint | undefined;
}

export function* lockRowsOf(job: Job, times: LineTimes): Iterable<LockRow> {
  for (const round of roundsOf(job)) {
    const { attempt, waits, contention } = round.one;
    for (const entry of attempt.entries) {
      const until = releaseLine(round, entry) || undefined;
      const wait = lastWait(waits, entry.resv, attempt.line, entry.line);
      const refused = contention.find(({ line }) => line === entry.line);
      const heldNs = until === undefined ? undefined : times.between(entry.line, until);
      const waitedNs = wait === undefined ? undefined : times.between(wait.line, wait.endLine);
      yield { job, round, entry, until, wait, holder: refused?.holder ?? wait?.holder, heldNs, waitedNs };
    }
  }
}

export const locksTable: Table<LockRow> = {
  name: 'locks',
  meaning: 'a call that locks or unlocks an object in a lock pass',
  columns: [
    { name: 'job', type: 'int', meaning: 'as jobs.job', value: ({ job }) => job.id },
    { name: 'job_line', type: 'int', meaning: 'as jobs.line', value: ({ job }) => job.line },
    { name: 'pid', type: 'int', meaning: 'the task that locks', value: ({ round }) => round.one.task },
    { name: 'exec_line', type: 'int', meaning: 'drm_exec_init() of its context', value: ({ round }) => round.one.init },
    { name: 'attempt', type: 'int', meaning: 'number of the round, from 1', value: ({ round }) => round.number },
    { name: 'retried', type: 'flag', meaning: 'another round follows', value: ({ round }) => round.retried },
    { name: 'line', type: 'int', meaning: 'where the call is over', value: ({ entry }) => entry.line },
    {
      name: 'via',
      type: 'text',
      meaning:
        'lock, slow (first after -EDEADLK), prelocked, duplicate, contended (-EDEADLK), interrupted, failed, unlock',
      value: ({ entry }) => entry.via,
    },
    { name: 'obj', type: 'text', meaning: 'pointer of the object', value: ({ entry }) => pointer(entry.obj) },
    { name: 'resv', type: 'text', meaning: 'pointer of its dma_resv', value: ({ entry }) => pointer(entry.resv) },
    {
      name: 'vm_resv',
      type: 'flag',
      meaning: 'it is the VM’s own; null: not known',
      value: ({ job, entry }) => (entry.resv === 0 || !job.vm?.resv ? undefined : entry.resv === job.vm.resv),
    },
    { name: 'until_line', type: 'int', meaning: 'where the lock is given up', value: ({ until }) => until },
    { name: 'held_ns', type: 'int', meaning: 'ns from line to until_line', value: ({ heldNs }) => heldNs },
    {
      name: 'waited_ns',
      type: 'int',
      meaning: 'ns that the task waited for it; null: it did not, or contention is not probed',
      value: ({ waitedNs }) => waitedNs,
    },
    {
      name: 'holder_pid',
      type: 'int',
      meaning: 'the task that had it then, where the trace shows that',
      value: ({ holder }) => holder?.pid,
    },
  ],
};
