// The whole pipeline: bytes of a trace in, a report out. No I/O, no clock, no console.
import type { Ptr } from './base/u64.ts';
import { doubtsOf, isCounted, lossIsSilent } from './doubts.ts';
import type { Diagnostic } from './events/diagnostic.ts';
import type { VmDump } from './events/vm_dump.ts';
import type { DriverName, VmEvent, Where } from './events/vm_event.ts';
import type { Finding } from './findings/finding.ts';
import { DatDecoder } from './ftrace/dat_decoder.ts';
import type { ProbeDefinition } from './ftrace/dynamic_events.ts';
import { EventDecoder } from './ftrace/event_decoder.ts';
import { type ByteReader, type ColumnNames, type InputName, InputReader, RowDecoder } from './ftrace/formats/index.ts';
import type { ProbeTable } from './ftrace/probe_table.ts';
import { type EventSink, TextDecoder, type TraceStats } from './ftrace/text_decoder.ts';
import { type ByteSource, type Decompressors, TraceDat } from './ftrace/trace_dat/index.ts';
import { Judge, type Trust } from './judge.ts';
import { KernelKnowledge, type KernelOptions, type KernelReport } from './kernels/index.ts';
import { type LossReport, lossReport } from './lost.ts';
import { makeProbeTable, proveKernel, shownBy } from './probe_set.ts';
import type { Job } from './replay/job.ts';
import { type JobRow, jobRow } from './replay/job_row.ts';
import { LOST_MEANWHILE, Machine } from './replay/machine.ts';
import type { WatchOptions } from './replay/watch.ts';
import type { MmuMode, World } from './replay/world.ts';

export interface AnalyzeOptions {
  /** The name that findings carry. */
  readonly file: string;
  /** The format of what push() gets, where its content must not tell. */
  readonly input?: InputName | undefined;
  /** What the columns of a CSV are called. */
  readonly columns?: ColumnNames | undefined;
  /** A saved dynamic_events: what the user's event names stand for. */
  readonly definitions?: readonly ProbeDefinition[];
  /** Keep what `show` needs of every job, and hand each over when it ends. */
  readonly onJob?: (job: Job) => void;
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
  /** Asked before each event; `false` ends the analysis there, with the state as it then is. */
  readonly until?: ((where: Where) => boolean) | undefined;
}

export interface Expectation {
  readonly dumps: readonly VmDump[];
  readonly until: ((where: Where) => boolean) | undefined;
}

export interface Report {
  readonly file: string;
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

export class Analysis implements EventSink {
  readonly #options: AnalyzeOptions;
  readonly #machine: Machine;
  readonly #table: ProbeTable;
  readonly #decoder: TextDecoder;
  readonly #input: ByteReader;
  readonly #events: EventDecoder;
  readonly #judge: Judge;
  readonly #jobs: JobRow[] = [];
  readonly #rows = new WeakMap<Job, JobRow>();
  /** Jobs that ran before their ioctl was over. */
  readonly #ran = new WeakMap<Job, number>();
  readonly #kernel: KernelKnowledge;
  #begun = false;
  /** So many findings fresh() has given. */
  #asked = 0;
  /** The expectation, until it was compared. */
  #awaited: Expectation | undefined;
  readonly #uncompared: string[] = [];
  #stopped = false;

