// A trace of any form to the tracer's text with other names in it. What is understood is written anew, event by event; what is
// not, or means nothing here, is left out, so that nothing can slip through. Lines of a text keep their numbers.
import type { Diagnostic } from '../events/diagnostic.ts';
import type { Args } from '../events/probe.ts';
import type { Where } from '../events/vm_event.ts';
import { DatDecoder } from '../ftrace/dat_decoder.ts';
import type { ProbeDefinition } from '../ftrace/dynamic_events.ts';
import type { ProbeSink } from '../ftrace/event_decoder.ts';
import { type ByteReader, type ColumnNames, type InputName, InputReader, RowDecoder } from '../ftrace/formats/index.ts';
import type { ProbeBinding } from '../ftrace/probe_binding.ts';
import type { ProbeTable } from '../ftrace/probe_table.ts';
import type { FtraceRecord } from '../ftrace/record.ts';
import type { TraceStats } from '../ftrace/text_decoder.ts';
import { type ByteSource, type Decompressors, TraceDat } from '../ftrace/trace_dat/index.ts';
import { allProbes } from '../probe_set.ts';
import { EventText } from './event_text.ts';
import { LinePrefix, lossText, releaseText } from './line_prefix.ts';
import { type Keys, Renaming } from './renaming.ts';
import { WatchedText } from './watched_text.ts';

export interface AnonymizeOptions {
  /** As messages name it. */
  readonly file: string;
  readonly input?: InputName | undefined;
  readonly columns?: ColumnNames | undefined;
  /** A saved dynamic_events: what the user's event names stand for. */
  readonly definitions?: readonly ProbeDefinition[];
  /** Times begin at 1000 seconds (or units of a clock that counts otherwise). */
  readonly shiftTimes?: boolean | undefined;
}

/** An entry that is none of ours, and one of ours that cannot be read: they count, and say nothing. */
const OTHER = 'other: ';
const DAMAGED = 'exec_init: (drm_exec_init) ?';
const UNREADABLE = 'unreadable';

/** What the reader counted up to a line. */
interface Counts {
  readonly entries: number;
  readonly headerEntries: number;
  readonly headerWritten: number;
  readonly losses: number;
  readonly lost: number;
  readonly lostNotes: number;
  readonly unparsed: number;
  readonly tracer: string | undefined;
  readonly release: string | undefined;
}

export class Anonymizer implements ProbeSink {
  readonly #renaming = new Renaming();
  readonly #text = new EventText(this.#renaming);
  readonly #prefix: LinePrefix;
  readonly #table: ProbeTable;
  readonly #decoder: WatchedText;
  readonly #input: ByteReader;
  readonly #write: (text: string) => void;
  #lines = 0;
  /** A line of text tells itself what it lost. */
  #inLine = false;
  #loss: { readonly cpu: number; readonly count: number | undefined } | undefined;
  #isOpen = false;

