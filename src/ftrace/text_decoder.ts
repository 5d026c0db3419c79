// Text of the tracer (trace, trace_pipe, trace-cmd report) to events: one line in, at most one event out.
import type { Diagnostic, DiagnosticKind } from '../events/diagnostic.ts';
import type { VmEvent, Where } from '../events/vm_event.ts';
import { COLON, LESS, latin1, MINUS, PAREN_CLOSE, PAREN_OPEN, SPACE, skipSpaces, startsWith } from './bytes.ts';
import { EventDecoder, type ProbeSink } from './event_decoder.ts';
import type { ByteReader } from './formats/format.ts';
import { GraphFunctions } from './graph_functions.ts';
import { bareLogLayout, kernelLogLayout } from './kernel_log.ts';
import { isNameByte, type Layout, layouts, noContextLayout, plainLayout } from './layouts.ts';
import { LineReader } from './line_reader.ts';
import { Losses, MAX_CPUS } from './losses.ts';
import { PERF_LOST, PERF_OTHER, perfScriptLayout } from './perf_script.ts';
import type { ProbeBinding } from './probe_binding.ts';
import { hashStep, type ProbeTable } from './probe_table.ts';
import { FtraceRecord } from './record.ts';
import { ENTRY_HEADS } from './scan/memory.ts';
import { ScannedEntries } from './scan/scanned_entries.ts';
import { ScannedLines, type ScanSink } from './scan/scanned_lines.ts';
import { Scanner } from './scan/scanner.ts';

const HASH = 35; // '#'
const QUOTE = 34; // '"'
const EQUALS = 61; // '='
const LARGEST_SHOWN = 160;
/** printk.c, and systemd-journald's own. */
const DROPPED = /^\*\* \d+ printk messages dropped|^Missed \d+ kernel messages/;

export interface EventSink {
  event(event: VmEvent, where: Where): void;
  /** The tracer dropped events here; `count` is undefined where it does not tell, `cpu` -1 where it may be any. */
  loss(cpu: number, count: number | undefined, line: number): void;
}

/** Whose text it is: each may quote lines of the others. */
export type TextKind = 'ftrace' | 'perf' | 'dmesg';

/** What the input turned out to be. */
export interface TraceStats {
  lines: number;
  /** Lines that are one entry of the ring buffer, of whatever event. */
  entries: number;
  /** Entries of probes that are understood. */
  events: number;
  layouts: Set<string>;
  tracer: string | undefined;
  /** The kernel's release (`uname -r`), where the header of a latency trace or a trace.dat names it. */
  release: string | undefined;
  /** `entries-in-buffer` and `entries-written` of the header, added up over all headers. */
  headerEntries: number | undefined;
  headerWritten: number | undefined;
  lost: number;
  /** Where, and what it touches. */
  readonly losses: Losses;
  functionLines: number;
}

export function emptyStats(): TraceStats {
  return {
    lines: 0,
    entries: 0,
    events: 0,
    layouts: new Set(),
    tracer: undefined,
    release: undefined,
    headerEntries: undefined,
    headerWritten: undefined,
    lost: 0,
    losses: new Losses(),
    functionLines: 0,
  };
}

/** What the line before was: unprefixed lines may belong to it. marker: any text, that of the kernel's log included. */
type Open = 'nothing' | 'marker' | 'stack';

