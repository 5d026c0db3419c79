// The whole pipeline: bytes of a trace in, a report out. No I/O, no clock, no console.
import type { Ptr } from './base/u64.ts';
import { doubtsOf, lossIsSilent } from './doubts.ts';
import type { Diagnostic } from './events/diagnostic.ts';
import { type LineNames, linesOf } from './events/lines.ts';
import type { VmDump } from './events/vm_dump.ts';
import type { DriverName, VmEvent, Where } from './events/vm_event.ts';
import type { Finding } from './findings/finding.ts';
import type { ProbeDefinition } from './ftrace/dynamic_events.ts';
import { entryCount, isCounted } from './ftrace/entry_count.ts';
import type { ColumnNames, InputName } from './ftrace/formats/index.ts';
import type { LossPlaces } from './ftrace/losses.ts';
import { MergedLosses, MergedTrace, type MergeInput, totalDiagnostics, totalStats } from './ftrace/merged/index.ts';
import type { ProbeTable } from './ftrace/probe_table.ts';
import type { EventSink, TraceStats } from './ftrace/text_decoder.ts';
import type { ByteSource, Decompressors } from './ftrace/trace_dat/index.ts';
import { TraceReader } from './ftrace/trace_reader.ts';
import { Judge, type Trust } from './judge.ts';
import { KernelKnowledge, type KernelOptions, type KernelReport } from './kernels/index.ts';
import { type LossReport, lossReport } from './lost.ts';
import { makeProbeTable, proveKernel, shownBy } from './probe_set.ts';
import type { Job } from './replay/job.ts';
import { toldCounts } from './replay/job_counts.ts';
import { JobRow, jobRow } from './replay/job_row.ts';
import { LOST_MEANWHILE, Machine } from './replay/machine.ts';
import { RowTable } from './replay/row_table.ts';
import type { WatchOptions } from './replay/watch.ts';
import type { MmuMode, World, WorldSink } from './replay/world.ts';

export interface AnalyzeOptions {
  /** The name that findings carry. */
  readonly file: string;
  /** The format of what push() gets, where its content must not tell. */
  readonly input?: InputName | undefined;
  /** What the columns of a CSV are called. */
  readonly columns?: ColumnNames | undefined;
  /** A saved dynamic_events: what the user's event names stand for. */
  readonly definitions?: readonly ProbeDefinition[];
  /** Keep what `show` needs of every job, and hand each over when it ends, with everything as it then is. */
  readonly onJob?: (job: Job, world: World) => void;
  /** Told of each mapping that enters or leaves the tree of a VM. */
  readonly onChange?: WorldSink['change'] | undefined;
  /** Keep also what another lock pass would meet, in the detail of each job that onJob gets. */
  readonly passes?: boolean;
  /** Where the page tables come from; 'trace' where not given. */
  readonly mmu?: MmuMode | undefined;
  /** Whose trace it is, where its functions are not all of one driver or of none. */
  readonly driver?: DriverName | undefined;
  /** What is known of the traced kernel beside what the trace tells of it. */
  readonly kernel?: KernelOptions | undefined;
  /** Keep what shapes an address; it is then in the report's `world.watch`. */
  readonly watch?: WatchOptions | undefined;
  /** Keep what every VM mapped when; it is then in the report's `world.history`. */
  readonly history?: boolean | undefined;
  /** VMs as they were before the trace began, by the pointers that they have in it. */
  readonly initial?: ReadonlyMap<Ptr, VmDump> | undefined;
  /** VMs as they should be: at the end, or before the first event that `until` answers with `false`. */
  readonly expect?: Expectation | undefined;
  /** VMs as they were at moments in the trace: those that events went missing of are known whole again from there on. */
  readonly snapshots?: readonly Snapshot[] | undefined;
  /** Asked before each event; `false` ends the analysis there, with the state as it then is. */
  readonly until?: ((where: Where) => boolean) | undefined;
}

export interface Expectation {
  readonly dumps: readonly VmDump[];
  readonly until: ((where: Where) => boolean) | undefined;
}

/** Taken before the first event that `until` answers with `false`. */
export interface Snapshot {
  /** Names it where something is to be said about it. */
  readonly file: string;
  readonly dumps: readonly VmDump[];
  readonly until: (where: Where) => boolean;
}

export interface Report {
  readonly file: string;
  /** What the lines are called that findings, jobs and the world have: where files were merged, of which each is. */
  readonly lines: LineNames;
  readonly findings: readonly Finding[];
  readonly jobs: readonly JobRow[];
  readonly diagnostics: readonly Diagnostic[];
  readonly stats: TraceStats;
  /** Where the tracer lost events, and what was not judged because of it. */
  readonly losses: LossReport;
  readonly kernel: KernelReport;
  /** Why the verdict is not a whole one; empty where everything was seen. */
  readonly doubts: readonly string[];
  /** The state at the end, or where `until` stopped. */
  readonly world: World;
  /** Events by probed function; 0: installed and never fired; undefined: it means nothing to us. */
  readonly probed: ReadonlyMap<string, number | undefined>;
}

