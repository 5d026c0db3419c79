// The whole pipeline: bytes of a trace in, a report out. No I/O, no clock, no console.
import { type Ptr, ptrHex } from './base/u64.ts';
import { checkOf } from './checks/index.ts';
import type { Diagnostic } from './events/diagnostic.ts';
import type { VmDump } from './events/vm_dump.ts';
import type { DriverName, VmEvent, Where } from './events/vm_event.ts';
import type { Finding } from './findings/finding.ts';
import { Fingerprints } from './findings/fingerprint.ts';
import { DatDecoder } from './ftrace/dat_decoder.ts';
import type { ProbeDefinition } from './ftrace/dynamic_events.ts';
import { EventDecoder } from './ftrace/event_decoder.ts';
import { LineReader } from './ftrace/line_reader.ts';
import type { ProbeTable } from './ftrace/probe_table.ts';
import { type EventSink, TextDecoder, type TraceStats } from './ftrace/text_decoder.ts';
import { type ByteSource, type Decompressors, TraceDat } from './ftrace/trace_dat/index.ts';
import { KernelKnowledge, type KernelOptions, type KernelReport } from './kernels/index.ts';
import { makeProbeTable, proveKernel, shownBy } from './probe_set.ts';
import type { Absence, Fact, Shown } from './replay/fact.ts';
import type { Job } from './replay/job.ts';
import { type JobRow, jobRow } from './replay/job_row.ts';
import { Machine } from './replay/machine.ts';
import type { VmState } from './replay/vm_state.ts';
import type { WatchOptions } from './replay/watch.ts';
import type { MmuMode, World } from './replay/world.ts';