export class TextDecoder implements ScanSink {
  readonly stats: TraceStats = emptyStats();
  readonly diagnostics: Diagnostic[] = [];
  readonly #table: ProbeTable;
  readonly #sink: ProbeSink;
  readonly #rec = new FtraceRecord();
  #layout: Layout = layouts[0] as Layout;
  /** Those that a line may be in: of all that there are until the first entry, then of the same writer. */
  #layouts: readonly Layout[] = [...layouts, perfScriptLayout];
  #open: Open = 'nothing';
  /** Lines may have been those of a text that somebody chose. */
  #hasForeignText = false;
  /** function_graph without the process column: the task on each CPU, as its switch lines tell. */
  readonly #graphTask = new Map<number, number>();
  /** CPUs seen; in an overwritten buffer each one's past was lost up to its first line. */
  readonly #cpus = new Set<number>();
  /** bpftrace tells that it lost events, not when: any that follow may be among them. */
  #lostAnywhere = false;
  readonly #graph: GraphFunctions;
  #argStart = 0;
  /** Where lines are scanned that are like others before: what these are like must be told there. */
  #scanned: ScannedEntries | undefined;
  /** Undefined until the first entry tells, or the user said. */
  #kind: TextKind | undefined;

  /** `probes` takes what is read before it becomes events; without it, `sink` gets the events. */
  constructor(table: ProbeTable, sink: EventSink, probes?: ProbeSink) {
    this.#table = table;
    this.#sink = probes ?? new EventDecoder(sink, this.diagnostics);
    this.#graph = new GraphFunctions(table, (binding, where) => {
      this.stats.events++;
      this.#sink.probe(binding, binding.values, where);
    });
  }

  line(buf: Uint8Array, start: number, end: number, number: number, cut: boolean): void {
    this.stats.lines = number;
    if (cut) {
      this.#note('cut', number, 'the line is cut off (the input ends in it, or it is longer than any trace line)');
      return;
    }
    if (start === end) return;
    const rec = this.#rec;
    if (rec.buf !== buf) rec.setBuffer(buf);
    rec.line = number;
    if (this.#isLogLine(buf, start, end, rec)) {
      this.#logLine(rec);
      return;
    }
    if (this.#layout.parse(buf, start, end, rec) || this.#otherLayout(buf, start, end, rec)) this.entry(rec);
    else this.#unprefixed(buf, start, end, number);
  }

  /** What takes the bytes of the text and hands its lines on. */
  reader(): ByteReader {
    const scanner = Scanner.make();
    if (scanner === undefined) return new LineReader(this);
    this.#scanned = new ScannedEntries(scanner);
    return new ScannedLines(scanner, this);
  }

  scan(pos: number, stop: number, number: number): number {
    const scanned = this.#scanned;
    if (scanned === undefined || this.#layout !== plainLayout || this.#kind !== 'ftrace' || this.#lostAnywhere)
      return pos;
    const { scanner } = scanned;
    const { stats } = this;
    const end = scanner.scan(pos, stop, stats.losses.samples);
    if (end === pos) return pos;
    stats.lines = number + scanner.lines - 1;
    stats.entries += scanner.lines;
    stats.events += scanner.counted + scanner.records;
    this.#open = 'nothing';
    scanned.noteEntries(stats.losses, number);
    scanned.handOn(this.#sink, number);
    return end;
  }

  /** What is to be told what lines are like: it knows those of one layout. */
  get #learner(): Scanner | undefined {
    return this.#layout === plainLayout ? this.#scanned?.scanner : undefined;
  }

  /** Whose text it is, where that is known before the first entry shows it. */
  only(kind: TextKind): void {
    this.#kind = kind;
    if (kind !== 'ftrace') this.#scanned = undefined;
    this.#layouts = kind === 'perf' ? [perfScriptLayout] : layouts;
    if (kind === 'perf') this.#layout = perfScriptLayout;
    if (kind === 'dmesg') this.stats.layouts.add(kernelLogLayout.name);
  }

  /** The input is over. */
  finish(): void {
    this.#graph.flush();
  }

  /**
   * A file is the kernel's log or a trace, whichever its first entry is of: what a trace quotes is no log, and nothing
   * that a log quotes is a trace.
   */
  #isLogLine(buf: Uint8Array, start: number, end: number, rec: FtraceRecord): boolean {
    if (this.#kind === 'dmesg')
      return kernelLogLayout.parse(buf, start, end, rec) || bareLogLayout.parse(buf, start, end, rec);
    if (this.#kind !== undefined || this.stats.headerEntries !== undefined) return false;
    // No driver's message begins like a trace's comments.
    const bare = () =>
      buf[start] !== HASH && bareLogLayout.parse(buf, start, end, rec) && this.#messageAt(rec) !== undefined;
    if (!kernelLogLayout.parse(buf, start, end, rec) && !bare()) return false;
    this.only('dmesg');
    this.diagnostics.length = 0; // of lines before the first that shows what the file is
    return true;
  }

  #logLine(rec: FtraceRecord): void {
    this.stats.entries++;
    if (DROPPED.test(latin1(rec.buf, rec.rest, Math.min(rec.end, rec.rest + LARGEST_SHOWN)))) {
      this.#note('lost', rec.line, 'messages of the log were dropped');
      this.#lost(-1, undefined, rec.line);
      return;
    }
    this.#noteEntry(rec);
    const binding = this.#messageAt(rec);
    if (binding !== undefined) this.#decode(binding, rec, this.#argStart);
  }

  /** What is known of the message at rec.rest, with #argStart at its first value. */
  #messageAt(rec: FtraceRecord): ProbeBinding | undefined {
    return this.#startOf(this.#table.messages, rec, rec.rest);
  }

  #otherLayout(buf: Uint8Array, start: number, end: number, rec: FtraceRecord): boolean {
    if (buf[start] === HASH || (buf[start] === SPACE && startsWith(buf, start, end, ' => '))) return false;
    for (const layout of this.#layouts) {
      if (layout === this.#layout || !layout.parse(buf, start, end, rec)) continue;
      this.#layout = layout;
      this.stats.layouts.add(layout.name);
      return true;
    }
    return false;
  }

  /** One entry whose event text stands at rec.rest, from a line or from a format that takes an entry apart itself. */
  entry(rec: FtraceRecord): void {
    if (this.stats.entries++ === 0) this.#settle();
    this.#open = 'nothing';
    if (this.#layout.name === 'function-graph' && !this.#graphLine(rec)) return;
    if (this.stats.headerWritten !== this.stats.headerEntries && !this.#cpus.has(rec.cpu)) {
      if (this.#cpus.size < MAX_CPUS) this.#cpus.add(rec.cpu);
      this.#lost(rec.cpu, undefined, rec.line);
    }
    this.#noteEntry(rec);
    if (this.#lostAnywhere) this.#sink.loss(rec.cpu, undefined, rec.line);
    this.#event(rec);
    if (this.#learner !== undefined) this.#follow(rec.cpu, this.#learner);
  }

  /** All was told that an entry of this CPU may tell beyond its event, until something is lost. */
  #follow(cpu: number, scanner: Scanner): void {
    const { headerEntries, headerWritten } = this.stats;
    if (headerWritten === headerEntries || this.#cpus.has(cpu)) scanner.follow(cpu);
  }

  #noteEntry(rec: FtraceRecord): void {
    const { losses } = this.stats;
    losses.entry(rec.cpu, rec.line).atText(rec.line, rec.buf, rec.timeStart, rec.timeEnd);
    if (losses.samples > 0 && this.#kind === 'ftrace') losses.sample(largestEntry(rec), 'estimated');
  }

  /** The tracer tells that events are missing in front of this line. */
  #lost(cpu: number, count: number | undefined, line: number): void {
    this.#scanned?.scanner.unfollow();
    this.stats.lost += count ?? 0;
    this.stats.losses.lost(cpu, count, line);
    this.#sink.loss(cpu, count, line);
  }

  #settle(): void {
    this.stats.layouts.add(this.#layout.name);
    if (this.#kind === undefined) this.only(this.#layout === perfScriptLayout ? 'perf' : 'ftrace');
    // Where entries have a context, a line without one is of a text that somebody chose, behind a line break in it.
    if (this.#layout !== noContextLayout) this.#layouts = this.#layouts.filter((one) => one !== noContextLayout);
  }

  #event(rec: FtraceRecord): void {
    const { buf, end } = rec;
    let p = rec.rest;
    let hash = 0;
    while (p < end && isNameByte(buf[p])) hash = hashStep(hash, buf[p++] ?? 0);
    if (buf[p] !== COLON || p === rec.rest) {
      this.#otherEntry(rec, p);
      return;
    }
    const at = skipSpaces(buf, p + 1, end);
    const binding = this.#bindingAt(rec, hash, p, at);
    if (binding === undefined) this.#otherEntry(rec, p);
    else this.#decode(binding, rec, this.#argStart);
    const scanner = this.#learner;
    if (scanner === undefined || this.#open !== 'nothing') return;
    if (buf[at] === PAREN_OPEN) scanner.learnHead(rec.rest, this.#argStart, binding);
    else if (this.#table.tracepoints(hash, buf, rec.rest, p) === undefined) scanner.learnOther(rec.rest, at);
  }

  #decode(binding: ProbeBinding, rec: FtraceRecord, argStart: number): void {
    if (!binding.wanted) {
      this.stats.events++;
      return;
    }
    if (!binding.read(rec, argStart)) {
      this.#note('damaged', rec.line, `the arguments of ${binding.title} cannot be read`);
      this.#sink.loss(rec.cpu, 1, rec.line);
      return;
    }
    this.stats.events++;
    this.#scanned?.scanner.learnKeys(binding); // whatever the layout: the keys are those of all lines
    this.#sink.probe(binding, binding.values, rec);
  }

  /** The probe whose event text stands at `at`, with #argStart behind its place; undefined for other events. */
  #bindingAt(rec: FtraceRecord, hash: number, nameEnd: number, at: number): ProbeBinding | undefined {
    const { buf, end, rest } = rec;
    const anyText = isMessage(buf, rest, end);
    if (buf[at] !== PAREN_OPEN || anyText) {
      if (!anyText && startsWith(buf, at, end, '__probe_')) return this.#fieldsBinding(rec, hash, nameEnd, at);
      return this.#tracepointBinding(rec, hash, nameEnd, at);
    }
    let arrow = 0;
    let p = at + 1;
    for (; p < end; p++) {
      const c = buf[p];
      if (c === PAREN_CLOSE) break;
      if (c === LESS && buf[p + 1] === MINUS) arrow = p + 3;
    }
    this.#argStart = Math.min(p + 1, end);
    const name = this.#table.name(hash, buf, rest, nameEnd);
    return name.bindingOf(arrow > 0 ? 'return' : 'entry', buf, arrow > 0 ? arrow : at + 1, p);
  }

  /** `__probe_ip=sym+0x4/0x10 [mod] (n) args` or `__probe_func=... __probe_ret_ip=... args` (option fields, report -R). */
  #fieldsBinding(rec: FtraceRecord, hash: number, nameEnd: number, at: number): ProbeBinding | undefined {
    const { buf, end, rest } = rec;
    const isReturn = startsWith(buf, at, end, '__probe_func=');
    if (!isReturn && !startsWith(buf, at, end, '__probe_ip=')) return undefined;
    const symbol = at + (isReturn ? '__probe_func='.length : '__probe_ip='.length);
    let p = probeFieldEnd(buf, symbol, end);
    if (isReturn && startsWith(buf, p, end, '__probe_ret_ip=')) p = probeFieldEnd(buf, p, end);
    this.#argStart = p - 1;
    const name = this.#table.name(hash, buf, rest, nameEnd);
    return name.bindingOf(isReturn ? 'return' : 'entry', buf, symbol, end);
  }

  /** The tracepoint of this name whose text stands at `at`, with #argStart at its first value. */
  #tracepointBinding(rec: FtraceRecord, hash: number, nameEnd: number, at: number): ProbeBinding | undefined {
    return this.#startOf(this.#table.tracepoints(hash, rec.buf, rec.rest, nameEnd) ?? [], rec, at);
  }

  #startOf(bindings: readonly ProbeBinding[], rec: FtraceRecord, at: number): ProbeBinding | undefined {
    for (const binding of bindings) {
      const start = binding.reader?.start(rec, at) ?? -1;
      if (start < 0) continue;
      this.#argStart = start;
      return binding;
    }
    return undefined;
  }

  /** An entry that is no event of ours: what may follow it decides what unprefixed lines mean. */
  #otherEntry(rec: FtraceRecord, nameEnd: number): void {
    const { buf, rest, end } = rec;
    if (isMessage(buf, rest, end)) {
      this.#open = 'marker';
      this.#hasForeignText = true;
    } else if (buf[rest] === LESS) {
      this.#open = 'stack';
    } else if (buf[nameEnd] === SPACE && buf[nameEnd + 1] === LESS) {
      this.stats.functionLines++;
    }
  }

  /** Sets the task of a graph line; false for a function line, which is no event. */
  #graphLine(rec: FtraceRecord): boolean {
    this.#scanned = undefined; // calls change how the values of probes are read
    if (rec.pid < 0) rec.pid = this.#graphTask.get(rec.cpu) ?? -2 - rec.cpu;
    if (!rec.graphText) {
      this.#graph.turnOff();
      return true;
    }
    this.stats.functionLines++;
    this.#graph.line(latin1(rec.buf, rec.rest, rec.end), rec);
    return false;
  }

  #unprefixed(buf: Uint8Array, start: number, end: number, number: number): void {
    if (buf[start] === HASH) {
      this.#comment(latin1(buf, start, Math.min(end, start + LARGEST_SHOWN)), number);
      return;
    }
    const text = latin1(buf, start, Math.min(end, start + LARGEST_SHOWN));
    if (this.#lossLine(text, number) || this.#bpftraceLine(text, number)) return;
    if (this.#kind === 'perf' && this.#perfLine(text, number)) return;
    if (this.#open === 'marker' || this.#open === 'stack' || text.startsWith(' => ')) return;
    if (/^cpus=\d+$|^version = \d+$|^\s*-{10,}$|^\s*$/.test(text)) return;
    if (this.#switchLine(text)) return;
    if (this.stats.entries > 0) this.#hasForeignText = true;
    this.#note('unparsed', number, `the line is in no known trace layout: ${JSON.stringify(text.slice(0, 60))}`);
  }

  #lossLine(text: string, number: number): boolean {
    const match = /^\s*CPU:(\d+) \[(?:LOST ?(\d+)? ?EVENTS|(\d+)? ?EVENTS DROPPED)\]/.exec(text);
    if (match === null) return false;
    const digits = match[2] ?? match[3];
    const count = digits === undefined ? undefined : Number(digits);
    this.#note('lost', number, `${count ?? 'some'} events lost on CPU ${match[1]}`);
    this.#lost(Number(match[1]), count, number);
    return true;
  }

  /** What perf prints between and below events. */
  #perfLine(text: string, number: number): boolean {
    const [lost, cpu = '-1', count] = PERF_LOST.exec(text) ?? [];
    if (lost === undefined) return PERF_OTHER.test(text);
    this.#note('lost', number, `${count} events lost`);
    this.#lost(Number(cpu), Number(count), number);
    return true;
  }

  /** What bpftrace itself prints between the lines of its script. */
  #bpftraceLine(text: string, number: number): boolean {
    const count = /^(?:Lost|Skipped) (\d+) events$/.exec(text)?.[1];
    if (count === undefined) return /^Attach(?:ing|ed) \d+ probes?(?:\.\.\.)?$/.test(text);
    this.stats.lost += Number(count);
    this.stats.losses.lostAnywhere(Number(count), number);
    this.#lostAnywhere = true;
    this.#note('lost', number, `${count} events lost by bpftrace, it does not say where`);
    return true;
  }

  /** ` 1)  task-pid   =>   task-pid  `: function_graph tells that a CPU went over to another task. */
  #switchLine(text: string): boolean {
    const match = /^\s*(\d+)\)\s+.*-(\d+)\s+=>\s+.*-(\d+)\s*$/.exec(text);
    if (match === null) return false;
    const cpu = Number(match[1]);
    if (cpu < MAX_CPUS) this.#graphTask.set(cpu, Number(match[3]));
    return true;
  }

  #comment(text: string, number: number): void {
    // Behind text that anybody may have written it may be of that text: a header there must not vouch for a forged entry.
    if (!this.#hasForeignText) this.#header(text, number);
    const started = /^#+ CPU (\d+) buffer started/.exec(text);
    if (started !== null && this.stats.entries > 0) this.#lost(Number(started[1]), undefined, number);
  }

  #header(text: string, number: number): void {
    this.#scanned?.scanner.unfollow();
    const entries = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/.exec(text);
    if (entries !== null) {
      this.stats.headerEntries = (this.stats.headerEntries ?? 0) + Number(entries[1]);
      this.stats.headerWritten = (this.stats.headerWritten ?? 0) + Number(entries[2]);
      const overwritten = Number(entries[2]) - Number(entries[1]);
      if (overwritten > 0) {
        this.stats.lost += overwritten;
        this.stats.losses.overwritten += overwritten;
        this.#note('lost', number, `${overwritten} events were overwritten before the trace was read: it starts late`);
      }
    }
    const tracer = /^# tracer: (\S+)/.exec(text);
    if (tracer !== null) this.stats.tracer = tracer[1];
    const release = /^# .* latency trace v\S+ on (\S+)$/.exec(text);
    if (release !== null) this.stats.release ??= release[1];
    const perfHeader = /^# os release : (\S+)$/.exec(text);
    if (perfHeader !== null && this.stats.entries === 0) this.stats.release ??= perfHeader[1];
    const latency = /^# latency: .*#(\d+)\/(\d+), CPU#/.exec(text);
    if (latency !== null) {
      this.stats.headerEntries = (this.stats.headerEntries ?? 0) + Number(latency[1]);
      this.stats.headerWritten = (this.stats.headerWritten ?? 0) + Number(latency[2]);
    }
  }

  #note(kind: DiagnosticKind, line: number, message: string): void {
    const known = this.diagnostics.find(
      (d) => d.kind === kind && (kind !== 'incomplete-probe' || d.message === message),
    );
    if (known !== undefined) known.count++;
    else this.diagnostics.push({ kind, line, message, count: 1 });
  }
}

