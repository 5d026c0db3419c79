// Records of a trace.dat to events: the same probes and meanings as in text, read from the fields of each record.
import type { Diagnostic } from '../events/diagnostic.ts';
import { type ArgSpec, parseArgSpec } from '../events/probe.ts';
import type { Where } from '../events/vm_event.ts';
import type { ProbeSink } from './event_decoder.ts';
import type { ProbeBinding } from './probe_binding.ts';
import type { ProbeTable } from './probe_table.ts';
import type { TraceStats } from './text_decoder.ts';
import {
  type DatEvent,
  type EventField,
  type EventFormat,
  fieldInt,
  fieldOf,
  fieldPtr,
  fieldString,
  fieldU64,
  type TraceDat,
} from './trace_dat/index.ts';

/** How one event format of the file becomes an event of ours. */
interface DatProbe {
  readonly binding: ProbeBinding;
  /** By position in the spec; undefined where the format lacks it. */
  readonly fields: readonly (EventField | undefined)[];
  readonly types: readonly ArgSpec['type'][];
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

  constructor(dat: TraceDat, table: ProbeTable, sink: ProbeSink, stats: TraceStats) {
    this.#dat = dat;
    this.#table = table;
    this.#sink = sink;
    this.#stats = stats;
  }

  /** Reads the whole file; what is wrong with it is told as diagnostics. */
  read(): Diagnostic[] {
    const where = new DatWhere(this.#dat);
    const stats = this.#stats;
    const diagnostics: Diagnostic[] = [];
    stats.layouts.add(`trace.dat version ${this.#dat.header.version}`);
    this.#dat.forEachEvent(
      (event) => {
        stats.entries++;
        where.line = ++stats.lines;
        where.pid = event.pid;
        where.cpu = event.cpu;
        where.sec = event.sec;
        where.nsec = event.nsec;
        this.#event(event, where);
      },
      (cpu, count) => {
        stats.lost += count ?? 0;
        const message = `${count ?? 'some'} events lost on CPU ${cpu}`;
        const known = diagnostics.find((d) => d.kind === 'lost');
        if (known === undefined) diagnostics.push({ kind: 'lost', line: stats.lines, message, count: 1 });
        else known.count++;
        this.#sink.loss(cpu, count, stats.lines);
      },
    );
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
    if (probe === undefined) return;
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
      else if (type === 'int') values.setValue(i, fieldInt(event, field));
      else values.setString(i, fieldString(event, field));
    }
    this.#sink.probe(binding, values, where);
  }

  /** The probe behind a format: by the symbol at its first record's address, else by the event's name. */
  #bind(event: DatEvent): DatProbe | undefined {
    const { format } = event;
    const func = fieldOf(format, '__probe_func');
    const ip = func ?? fieldOf(format, '__probe_ip');
    if (ip === undefined) return undefined;
    const at = func === undefined ? 'entry' : 'return';
    const symbol = this.#dat.symbolOf(fieldPtr(event, ip));
    const binding =
      (symbol === undefined ? undefined : this.#table.bySymbol(symbol, at)) ?? this.#table.byEventName(format.name, at);
    if (binding === undefined) return undefined;
    const wanted = binding.spec.args.map(parseArgSpec);
    const fields = wanted.map((arg) => this.#fieldOf(format, arg, at));
    return { binding, fields, types: wanted.map((arg) => arg.type) };
  }

  #fieldOf(format: EventFormat, arg: ArgSpec, at: 'entry' | 'return'): EventField | undefined {
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