/** Rows kept. */
const MAX_JOBS = 400_000;

/** What was read, of one file or of several. */
interface Told {
  readonly stats: TraceStats;
  readonly diagnostics: readonly Diagnostic[];
  readonly losses: LossPlaces;
}

export class Analysis implements EventSink {
  readonly #options: AnalyzeOptions;
  readonly #machine: Machine;
  readonly #table: ProbeTable;
  readonly #reader: TraceReader;
  #merged: MergedTrace | undefined;
  readonly #judge: Judge;
  readonly #rowTable = new RowTable();
  /** Of jobs that may still run. */
  readonly #rows = new WeakMap<Job, JobRow>();
  /** So many jobs there are beyond those whose rows are kept. */
  #omitted = 0;
  /** VMs of which a job was not seen to end, by their ordinals. */
  readonly #unended = new Set<number>();
  /** Jobs that ran before their ioctl was over. */
  readonly #ran = new WeakMap<Job, number>();
  readonly #kernel: KernelKnowledge;
  #begun = false;
  /** So many findings fresh() has given. */
  #asked = 0;
  /** The expectation, until it was compared. */
  #awaited: Expectation | undefined;
  /** What could not be made of dumps, in words. */
  readonly #notes: string[] = [];
  /** Those whose moment has not come. */
  readonly #snapshots: Set<Snapshot>;
  #stopped = false;