  /** `write` gets the new trace piece by piece. */
  constructor(options: AnonymizeOptions, write: (text: string) => void) {
    this.#write = write;
    this.#prefix = new LinePrefix(this.#renaming, options.shiftTimes === true);
    // Those that nobody listens to may still tell which kernel it is.
    this.#table = allProbes(options.definitions);
    this.#decoder = new WatchedText(this.#table, this, {
      line: (read, cut) => this.#line(read, cut),
      entry: (rec, read) => this.#entry(rec, read),
    });
    const { stats, diagnostics } = this.#decoder;
    const rows = new RowDecoder(this.#table, this, stats, diagnostics);
    const { file, columns = {} } = options;
    this.#input = new InputReader({ text: this.#decoder, rows, columns, file }, options.input);
  }

  get stats(): TraceStats {
    return this.#decoder.stats;
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#decoder.diagnostics;
  }

  get keys(): Keys {
    return this.#renaming.keys;
  }

  push(chunk: Uint8Array): boolean {
    this.#input.push(chunk);
    return true;
  }

  /** Reads a whole trace.dat instead of text; a sentence where it is none. */
  readTraceDat(source: ByteSource, decompressors: Decompressors): string | undefined {
    const dat = TraceDat.open(source, decompressors);
    if (!(dat instanceof TraceDat)) return `byte ${dat.offset}: ${dat.message}`;
    if (dat.uname !== undefined) this.#put(releaseText(dat.uname.split(' ')[2]));
    const diagnostics = new DatDecoder(dat, this.#table, this, this.stats).read();
    if (diagnostics.some(({ kind }) => kind === 'damaged')) this.#put(`${this.#prefix.nowhere}${DAMAGED}`);
    return undefined;
  }

  finish(): void {
    this.#input.end();
    this.#decoder.finish();
  }

  probe(binding: ProbeBinding, values: Args, where: Where): void {
    const text = this.#text.of(binding, values);
    const { spec } = binding;
    if (this.#isLog) this.#put(`${this.#prefix.ofLog(where)}${text}`);
    else if (spec.text === undefined) this.#put(`${this.#prefix.of(where, false)}${spec.event}: ${text}`);
    else this.#put(`${this.#prefix.of(where, true)}${spec.event}: ${text}`);
  }

  loss(cpu: number, count: number | undefined, _line: number): void {
    this.#loss = { cpu, count };
    if (!this.#inLine) this.#put(lossText(cpu, count));
  }

  get #isLog(): boolean {
    return this.stats.layouts.has('kernel-log');
  }

  #put(line: string): void {
    this.#lines++;
    this.#write(`${this.#isOpen ? '\n' : ''}${line}\n`);
    this.#isOpen = false;
  }

  /** What is cut off has no line break here either, unless it was too long and others follow. */
  #cutOff(): void {
    this.#write(`${this.#isOpen ? '\n' : ''}${UNREADABLE}`);
    this.#isOpen = true;
  }

  #countOf(kind: string): number {
    return this.#decoder.diagnostics.find((one) => one.kind === kind)?.count ?? 0;
  }

  /** An entry of the ring buffer keeps its line, as headers count them all. */
  #entry(rec: FtraceRecord, read: () => void): void {
    const lines = this.#lines;
    const damaged = this.#countOf('damaged');
    read();
    if (this.#lines > lines || rec.graphText) return;
    const isDamaged = this.#countOf('damaged') > damaged;
    this.#put(`${this.#prefix.of(rec, !isDamaged)}${isDamaged ? DAMAGED : OTHER}`);
  }

  #line(read: () => void, cut: boolean): void {
    const before = this.#counts;
    const lines = this.#lines;
    this.#inLine = true;
    this.#loss = undefined;
    read();
    this.#inLine = false;
    if (this.#lines > lines) return;
    const after = this.#counts;
    const isGraphText = !this.#isLog && after.entries > before.entries;
    if (cut) this.#cutOff();
    else if (!isGraphText) this.#put(this.#lineText(before, after));
  }

  /** What stands for a line that is no entry of the tracer's. */
  #lineText(before: Counts, after: Counts): string {
    const entries = after.headerEntries - before.headerEntries;
    const written = after.headerWritten - before.headerWritten;
    if (entries > 0 || written > 0) return `# entries-in-buffer/entries-written: ${entries}/${written}`;
    if (after.tracer !== before.tracer) return `# tracer: ${after.tracer === 'function_graph' ? after.tracer : 'nop'}`;
    if (after.release !== before.release) return releaseText(after.release);
    if (after.unparsed > before.unparsed) return UNREADABLE;
    if (this.#isLog) {
      if (after.entries === before.entries) return '';
      return after.losses > before.losses ? '<6>** 1 printk messages dropped **' : '<6>-';
    }
    if (after.losses === before.losses) return '#';
    const { cpu, count } = this.#loss ?? { cpu: -1, count: after.lost - before.lost };
    return after.lostNotes > before.lostNotes ? lossText(cpu, count) : `##### CPU ${cpu} buffer started ####`;
  }

  get #counts(): Counts {
    const { entries, headerEntries = 0, headerWritten = 0, tracer, release, losses, lost } = this.stats;
    return {
      entries,
      headerEntries,
      headerWritten,
      losses: losses.times,
      lost,
      lostNotes: this.#countOf('lost'),
      unparsed: this.#countOf('unparsed'),
      tracer,
      release,
    };
  }
}
