// Records of a trace.dat to events: the same probes and meanings as in text, read from the fields of each record.
import type { U64 } from '../base/u64.ts';
import type { Diagnostic, DiagnosticKind } from '../events/diagnostic.ts';
import { type ArgSpec, type ProbeSpec, parseArgSpec } from '../events/probe.ts';
import type { Where } from '../events/vm_event.ts';
import type { ArgValues } from './arg_values.ts';
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
  fieldInt,
  fieldOf,
  fieldPtr,
  fieldString,
  fieldU64,
  type TraceDat,
} from './trace_dat/index.ts';

/** 28 words. */
const LONGEST_SHORT = 112;

/** How one event format of the file becomes an event of ours. */
interface DatProbe {
  readonly binding: ProbeBinding;
  /** By position in the spec; undefined where the format lacks it. */
  readonly fields: readonly (EventField | undefined)[];
  readonly types: readonly ArgSpec['type'][];
}

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
    return `${this.sec}.${String(this.nsec).padStart(9, '0')}`;
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
  readonly #probes = new Map<EventFormat, DatProbe | undefined>();
  readonly #messages = new Map<EventFormat, DatMessage>();
  /** The text of a message. */
  readonly #rec = new FtraceRecord();
  readonly #diagnostics: Diagnostic[] = [];
  #events: ReturnType<TraceDat['events']>;

  constructor(dat: TraceDat, table: ProbeTable, sink: ProbeSink, stats: TraceStats) {
    this.#dat = dat;
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
    const { format } = event;
    let probe = this.#probes.get(format);
    if (probe === undefined && !this.#probes.has(format)) {
      probe = this.#bind(event);
      this.#probes.set(format, probe);
    }
    if (probe === undefined) {
      this.#message(event, where);
      return;
    }
    const { binding, fields, types } = probe;
    this.#stats.events++;
    if (!binding.wanted) return;
    const { values } = binding;
    values.clear(fields.length);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i];
      if (field === undefined) continue;
      const type = types[i];
      if (type === 'ptr') values.setValue(i, fieldPtr(event, field));
      else if (type === 'u64') values.setValue(i, fieldU64(event, field));
      else if (type === 'bits') setBits(values, i, fieldU64(event, field));
      else if (type === 'int') values.setValue(i, fieldInt(event, field));
      else values.setString(i, fieldString(event, field));
    }
    this.#sink.probe(binding, values, where);
  }

  #message(event: DatEvent, where: Where): void {
    const message = this.#messages.get(event.format);
    if (message === undefined) return;
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
  #bind(event: DatEvent): DatProbe | undefined {
    const { format } = event;
    const func = fieldOf(format, '__probe_func');
    const ip = func ?? fieldOf(format, '__probe_ip');
    if (ip === undefined) return this.#bindTracepoint(format);
    const at = func === undefined ? 'entry' : 'return';
    const symbol = this.#dat.symbolOf(fieldPtr(event, ip));
    const binding =
      (symbol === undefined ? undefined : this.#table.bySymbol(symbol, at)) ?? this.#table.byEventName(format.name, at);
    return binding === undefined ? undefined : this.#fieldsOf(format, binding);
  }

  #bindTracepoint(format: EventFormat): DatProbe | undefined {
    const bindings = this.#table.tracepointsOf(`${format.system}:${format.name}`);
    const [binding] = bindings;
    const name = binding?.spec.text?.message;
    if (binding === undefined) return undefined;
    if (name === undefined) return this.#fieldsOf(format, binding);
    const field = fieldOf(format, name);
    if (field?.kind === 'dynamic-string') this.#messages.set(format, { bindings, field });
    return undefined;
  }

  #fieldsOf(format: EventFormat, binding: ProbeBinding): DatProbe {
    const { at, args } = binding.spec;
    const wanted = args.map(parseArgSpec);
    const fields = wanted.map((arg) => this.#fieldOf(format, arg, at));
    for (const { name } of format.fields) binding.shown.add(name);
    return { binding, fields, types: wanted.map((arg) => arg.type) };
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

function setBits(values: ArgValues, index: number, value: U64): void {
  const big = BigInt(value);
  values.setBits(index, Number(big >> 32n), Number(big & 0xffffffffn));
}