  constructor(options: AnalyzeOptions) {
    this.#options = options;
    this.#kernel = new KernelKnowledge(options.kernel);
    this.#awaited = options.expect;
    this.#snapshots = new Set(options.snapshots);
    this.#machine = new Machine(
      {
        fact: (fact) => this.#judge.judge(fact),
        job: (job) => this.#endJob(job),
        ran: (job, line) => this.#endRun(job, line),
        change: options.onChange,
      },
      {
        detail: options.onJob !== undefined,
        passes: options.passes,
        mmu: options.mmu ?? 'trace',
        kernel: this.#kernel,
        driver: options.driver,
        watch: options.watch,
        history: options.history,
      },
    );
    this.#machine.world.lines = linesOf(options.file);
    this.#judge = new Judge(this.#machine.world);
    for (const [id, dump] of options.initial ?? []) this.#machine.world.addDumpedVm(id, dump);
    this.#table = makeProbeTable(options);
    for (const { symbol, at } of options.definitions ?? []) {
      const binding = this.#table.bySymbol(symbol, at);
      // Installed, whether it ever fires or not.
      for (const shown of binding === undefined ? [] : shownBy(binding.spec)) this.#machine.world.seen.add(shown);
    }
    const { file, input, columns } = options;
    this.#reader = new TraceReader({ file, table: this.#table, sink: this, input, columns });
  }

  /** Reads a whole trace.dat instead of text; a sentence where it is none. */
  readTraceDat(source: ByteSource, decompressors: Decompressors): string | undefined {
    const damage = this.#reader.openTraceDat(source, decompressors);
    if (damage === undefined) this.#reader.readSome(Number.POSITIVE_INFINITY);
    return damage;
  }

  /** Takes the next bytes of anything but a trace.dat; false where no more are wanted. */
  push(chunk: Uint8Array): boolean {
    if (!this.#stopped) this.#reader.push(chunk);
    return !this.#stopped;
  }

  /**
   * Something is wrong with how the bytes of the trace, or of one of its files, are kept: more of it is missing, or what was
   * read of it is not what was written (`isCorrupt`), and then no finding is certain.
   */
  damaged({ message, isCorrupt }: { readonly message: string; readonly isCorrupt: boolean }, file = 0): void {
    this.#readers[file]?.diagnostics.push({ kind: isCorrupt ? 'corrupt' : 'damaged', line: 0, message, count: 1 });
  }

  /** Reads several files of one run instead, as one trace in the order of time. A UserError where they have no clock in common. */
  async merge(inputs: readonly MergeInput[]): Promise<void> {
    const { input, columns } = this.#options;
    this.#merged = new MergedTrace(inputs, this, { table: this.#table, input, columns });
    this.#machine.world.lines = this.#merged.lines;
    await this.#merged.read(() => !this.#stopped);
  }

  get #readers(): readonly TraceReader[] {
    return this.#merged?.files.map(({ reader }) => reader) ?? [this.#reader];
  }

  event(event: VmEvent, where: Where): void {
    if (this.#stopped) return;
    if (!this.#begun) this.#begin();
    if (this.#options.until !== undefined && !this.#options.until(where)) {
      this.#stopped = true;
      return;
    }
    if (this.#awaited?.until?.(where) === false) this.#compare();
    if (this.#snapshots.size > 0) this.#takeSnapshots(where);
    this.#machine.event(event, where);
  }

  /** Headers stand before the first event. */
  #begin(): void {
    this.#begun = true;
    const release = this.#readers.map(({ stats }) => stats.release).find((one) => one !== undefined);
    if (release !== undefined) this.#kernel.release(release, 'the trace’s header');
  }

  #compare(): void {
    if (this.#awaited !== undefined) this.#notes.push(...this.#machine.expect(this.#awaited.dumps));
    this.#awaited = undefined;
  }

  #takeSnapshots(where: Where): void {
    for (const snapshot of this.#snapshots) {
      const { file, dumps, until } = snapshot;
      if (until(where)) continue;
      this.#snapshots.delete(snapshot);
      this.#notes.push(...this.#machine.restore(dumps).map((note) => `${file}: ${note}`));
    }
  }

  loss(): void {
    if (!this.#stopped) this.#machine.loss();
  }

  /** The state at the present moment. */
  get world(): World {
    return this.#machine.world;
  }

  /** The findings made since it was last asked, as they stand with what was read so far. For a trace that is still growing. */
  fresh(): Finding[] {
    const from = this.#asked;
    this.#asked = this.#judge.made;
    return from === this.#asked ? [] : this.#judge.findings(this.#trust(this.#told()), from);
  }

  /** What was read so far, and what is odd about it. */
  #told(): Told {
    const { stats, diagnostics } = this.#reader;
    if (this.#merged === undefined) return { stats, diagnostics, losses: stats.losses };
    const readers = this.#readers;
    return {
      stats: totalStats(readers),
      diagnostics: totalDiagnostics(readers),
      losses: new MergedLosses(this.#merged),
    };
  }

  #trust({ stats, diagnostics, losses }: Told): Trust {
    const { world } = this.#machine;
    return {
      counted: isCounted(stats),
      none: lossIsSilent(world, diagnostics) || this.#kernel.overruled.length > 0,
      unended: new Set(),
      touched: (first, last) => losses.touches(first, last),
      misfits: new Map([...world.misfits].map(([vm, misfit]) => [vm.ordinal, misfit])),
    };
  }

  #end(): void {
    if (this.#stopped) return;
    if (this.#merged === undefined) {
      this.#reader.end();
      const count = entryCount(this.#reader.stats, this.#reader.diagnostics);
      if (count !== undefined) this.#reader.diagnostics.push(count);
    }
    this.#machine.finish();
  }

  finish(): Report {
    if (!this.#begun) this.#begin();
    this.#end();
    this.#compare();
    const told = this.#told();
    const { stats, diagnostics } = told;
    const { world } = this.#machine;
    proveKernel(this.#kernel, this.#table);
    const kernel = this.#kernel.report();
    const { overruled } = this.#kernel;
    const trust = this.#trust(told);
    const findings = this.#judge.findings({ ...trust, unended: this.#unended });
    const jobs = JobRow.all(this.#rowTable);
    for (const row of jobs) this.#settle(row, trust);
    const doubts = this.#stopped ? [] : [...overruled, ...doubtsOf(world, stats, diagnostics, jobs)];
    const { omitted } = this.#judge;
    if (omitted > 0) doubts.push(`there are ${omitted} more findings, of which nothing is kept`);
    if (this.#omitted > 0) doubts.push(`there are ${this.#omitted} more jobs, of which no row is kept`);
    const ties = this.#merged?.ties.length ?? 0;
    if (ties > 0)
      doubts.push(
        `${ties} times events of one task have the same time in different files: which came first is not known (trace_clock counter tells events apart)`,
      );
    doubts.push(...this.#notes);
    if (!this.#stopped)
      for (const { file } of this.#snapshots) doubts.push(`${file}: no event comes after the moment of this snapshot`);
    const { file } = this.#options;
    const losses = lossReport(told.losses, jobs, world.lostSight);
    const { lines } = world;
    return { file, lines, findings, jobs, diagnostics, stats, losses, kernel, doubts, world, probed: this.#probed };
  }

  /** The whole trace may leave less of a row than its job alone. */
  #settle(row: JobRow, { misfits, touched }: Trust): void {
    const misfit = misfits.get(row.vmOrdinal);
    const isMisfit = misfit !== undefined && (row.endLine === 0 || row.endLine >= misfit.since);
    if (isMisfit) row.doubt(`the ${misfit.dump} of its VM does not fit: ${misfit.why}`);
    if (touched(row.line, row.endLine)) row.doubt(LOST_MEANWHILE);
    row.counts = toldCounts(row.counts, row.perhapsMisapplied, this.#machine.world);
  }

  get #probed(): Map<string, number | undefined> {
    const { probed } = this.#table;
    for (const { symbol } of this.#options.definitions ?? []) if (!probed.has(symbol)) probed.set(symbol, 0);
    return probed;
  }

  #endJob(job: Job): void {
    for (const fact of job.facts) this.#judge.judge(fact);
    this.#options.onJob?.(job, this.#machine.world);
    job.facts.length = 0;
    if (job.endLine === 0) this.#unended.add(job.vm?.ordinal ?? 0);
    if (this.#rowTable.size === MAX_JOBS) {
      this.#omitted++;
      return;
    }
    const row = jobRow(job, this.#rowTable);
    row.ranLine = this.#ran.get(job) ?? 0;
    this.#rows.set(job, row);
  }

  #endRun(job: Job, line: number): void {
    const row = this.#rows.get(job);
    if (row === undefined) this.#ran.set(job, line);
    else row.ranLine = line;
  }
}
