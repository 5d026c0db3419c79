// Records of a trace.dat to events: the same probes and meanings as in text, read from the fields of each record.
import type { Diagnostic, DiagnosticKind } from '../events/diagnostic.ts';
import { type ArgSpec, type ProbeSpec, parseArgSpec } from '../events/probe.ts';
import type { Where } from '../events/vm_event.ts';
import { ArgFields, DatArgs } from './dat_args.ts';
import type { ProbeSink } from './event_decoder.ts';
import type { ProbeBinding } from './probe_binding.ts';
import type { ProbeTable } from './probe_table.ts';
import { FtraceRecord } from './record.ts';
import type { TraceStats } from './text_decoder.ts';
import {
  type DatEvent,
  type EventField,
  type EventFormat,
  fieldBytes,
  fieldOf,
  fieldPtr,
  type TraceDat,
} from './trace_dat/index.ts';

/** 28 words. */
const LONGEST_SHORT = 112;

/** How one event format of the file becomes an event of ours. */
interface DatProbe {
  readonly binding: ProbeBinding;
  readonly fields: ArgFields;
}

/** What a format is to us: one of these, or nothing. */
interface Meaning {
  readonly probe: DatProbe | undefined;
  readonly message: DatMessage | undefined;
}

const NOTHING: Meaning = { probe: undefined, message: undefined };

/** An event that holds nothing but a text, whose meaning its beginning tells. */
interface DatMessage {
  readonly bindings: readonly ProbeBinding[];
  readonly field: EventField;
}

class DatWhere implements Where {
  line = 0;
  pid = -1;
  cpu = -1;
  sec = 0;
  nsec = 0;
  readonly #dat: TraceDat;

  constructor(dat: TraceDat) {
    this.#dat = dat;
  }

  time(): string {
    const text = `${this.sec}.${String(this.nsec).padStart(9, '0')}`;
    // V8 keeps it as two pieces until one of its characters is read; rows of jobs hold many.
    text.charCodeAt(0);
    return text;
  }

  comm(): string {
    return this.#dat.commOf(this.pid) ?? '<...>';
  }
}

export class DatDecoder {
  readonly #dat: TraceDat;
  readonly #table: ProbeTable;
  readonly #sink: ProbeSink;
  readonly #stats: TraceStats;
  /** By the number of the format; undefined: none of its records was met. */
  readonly #meanings: (Meaning | undefined)[];
  #args: DatArgs | undefined;
  /** The text of a message. */
  readonly #rec = new FtraceRecord();
  readonly #diagnostics: Diagnostic[] = [];
  #events: ReturnType<TraceDat['events']>;

  constructor(dat: TraceDat, table: ProbeTable, sink: ProbeSink, stats: TraceStats) {
    this.#dat = dat;
    this.#meanings = Array.from({ length: Math.max(0, ...dat.formats.keys()) + 1 });
    this.#table = table;
    this.#sink = sink;
    this.#stats = stats;
  }

  /** Reads the whole file; what is wrong with it is told as diagnostics. */
  read(): Diagnostic[] {
    this.run(Number.POSITIVE_INFINITY);
    return this.finish();
  }

  /** Reads on over so many records; false: there are no more. */
  run(limit: number): boolean {
    this.#events ??= this.#begin();
    return this.#events?.run(limit) === true;
  }

