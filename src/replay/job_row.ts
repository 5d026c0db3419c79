// What remains of a job when it is over: one row of the jobs table.
import type { Ptr } from '../base/u64.ts';
import type { Job } from './job.ts';
import { type Counts, type Judged, unjudged } from './job_counts.ts';
import { DOUBLES, type RowBlock, type RowTable, WORDS } from './row_table.ts';

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

/** Where they are among the doubles of a row. */
const JOB = 0;
const LINE = 1;
const END_LINE = 2;
const RAN_LINE = 3;
const PID = 4;
const OPS = 5;
const ATTEMPTS = 6;
const RET = 7;

/** And among its words: a shared value or a text as its number in the table. */
const COMM = 0;
const VM = 1;
const VM_ORDINAL = 2;
const VM_NAME = 3;
const COUNTS = 4;
const UNKNOWN = 5;
const TIMES = 6;
const PERHAPS_MISAPPLIED = 7;

/** Reads a row of a table; any number of them may read the same. */
export class JobRow implements RowValues {
  readonly #block: RowBlock;
  readonly #at: number;

  private constructor(block: RowBlock, at: number) {
    this.#block = block;
    this.#at = at;
  }

  /** All rows, in the order in which they were kept. */
  static all(table: RowTable): JobRow[] {
    return table.blocks.flatMap((block) => Array.from({ length: block.size }, (_, at) => new JobRow(block, at)));
  }

  static keep(table: RowTable, row: RowValues): JobRow {
    const block = table.next();
    const kept = new JobRow(block, block.size - 1);
    kept.#fill(row);
    return kept;
  }

  #fill(row: RowValues): void {
    const { table } = this.#block;
    const { texts } = table;
    this.#setDouble(JOB, row.job);
    this.#setDouble(LINE, row.line);
    this.#setDouble(END_LINE, row.endLine);
    this.#setDouble(RAN_LINE, row.ranLine);
    this.#setDouble(PID, row.pid);
    this.#setDouble(OPS, row.ops);
    this.#setDouble(ATTEMPTS, row.attempts);
    this.#setDouble(RET, row.ret);
    this.#setWord(COMM, texts.of(row.comm));
    this.#setWord(VM, table.vms.of(row.vm));
    this.#setWord(VM_ORDINAL, row.vmOrdinal);
    this.#setWord(VM_NAME, texts.of(row.vmName));
    this.#setWord(COUNTS, table.counts.of(row.counts));
    this.#setWord(UNKNOWN, table.reasons.of(row.unknown));
    this.#setWord(TIMES, table.times.add(`${row.start}\n${row.end}`));
    this.#setWord(PERHAPS_MISAPPLIED, row.perhapsMisapplied);
  }

  get job(): number {
    return this.#double(JOB);
  }

  get line(): number {
    return this.#double(LINE);
  }

  get endLine(): number {
    return this.#double(END_LINE);
  }

  get start(): string {
    return this.#times.split('\n', 1)[0] ?? '';
  }

  get end(): string {
    return this.#times.slice(this.#times.indexOf('\n') + 1);
  }

  get pid(): number {
    return this.#double(PID);
  }

  get comm(): string {
    return this.#block.table.texts.at(this.#word(COMM));
  }

  get vm(): Ptr {
    return this.#block.table.vms.at(this.#word(VM));
  }

  get vmOrdinal(): number {
    return this.#word(VM_ORDINAL);
  }

  get vmName(): string {
    return this.#block.table.texts.at(this.#word(VM_NAME));
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
    return this.#block.table.counts.at(this.#word(COUNTS));
  }

  set counts(counts: Counts) {
    this.#setWord(COUNTS, this.#block.table.counts.of(counts));
  }

  get unknown(): readonly string[] {
    return this.#block.table.reasons.at(this.#word(UNKNOWN));
  }

  get ranLine(): number {
    return this.#double(RAN_LINE);
  }

  set ranLine(line: number) {
    this.#setDouble(RAN_LINE, line);
  }

  get perhapsMisapplied(): number {
    return this.#word(PERHAPS_MISAPPLIED);
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
    this.#setWord(UNKNOWN, this.#block.table.reasons.of([...unknown, why]));
  }

  toJSON(): RowValues {
    const { job, line, endLine, start, end, pid, comm, vm, vmOrdinal, vmName } = this;
    const { ops, attempts, ret, counts, unknown, perhapsMisapplied, ranLine } = this;
    const which = { job, line, endLine, start, end, pid, comm, vm, vmOrdinal, vmName };
    return { ...which, ops, attempts, ret, counts, unknown, perhapsMisapplied, ranLine };
  }

  get #times(): string {
    return this.#block.table.times.text(this.#word(TIMES));
  }

  #double(which: number): number {
    return this.#block.doubles[DOUBLES * this.#at + which] ?? 0;
  }

  #known(which: number): number | undefined {
    const value = this.#double(which);
    return Number.isNaN(value) ? undefined : value;
  }

  #word(which: number): number {
    return this.#block.words[WORDS * this.#at + which] ?? 0;
  }

  #setDouble(which: number, value: number | undefined): void {
    this.#block.doubles[DOUBLES * this.#at + which] = value ?? Number.NaN;
  }

  #setWord(which: number, value: number): void {
    this.#block.words[WORDS * this.#at + which] = value;
  }
}

export function jobRow(job: Job, table: RowTable): JobRow {
  const judged = (name: Judged) => (job.unknown.size > 0 ? undefined : job.counts[name]);
  return JobRow.keep(table, {
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