  constructor(options: AnalyzeOptions) {
    this.#options = options;
    this.#kernel = new KernelKnowledge(options.kernel);
    this.#awaited = options.expect;
    this.#machine = new Machine(
      {
        fact: (fact) => this.#judge.judge(fact),
        job: (job) => this.#endJob(job),
        ran: (job, line) => this.#endRun(job, line),
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
    this.#judge = new Judge(options.file, this.#machine.world);
    for (const [id, dump] of options.initial ?? []) this.#machine.world.addDumpedVm(id, dump);
    this.#table = makeProbeTable(options);
    this.#decoder = new TextDecoder(this.#table, this);
    for (const { symbol, at } of options.definitions ?? []) {
      const binding = this.#table.bySymbol(symbol, at);
      // Installed, whether it ever fires or not.
      for (const shown of binding === undefined ? [] : shownBy(binding.spec)) this.#machine.world.seen.add(shown);
    }
    this.#events = new EventDecoder(this, this.#decoder.diagnostics);
    const { stats, diagnostics } = this.#decoder;
    const rows = new RowDecoder(this.#table, this.#events, stats, diagnostics);
    const { file, columns = {} } = options;
    this.#input = new InputReader({ text: this.#decoder, rows, columns, file }, options.input);
  }

  /** Reads a whole trace.dat instead of text; a sentence where it is none. */
  readTraceDat(source: ByteSource, decompressors: Decompressors): string | undefined {
    const dat = TraceDat.open(source, decompressors);
    if (!(dat instanceof TraceDat)) return `byte ${dat.offset}: ${dat.message}`;
    const { stats, diagnostics } = this.#decoder;
    diagnostics.push(...new DatDecoder(dat, this.#table, this.#events, stats).read());
    return undefined;
  }

  /** Takes the next bytes of anything but a trace.dat; false where no more are wanted. */
  push(chunk: Uint8Array): boolean {
    if (!this.#stopped) this.#input.push(chunk);
    return !this.#stopped;
  }

  event(event: VmEvent, where: Where): void {
    if (this.#stopped) return;
    if (!this.#begun) this.#begin();
    if (this.#options.until !== undefined && !this.#options.until(where)) {
      this.#stopped = true;
      return;
    }
    if (this.#awaited?.until?.(where) === false) this.#compare();
    this.#machine.event(event, where);
  }

  /** Headers stand before the first event. */
  #begin(): void {
    this.#begun = true;
    const { release } = this.#decoder.stats;
    if (release !== undefined) this.#kernel.release(release, 'the trace’s header');
  }

  #compare(): void {
    if (this.#awaited !== undefined) this.#uncompared.push(...this.#machine.expect(this.#awaited.dumps));
    this.#awaited = undefined;
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
    return from === this.#asked ? [] : this.#judge.findings(this.#trust(), from);
  }

  #trust(): Trust {
    const { stats, diagnostics } = this.#decoder;
    const { world } = this.#machine;
    return {
      counted: isCounted(stats),
      none: lossIsSilent(world, diagnostics) || this.#kernel.overruled.length > 0,
      unended: new Set(),
      touched: (first, last) => stats.losses.touches(first, last),
      misfits: new Map([...world.misfits].map(([vm, why]) => [vm.ordinal, why])),
    };
  }

  finish(): Report {
    if (!this.#begun) this.#begin();
    if (!this.#stopped) {
      this.#input.end();
      this.#decoder.finish();
      this.#machine.finish();
    }
    this.#compare();
    const { stats, diagnostics } = this.#decoder;
    const { world } = this.#machine;
    proveKernel(this.#kernel, this.#table);
    const kernel = this.#kernel.report();
    const { overruled } = this.#kernel;
    const trust = this.#trust();
    const { misfits } = trust;
    const unended = new Set(this.#jobs.filter((row) => row.endLine === 0).map((row) => row.vmOrdinal));
    const findings = this.#judge.findings({ ...trust, unended });
    const jobs = this.#jobs.map((row) => {
      const misfit = misfits.get(row.vmOrdinal);
      let known = misfit === undefined ? row : row.withDoubt(`the initial state of its VM does not fit: ${misfit}`);
      if (trust.touched(row.line, row.endLine)) known = known.withDoubt(LOST_MEANWHILE);
      return known.withProbes(world.seen, world.locksShown, world.stepsShown);
    });
    const doubts = this.#stopped ? [] : [...overruled, ...doubtsOf(world, stats, diagnostics, jobs)];
    doubts.push(...this.#uncompared);
    const { file } = this.#options;
    const losses = lossReport(stats.losses, jobs, world.lostSight);
    return { file, findings, jobs, diagnostics, stats, losses, kernel, doubts, world, probed: this.#probed };
  }

  get #probed(): Map<string, number | undefined> {
    const { probed } = this.#table;
    for (const { symbol } of this.#options.definitions ?? []) if (!probed.has(symbol)) probed.set(symbol, 0);
    return probed;
  }

  #endJob(job: Job): void {
    for (const fact of job.facts) this.#judge.judge(fact);
    this.#options.onJob?.(job);
    const row = jobRow(job);
    row.ranLine = this.#ran.get(job) ?? 0;
    this.#jobs.push(row);
    this.#rows.set(job, row);
    job.facts.length = 0;
  }

  #endRun(job: Job, line: number): void {
    const row = this.#rows.get(job);
    if (row === undefined) this.#ran.set(job, line);
    else row.ranLine = line;
  }
}