export interface AnalyzeOptions {
  /** The name that findings carry. */
  readonly file: string;
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
  readonly #lines: LineReader;
  readonly #events: EventDecoder;
  readonly #findings: Finding[] = [];
  readonly #absences: { finding: Finding; absence: Absence; vm: VmState | undefined }[] = [];
  readonly #needs = new Map<Finding, readonly Shown[]>();
  readonly #vmOf = new WeakMap<Finding, VmState>();
  readonly #jobs: JobRow[] = [];
  readonly #rows = new WeakMap<Job, JobRow>();
  /** Jobs that ran before their ioctl was over. */
  readonly #ran = new WeakMap<Job, number>();
  readonly #fingerprints = new Fingerprints();
  readonly #kernel: KernelKnowledge;
  #begun = false;
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
        fact: (fact) => this.#judge(fact),
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
      },
    );
    for (const [id, dump] of options.initial ?? []) this.#machine.world.addDumpedVm(id, dump);
    this.#table = makeProbeTable(options);
    this.#decoder = new TextDecoder(this.#table, this);
    for (const { symbol, at } of options.definitions ?? []) {
      const binding = this.#table.bySymbol(symbol, at);
      // Installed, whether it ever fires or not.
      for (const shown of binding === undefined ? [] : shownBy(binding.spec)) this.#machine.world.seen.add(shown);
    }
    this.#events = new EventDecoder(this, this.#decoder.diagnostics);
    this.#lines = new LineReader(this.#decoder);
  }

  /** Reads a whole trace.dat instead of text; a sentence where it is none. */
  readTraceDat(source: ByteSource, decompressors: Decompressors): string | undefined {
    const dat = TraceDat.open(source, decompressors);
    if (!(dat instanceof TraceDat)) return `byte ${dat.offset}: ${dat.message}`;
    const { stats, diagnostics } = this.#decoder;
    diagnostics.push(...new DatDecoder(dat, this.#table, this.#events, stats).read());
    return undefined;
  }

  /** Takes the next bytes of text; false where no more are wanted. */
  push(chunk: Uint8Array): boolean {
    if (!this.#stopped) this.#lines.push(chunk);
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

  finish(): Report {
    if (!this.#begun) this.#begin();
    if (!this.#stopped) {
      this.#lines.end();
      this.#decoder.finish();
      this.#machine.finish();
    }
    this.#compare();
    const { stats, diagnostics } = this.#decoder;
    const { world } = this.#machine;
    proveKernel(this.#kernel, this.#table);
    const kernel = this.#kernel.report();
    const { overruled } = this.#kernel;
    const { seen } = world;
    const findings = this.#findings.filter(
      ({ rule }) => (world.locksShown || !LOCK_RULES.has(rule)) && (world.resvLocksShown || rule !== 'missing-vm-lock'),
    );
    if (this.#lossIsSilent(diagnostics) || overruled.length > 0)
      for (const finding of findings) finding.confidence = 'inconclusive';
    // A job that is not seen to end may have changed what the dump shows.
    const unended = new Set(this.#jobs.filter((row) => row.endLine === 0).map((row) => row.vmOrdinal));
    for (const finding of findings)
      if (finding.rule === 'state-mismatch' && unended.has(this.#vmOf.get(finding)?.ordinal ?? 0))
        finding.confidence = 'inconclusive';
    const misfits = new Map([...world.misfits].map(([vm, why]) => [vm.ordinal, why]));
    for (const finding of findings)
      if (misfits.has(this.#vmOf.get(finding)?.ordinal ?? 0)) finding.confidence = 'inconclusive';
    this.#doubtAbsences(isCounted(stats));
    const shown = findings.filter((finding) => this.#needs.get(finding)?.every((kind) => seen.has(kind)) !== false);
    const jobs = this.#jobs.map((row) => {
      const misfit = misfits.get(row.vmOrdinal);
      const known = misfit === undefined ? row : row.withDoubt(`the initial state of its VM does not fit: ${misfit}`);
      return known.withProbes(seen, world.locksShown, world.stepsShown);
    });
    const doubts = this.#stopped ? [] : [...overruled, ...doubtsOf(world, stats, diagnostics, jobs)];
    doubts.push(...this.#uncompared);
    const { file } = this.#options;
    return { file, findings: shown, jobs, diagnostics, stats, kernel, doubts, world, probed: this.#probed };
  }

  get #probed(): Map<string, number | undefined> {
    const { probed } = this.#table;
    for (const { symbol } of this.#options.definitions ?? []) if (!probed.has(symbol)) probed.set(symbol, 0);
    return probed;
  }

  /** Events are missing without the tracer saying where: nothing in the file is above doubt. */
  #lossIsSilent(diagnostics: readonly Diagnostic[]): boolean {
    const { unpaired, contradictions } = this.#machine.world;
    return unpaired + contradictions > 0 || diagnostics.some((d) => d.kind === 'entry-count');
  }

  /** What may vouch for the lines that these findings miss: the header's count, or how the VM ended. */
  #doubtAbsences(counted: boolean): void {
    const { frameProbed } = this.#machine.world;
    for (const { finding, absence, vm } of this.#absences) {
      const vouched = absence === 'frame' ? !frameProbed : counted || (absence === 'tree' && vm?.ended === true);
      if (vouched || finding.confidence === 'inconclusive') continue;
      finding.confidence = absence === 'frame' || WITHHELD.has(finding.rule) ? 'inconclusive' : 'likely';
    }
  }

  #endJob(job: Job): void {
    for (const fact of job.facts) this.#judge(fact);
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

  #judge(fact: Fact): void {
    const check = checkOf(fact);
    const judged = check?.judge(fact);
    if (check === undefined || judged === undefined) return;
    const { job, vm, op, step, obj, resv, span } = fact;
    const unsure = job !== undefined && job.unknown.size > 0;
    const finding: Finding = {
      rule: check.doc.id,
      severity: judged.severity,
      confidence: unsure ? 'inconclusive' : judged.confidence,
      file: this.#options.file,
      line: fact.line,
      time: fact.time,
      pid: job?.pid,
      job: job?.id,
      op: op?.index,
      step: step?.index,
      vm: vm?.id ?? 0,
      addr: span?.addr,
      range: span?.range,
      obj,
      resv,
      message: judged.message,
      evidence: fact.evidence,
      fingerprint: this.#fingerprints.of([
        check.doc.id,
        vm?.ordinal,
        op?.kind,
        step?.type,
        span?.addr.toString(16),
        span?.range.toString(16),
        this.#objRole(obj),
        judged.role,
      ]),
    };
    settle(finding);
    this.#findings.push(finding);
    if (vm !== undefined) this.#vmOf.set(finding, vm);
    const absence = job?.locksUnchecked && LOCK_RULES.has(finding.rule) ? 'call' : fact.absence;
    if (absence !== undefined) this.#absences.push({ finding, absence, vm });
    if (fact.needs !== undefined) this.#needs.set(finding, fact.needs);
    if (job?.implicit) this.#absences.push({ finding, absence: 'frame', vm });
  }

  #objRole(obj: Ptr): number | undefined {
    return this.#machine.world.objs.get(obj)?.ordinal;
  }
}

/** V8 keeps a text put together from pieces as a tree of them, three times its size, until one of its characters is read. */
function settle({ message, evidence }: Finding): void {
  message.charCodeAt(0);
  for (const { text } of evidence) text.charCodeAt(0);
}

/** Rules that cannot be judged where no lock is probed. */
const LOCK_RULES = new Set(['missing-lock', 'redundant-lock', 'stale-lock-set']);

/** Rules of which a trace with silent losses must not give a false finding. */
const WITHHELD = new Set([
  'extobj-mismatch',
  'wrong-vm-bo',
  'missing-lock',
  'missing-vm-lock',
  'freed-vm',
  'vm-race',
  'vm-bo-leak',
  'redundant-lock',
  'misapplied-step',
  'pte-stale',
  'pte-missing',
  'pte-wrong',
  'pte-overwrite',
  'pte-overrun',
  'pte-hole-unmap',
  'partial-block-unmap',
  'transient-unmap',
  'tlb-stale',
]);

/** The trace tells how many entries it has, so that lost lines would be noticed. */
function isCounted(stats: TraceStats): boolean {
  return stats.headerEntries !== undefined && stats.headerEntries === stats.entries;
}

function doubtsOf(
  world: World,
  stats: TraceStats,
  diagnostics: readonly Diagnostic[],
  jobs: readonly JobRow[],
): string[] {
  const doubts: string[] = [];
  const count = diagnostics.find((d) => d.kind === 'entry-count');
  if (count !== undefined) doubts.push(count.message);
  if (stats.lost > 0) doubts.push(`the tracer lost ${stats.lost} events`);
  else if (world.gaps > world.unpaired) doubts.push('the tracer lost events');
  if (world.unpaired > 0) {
    const where = world.firstUnpaired === 0 ? '' : `, first at line ${world.firstUnpaired}`;
    doubts.push(`calls and returns do not pair (${world.unpaired} times${where}): events are missing`);
  }
  if (world.contradictions > 0)
    doubts.push(`${world.contradictions} times an event does not follow from those before: events are missing`);
  for (const [vm, why] of world.misfits)
    doubts.push(`the initial state of VM ${ptrHex(vm.id)} does not fit the trace, ${why}`);
  const unsure = jobs.filter((row) => row.unknown.length > 0).length;
  if (unsure > 0) doubts.push(`${unsure} of ${jobs.length} jobs could not be judged whole`);
  if (jobs.length > 0 && !world.stepsShown)
    doubts.push('no step callback is probed: what was done under which lock is not known');
  if (jobs.length > 0 && !world.locksShown) doubts.push('no lock is probed: what was held is not known');
  const unparsed = diagnostics.find((d) => d.kind === 'unparsed');
  if (unparsed !== undefined && !isCounted(stats)) {
    doubts.push(`${unparsed.count} lines are in no known layout, first line ${unparsed.line}: they may be events`);
  }
  if (stats.layouts.has('kernel-log'))
    doubts.push('it is a log of the kernel: drivers say in it what they map, and nothing of locks');
  if (stats.events === 0) doubts.push('the trace holds no event of drm_gpuvm, drm_exec or a known driver');
  for (const d of diagnostics)
    if (d.kind === 'cut' || d.kind === 'damaged') doubts.push(`line ${d.line}: ${d.message}`);
  return doubts;
}