/**
 * The bytes that an entry takes in the ring buffer, at most: its word of length, the common fields and those of a return
 * probe (trace_entry, fprobe and kretprobe_trace_entry_head), 8 for each field that is printed, and its text where it
 * prints none.
 */
function largestEntry({ buf, rest, end }: FtraceRecord): number {
  let fields = 0;
  let quoted = 0;
  let within = false;
  for (let p = rest; p < end; p++) {
    if (buf[p] === QUOTE) within = !within;
    else if (within) quoted++;
    else if (buf[p] === EQUALS) fields++;
  }
  return ENTRY_HEADS + (fields > 0 ? fields * 8 + quoted : end - rest);
}

const MESSAGES = ['tracing_mark_write', 'print:', 'console:', 'bprint'];

/** An entry that holds whatever text somebody wrote. */
function isMessage(buf: Uint8Array, start: number, end: number): boolean {
  return MESSAGES.some((name) => startsWith(buf, start, end, name));
}

/** Behind `value [module] (number) `. */
function probeFieldEnd(buf: Uint8Array, pos: number, end: number): number {
  let p = pos;
  while (p < end && buf[p] !== SPACE) p++;
  for (;;) {
    const q = skipSpaces(buf, p, end);
    if (buf[q] !== PAREN_OPEN && buf[q] !== 91) return q;
    p = q;
    while (p < end && buf[p] !== SPACE) p++;
  }
}
