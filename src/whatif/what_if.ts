// The same jobs under another lock pass: what it would have locked, against what the steps needed.
import type { Ptr } from '../base/u64.ts';
import type { DriverName } from '../events/vm_event.ts';
import type { Job } from '../replay/job.ts';
import type { JobRow } from '../replay/job_row.ts';
import { type LockedSet, lockSetOf } from './lock_set.ts';
import type { Argument, OtherPass } from './other_pass.ts';

/** Undefined: the trace does not tell. */
export interface PassCounts {
  /** dma_resvs, the VM's own included. */
  readonly locks: number | undefined;
  /** Steps on an object whose dma_resv is not among them. */
  readonly missing: number | undefined;
  /** Those that neither a listed object nor a step needs, the VM's own aside; 0 where they are dropped before the apply. */
  readonly redundant: number | undefined;
  /** Those that another task held or took while the job's locking context was open. */
  readonly contended: number | undefined;
}

/**
 * fixed: no lock is missing any more. better, worse: fewer or more are. cheaper, costlier: as many are missing (usually
 * none), with fewer or more locks taken. same: neither differs.
 */
export type WhatIfVerdict = 'fixed' | 'better' | 'worse' | 'cheaper' | 'costlier' | 'same' | 'unknown';

export interface WhatIfRow {
  readonly row: JobRow;
  readonly recorded: PassCounts;
  readonly other: PassCounts;
  readonly verdict: WhatIfVerdict;
  /** Why something of it is not known; '' where all is. */
  readonly why: string;
}

interface Counted {
  readonly recorded: Pick<PassCounts, 'locks' | 'contended'>;
  readonly other: PassCounts;
  readonly why: string;
}

const NOTHING: PassCounts = { locks: undefined, missing: undefined, redundant: undefined, contended: undefined };

export class WhatIf {
  /** Requests of the recorded passes whose arguments would change, and those that ask for no more than before. */
  readonly requests = { changed: 0, same: 0 };
  /** Jobs of another driver than the pass is of: they stay as recorded. */
  aside = 0;
  readonly #pass: OtherPass;
  readonly #driver: string | undefined;
  readonly #counted = new Map<string, Counted>();

  /** `driver`: whose pass it is; of every driver where undefined. */
  constructor(pass: OtherPass, driver?: string) {
    this.#pass = pass;
    this.#driver = driver;
  }

  /** Takes a job when it is over, while the VM's past is still remembered (the analysis must be made with `passes`). */
  job(job: Job): void {
    const held = job.detail?.pass?.held ?? new Set();
    const recorded = { locks: held.size, contended: contendedOf(job, held) };
    const own = isOf(this.#driver, job.driver);
    if (!own) this.aside++;
    else if (this.#pass.kind === 'arguments') this.#countRequests(job, this.#pass.changed);
    const set = lockSetOf(job, own ? this.#pass : { kind: 'recorded' });
    const counted =
      set.unknown === undefined
        ? { other: countsOf(job, set), why: set.partial }
        : { other: set.idle ? { ...NOTHING, missing: 0 } : NOTHING, why: set.unknown };
    this.#counted.set(keyOf(job.id, job.line), { recorded, ...counted });
  }

  #countRequests(job: Job, changed: readonly Argument[]): void {
    for (const [op, ask] of job.detail?.pairs ?? []) {
      const own = changed.filter(({ call }) => call === ask.call);
      if (own.length === 0) continue;
      if (own.every(({ argument, is }) => ask[argument] === op[is])) this.requests.same++;
      else this.requests.changed++;
    }
  }

  /** One row a job, in the order of the report's. */
  rows(jobs: readonly JobRow[]): WhatIfRow[] {
    return jobs.flatMap((row) => {
      const counted = this.#counted.get(keyOf(row.job, row.line));
      return counted === undefined ? [] : [rowOf(row, counted)];
    });
  }
}

/** The lab's module stands for any driver. */
function isOf(driver: string | undefined, of: DriverName | undefined): boolean {
  return driver === undefined || of === undefined || of === 'lab' || of === driver;
}

function keyOf(job: number, line: number): string {
  return `${job} ${line}`;
}

function rowOf(row: JobRow, { recorded, other, why }: Counted): WhatIfRow {
  const { missing, redundant } = row.counts;
  const known = missing !== undefined;
  const own = { ...(known ? recorded : NOTHING), missing, redundant };
  if (!known) {
    const reason = row.unknown.join('; ') || 'its locks or its steps are not probed';
    return { row, recorded: own, other: NOTHING, verdict: 'unknown', why: reason };
  }
  const told = redundant === undefined ? { ...other, redundant } : other;
  return { row, recorded: own, other: told, verdict: verdictOf(own, told), why };
}

function verdictOf(recorded: PassCounts, other: PassCounts): WhatIfVerdict {
  const missing = difference(recorded.missing, other.missing);
  if (missing === undefined) return 'unknown';
  if (missing > 0) return 'worse';
  if (missing < 0) return other.missing === 0 ? 'fixed' : 'better';
  const locks = difference(recorded.locks, other.locks) ?? 0;
  return locks === 0 ? 'same' : locks < 0 ? 'cheaper' : 'costlier';
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before;
}

function countsOf(job: Job, set: LockedSet): PassCounts {
  const { resvs } = set;
  const missing = missingUnder(job, set);
  if (set.partial !== '') return { ...NOTHING, missing: missing === 0 ? 0 : undefined };
  const needed = neededBy(job);
  // As in the jobs table: asked of the locks that are held while the job is applied.
  const held = job.detail?.pass?.dropped === true ? [] : [...resvs];
  const redundant = held.filter((resv) => resv !== job.vm?.resv && !needed.has(resv)).length;
  return { locks: resvs.size, missing, redundant, contended: contendedOf(job, resvs) };
}

function missingUnder(job: Job, { resvs, refused }: LockedSet): number | undefined {
  if (refused || job.vm?.ownListLock === true) return 0;
  let missing = 0;
  for (const { resv, under } of job.detail?.pass?.needs ?? []) {
    if (resv === 0) return undefined;
    if (under === 'nothing' || (under === 'pass' && !resvs.has(resv))) missing++;
  }
  return missing;
}

function neededBy(job: Job): Set<Ptr> {
  const needed = new Set(job.needed);
  const { pass } = job.detail ?? {};
  for (const { resv } of pass?.needs ?? []) needed.add(resv);
  for (const { event } of job.listed) if (event.obj) needed.add(pass?.resvOf(event.obj) ?? 0);
  return needed;
}

function contendedOf(job: Job, resvs: ReadonlySet<Ptr>): number | undefined {
  const rivals = job.detail?.pass?.rivals;
  return rivals === undefined ? undefined : [...resvs].filter((resv) => rivals.has(resv)).length;
}
