// What remains of a job when it is over: one row of the jobs table.
import type { Ptr } from '../base/u64.ts';
import type { Job } from './job.ts';
import { type Counts, type Judged, unjudged } from './job_counts.ts';
import type { RowTable } from './row_table.ts';

export type Verdict = 'ok' | 'failed' | 'bad' | 'wasteful' | 'unknown';

export interface RowValues {
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
  readonly counts: Counts;
  /** Why it was not judged whole. */
  readonly unknown: readonly string[];
  /** As in Job. */
  readonly perhapsMisapplied: number;
  /** Where the scheduler's run of it ended, behind the ioctl; 0: it was not seen to run. */
  readonly ranLine: number;
}

/** Where they are among the numbers of a row; a shared value or a text as its number in the table. */
const JOB = 0;
const LINE = 1;
const END_LINE = 2;
const RAN_LINE = 3;
const PID = 4;
const COMM = 5;
const VM = 6;
const VM_ORDINAL = 7;
const VM_NAME = 8;
const OPS = 9;
const ATTEMPTS = 10;
const RET = 11;
const COUNTS = 12;
const UNKNOWN = 13;
const TIMES = 14;

/** Made for each job and kept: all that it has of its own is where its numbers are. */
export class JobRow implements RowValues {
  readonly #table: RowTable;
  readonly #numbers: Float64Array;
  readonly #at: number;
  readonly perhapsMisapplied: number;

  constructor(table: RowTable, row: RowValues) {
    table.next();
    this.#table = table;
    this.#numbers = table.numbers;
    this.#at = table.at;
    this.perhapsMisapplied = row.perhapsMisapplied;
    const { texts } = table;
    this.#set(JOB, row.job);
    this.#set(LINE, row.line);
    this.#set(END_LINE, row.endLine);
    this.#set(RAN_LINE, row.ranLine);
    this.#set(PID, row.pid);
    this.#set(COMM, texts.of(row.comm));
    this.#set(VM, table.vms.of(row.vm));
    this.#set(VM_ORDINAL, row.vmOrdinal);
    this.#set(VM_NAME, texts.of(row.vmName));
    this.#set(OPS, row.ops);
    this.#set(ATTEMPTS, row.attempts);
    this.#set(RET, row.ret);
    this.#set(COUNTS, table.counts.of(row.counts));
    this.#set(UNKNOWN, table.reasons.of(row.unknown));
    this.#set(TIMES, table.times.add(`${row.start}\n${row.end}`));
  }

  get job(): number {
    return this.#number(JOB);
  }

  get line(): number {
    return this.#number(LINE);
  }

  get endLine(): number {
    return this.#number(END_LINE);
  }

  get start(): string {
    return this.#times.split('\n', 1)[0] ?? '';
  }

  get end(): string {
    return this.#times.slice(this.#times.indexOf('\n') + 1);
  }

  get pid(): number {
    return this.#number(PID);
  }

  get comm(): string {
    return this.#table.texts.at(this.#number(COMM));
  }

  get vm(): Ptr {
    return this.#table.vms.at(this.#number(VM));
  }

  get vmOrdinal(): number {
    return this.#number(VM_ORDINAL);
  }

  get vmName(): string {
    return this.#table.texts.at(this.#number(VM_NAME));
  }

  get ops(): number | undefined {
    return this.#known(OPS);
  }

  get attempts(): number | undefined {
    return this.#known(ATTEMPTS);
  }

  get ret(): number | undefined {
    return this.#known(RET);
  }

  get counts(): Counts {
    return this.#table.counts.at(this.#number(COUNTS));
  }

  set counts(counts: Counts) {
    this.#set(COUNTS, this.#table.counts.of(counts));
  }

  get unknown(): readonly string[] {
    return this.#table.reasons.at(this.#number(UNKNOWN));
  }

  get ranLine(): number {
    return this.#number(RAN_LINE);
  }

  set ranLine(line: number) {
    this.#set(RAN_LINE, line);
  }

  /** bad: something is broken; wasteful: only locks too many; unknown: not judged whole; failed: it returned an error. */
  get verdict(): Verdict {
    const { counts, ret } = this;
    const { missing, diverged, misapplied, unreserved, redundant } = counts;
    if ((missing ?? 0) + (misapplied ?? 0) + (unreserved ?? 0) > 0) return 'bad';
    const stepsCounted = counts.steps !== undefined;
    if (this.unknown.length > 0 || missing === undefined) return 'unknown';
    if (stepsCounted && diverged === undefined) return 'unknown';
    if ((redundant ?? 0) > 0) return 'wasteful';
    return ret !== undefined && ret < 0 ? 'failed' : 'ok';
  }

  /** Nothing about it is above this doubt any more. */
  doubt(why: string): void {
    const { unknown } = this;
    if (unknown.includes(why)) return;
    this.counts = unjudged(this.counts);
    this.#set(UNKNOWN, this.#table.reasons.of([...unknown, why]));
  }

  toJSON(): RowValues {
    const { job, line, endLine, start, end, pid, comm, vm, vmOrdinal, vmName } = this;
    const { ops, attempts, ret, counts, unknown, perhapsMisapplied, ranLine } = this;
    const which = { job, line, endLine, start, end, pid, comm, vm, vmOrdinal, vmName };
    return { ...which, ops, attempts, ret, counts, unknown, perhapsMisapplied, ranLine };
  }

  get #times(): string {
    return this.#table.times.text(this.#number(TIMES));
  }

  #number(which: number): number {
    return this.#numbers[this.#at + which] ?? 0;
  }

  #known(which: number): number | undefined {
    const value = this.#number(which);
    return Number.isNaN(value) ? undefined : value;
  }

  #set(which: number, value: number | undefined): void {
    this.#numbers[this.#at + which] = value ?? Number.NaN;
  }
}

export function jobRow(job: Job, table: RowTable): JobRow {
  const judged = (name: Judged) => (job.unknown.size > 0 ? undefined : job.counts[name]);
  return new JobRow(table, {
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