  #begin(): ReturnType<TraceDat['events']> {
    const where = new DatWhere(this.#dat);
    const stats = this.#stats;
    const { losses } = stats;
    stats.layouts.add(`trace.dat version ${this.#dat.header.version}`);
    // `Linux host 6.12.117-amd64 x86_64`: utsname without the version.
    stats.release = this.#dat.uname?.split(' ')[2];
    return this.#dat.events(
      (event) => {
        stats.entries++;
        where.line = ++stats.lines;
        where.pid = event.pid;
        where.cpu = event.cpu;
        where.sec = event.sec;
        where.nsec = event.nsec;
        losses.entry(event.cpu, where.line, event.buffer).at(where.line, event.sec, event.nsec);
        if (losses.samples > 0) losses.sample(event.length + headerBytes(event.length), 'measured');
        this.#event(event, where);
      },
      (cpu, count, buffer) => {
        stats.lost += count ?? 0;
        this.#note('lost', `${count ?? 'some'} events lost on CPU ${cpu}`);
        losses.lost(cpu, count, stats.lines + 1, buffer);
        this.#sink.loss(cpu, count, stats.lines);
      },
    );
  }

  /** All was read: what is wrong with the file. */
  finish(): Diagnostic[] {
    const diagnostics = this.#diagnostics;
    for (const { offset, message } of this.#dat.diagnostics) {
      diagnostics.push({ kind: 'damaged', line: 0, message: `byte ${offset}: ${message}`, count: 1 });
    }
    return diagnostics;
  }

  #event(event: DatEvent, where: Where): void {
    const { probe, message } = this.#meanings[event.format.id] ?? this.#meet(event);
    if (probe !== undefined) {
      this.#stats.events++;
      if (!probe.binding.wanted) return;
      this.#args ??= new DatArgs(event);
      this.#args.at(probe.fields, event);
      this.#sink.probe(probe.binding, this.#args, where);
    } else if (message !== undefined) this.#message(event, message, where);
  }

  #meet(event: DatEvent): Meaning {
    const meaning = this.#meaningOf(event);
    this.#meanings[event.format.id] = meaning;
    return meaning;
  }

  #message(event: DatEvent, message: DatMessage, where: Where): void {
    const rec = this.#rec;
    const bytes = fieldBytes(event, message.field);
    const nul = bytes.indexOf(0);
    rec.setBuffer(bytes);
    rec.end = nul < 0 ? bytes.length : nul;
    for (const binding of message.bindings) {
      const start = binding.reader?.start(rec, 0) ?? -1;
      if (start < 0) continue;
      if (!binding.wanted) {
        this.#stats.events++;
      } else if (binding.read(rec, start)) {
        this.#stats.events++;
        this.#sink.probe(binding, binding.values, where);
      } else {
        this.#note('damaged', `the arguments of ${binding.title} cannot be read`);
        this.#sink.loss(where.cpu, 1, where.line);
      }
      return;
    }
  }

  #note(kind: DiagnosticKind, message: string): void {
    const known = this.#diagnostics.find((d) => d.kind === kind);
    if (known !== undefined) known.count++;
    else this.#diagnostics.push({ kind, line: this.#stats.lines, message, count: 1 });
  }

  /** The probe behind a format: by the symbol at its first record's address, else by the event's name. */
  #meaningOf(event: DatEvent): Meaning {
    const { format } = event;
    const func = fieldOf(format, '__probe_func');
    const ip = func ?? fieldOf(format, '__probe_ip');
    if (ip === undefined) return this.#tracepointOf(format);
    const at = func === undefined ? 'entry' : 'return';
    const symbol = this.#dat.symbolOf(fieldPtr(event, ip));
    const binding =
      (symbol === undefined ? undefined : this.#table.bySymbol(symbol, at)) ?? this.#table.byEventName(format.name, at);
    return binding === undefined ? NOTHING : this.#fieldsOf(format, binding);
  }

  #tracepointOf(format: EventFormat): Meaning {
    const bindings = this.#table.tracepointsOf(`${format.system}:${format.name}`);
    const [binding] = bindings;
    const name = binding?.spec.text?.message;
    if (binding === undefined) return NOTHING;
    if (name === undefined) return this.#fieldsOf(format, binding);
    const field = fieldOf(format, name);
    return field?.kind === 'dynamic-string' ? { probe: undefined, message: { bindings, field } } : NOTHING;
  }

  #fieldsOf(format: EventFormat, binding: ProbeBinding): Meaning {
    const { at, args } = binding.spec;
    const wanted = args.map(parseArgSpec);
    const fields = wanted.map((arg) => this.#fieldOf(format, arg, at));
    for (const { name } of format.fields) binding.shown.add(name);
    const types = wanted.map((arg) => arg.type);
    return { probe: { binding, fields: new ArgFields(fields, types) }, message: undefined };
  }

  #fieldOf(format: EventFormat, arg: ArgSpec, at: ProbeSpec['at']): EventField | undefined {
    for (const name of arg.names) {
      const field = fieldOf(format, name);
      if (field !== undefined) return field;
    }
    const last = format.fields.at(-1);
    return at === 'return' && arg.names.includes('ret') && last !== undefined && /^arg\d+$/.test(last.name)
      ? last
      : undefined;
  }
}

/** In front of a record's data: a word, and another where that cannot hold the length (struct ring_buffer_event). */
function headerBytes(length: number): number {
  return length > LONGEST_SHORT ? 8 : 4;
}
