// The five tables of a capture while it is analyzed: rows are written when their job ends or their mapping goes.
import type { AnalyzeOptions, Report } from '../analyze.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { Context } from '../replay/context.ts';
import type { Job } from '../replay/job.ts';
import type { Change, VmState } from '../replay/vm_state.ts';
import { findingsTable } from './findings_table.ts';
import { jobsTable } from './jobs_table.ts';
import { LineTimes, nanoseconds } from './line_times.ts';
import { type LockRow, lockRowsOf, locksTable } from './locks_table.ts';
import { type MappingRow, type Mark, mappingsTable } from './mappings_table.ts';
import { type Parquet, ParquetTable } from './parquet.ts';
import { type StepRow, stepRowsOf, stepsTable } from './steps_table.ts';
import type { Table, TableName } from './table.ts';

export const TABLES = [jobsTable, stepsTable, locksTable, mappingsTable, findingsTable] as const;

interface Live {
  readonly vm: VmState;
  readonly made: Mark;
}

export class CaptureTables {
  readonly #parquet: Parquet;
  readonly #sinkOf: (table: TableName) => (bytes: Uint8Array) => void;
  readonly #times = new LineTimes(nanoseconds);
  readonly #steps: ParquetTable<StepRow>;
  readonly #locks: ParquetTable<LockRow>;
  readonly #mappings: ParquetTable<MappingRow>;
  /** Mappings whose insert the trace shows, until it shows their remove. */
  readonly #live = new Map<Gpuva, Live>();

  /** sinkOf: takes the bytes of that table's file, in order. */
  constructor(parquet: Parquet, sinkOf: (table: TableName) => (bytes: Uint8Array) => void) {
    this.#parquet = parquet;
    this.#sinkOf = sinkOf;
    this.#steps = this.#open(stepsTable);
    this.#locks = this.#open(locksTable);
    this.#mappings = this.#open(mappingsTable);
  }

  /** What the analysis is to tell. */
  get hooks(): Required<Pick<AnalyzeOptions, 'onJob' | 'onChange' | 'until'>> {
    return {
      until: (where) => this.#times.note(where),
      onJob: (job) => this.#job(job),
      onChange: (vm, change, context) => this.#change(vm, change, context),
    };
  }

  /** The analysis is over: what only its end tells. */
  finish(report: Report): void {
    this.#mappingsLeft(report);
    for (const table of [this.#steps, this.#locks, this.#mappings]) table.finish();
    this.#write(jobsTable, report.jobs);
    this.#write(findingsTable, report.findings);
  }

  #open<Row>(table: Table<Row>): ParquetTable<Row> {
    return new ParquetTable(this.#parquet, table, this.#sinkOf(table.name));
  }

  #write<Row>(table: Table<Row>, rows: readonly Row[]): void {
    const file = this.#open(table);
    for (const row of rows) file.add(row);
    file.finish();
  }

  #job(job: Job): void {
    for (const row of stepRowsOf(job)) this.#steps.add(row);
    for (const row of lockRowsOf(job, this.#times)) this.#locks.add(row);
  }

  #change(vm: VmState, { va, inserted, job }: Change, { world, where }: Context): void {
    const mark: Mark = { line: where.line, ns: nanoseconds(where.time()), job };
    if (inserted) {
      this.#live.set(va, { vm, made: mark });
      return;
    }
    const made = this.#live.get(va)?.made;
    this.#live.delete(va);
    this.#mappings.add({ vm, va, resv: world.resvOf(va.obj), made, gone: mark, atEnd: false });
  }

  #mappingsLeft({ world }: Report): void {
    for (const vm of world.vms.values()) {
      for (const va of world.mappingsOf(vm)) {
        const made = this.#live.get(va)?.made;
        this.#live.delete(va);
        this.#mappings.add({ vm, va, resv: world.resvOf(va.obj), made, gone: undefined, atEnd: true });
      }
    }
    // Of VMs that went with them.
    for (const [va, { vm, made }] of this.#live)
      this.#mappings.add({ vm, va, resv: world.resvOf(va.obj), made, gone: undefined, atEnd: false });
  }
}
