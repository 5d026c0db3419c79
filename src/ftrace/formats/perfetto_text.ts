// Perfetto's trace as text (`traceconv text`): packets of protobuf, one field a line. Each bundle in it holds events of one
// CPU, so that all that matter are kept until the end and put into the order of time.
// Source: Perfetto's ftrace_event_bundle.proto, generic.proto, protozero_to_text.cc.
import { UserError } from '../../base/user_error.ts';
import { latin1 } from '../bytes.ts';
import { LineReader, type LineSink } from '../line_reader.ts';
import { MAX_CPUS } from '../losses.ts';
import { MAX_COMM } from '../record.ts';
import { unescapeC } from './escapes.ts';
import type { ByteReader, Format, Targets } from './format.ts';
import { KeptRows } from './kept_rows.ts';
import type { RowField } from './row_decoder.ts';

/** What is kept of one is some hundred bytes. */
const MAX_EVENTS = 400_000;
/** Of the names and values that are kept of all of them. */
const MAX_CHARS = 100_000_000;
/** Names of threads kept. */
const MAX_THREADS = 65_536;
/** No message of a trace is nested deeper. */
const MAX_DEPTH = 100;
const OPENS = /^\s*(\[?[\w.]+\]?):? \{$/;
const CLOSES = /^\s*\}$/;
const VALUE = /^\s*(\[?[\w.]+\]?): (?:"((?:[^"\\]|\\.)*)"|([-\w.+]+))$/s;
const COMMENT = /^\s*#|^\s*$/;
const UNKNOWN = /^\s*# Ignoring unknown field/;

export const perfettoText: Format = {
  name: 'perfetto',
  what: 'the text that Perfetto’s `traceconv text` prints (`traceconv systrace` prints that of the tracer)',
  sign: 'the first line is `packet {`',
  recognise: (line) => /^(?:compressed_packets|packet):? \{$/.test(line),
  open: (targets) => new PerfettoText(targets),
};

interface OpenEvent {
  readonly line: number;
  readonly byte: number;
  timestamp: string;
  pid: number;
  name: string;
  readonly fields: RowField[];
  hasUnknown: boolean;
  isOverfull: boolean;
}

/** No event has more: MAX_TRACE_ARGS of kernel/trace/trace_probe.h. */
const MAX_FIELDS = 128;

/** What an event with more fields than any has is not kept. */
function addField(event: OpenEvent, field: RowField): void {
  if (event.fields.push(field) <= MAX_FIELDS) return;
  event.fields.length = 0;
  event.isOverfull = true;
}

interface Bundle {
  cpu: number;
  lost: boolean;
  readonly events: OpenEvent[];
}

class PerfettoText implements ByteReader, LineSink {
  readonly #targets: Targets;
  readonly #lines = new LineReader(this);
  readonly #stack: string[] = [];
  readonly #kept = new KeptRows();
  /** Names of threads, from wherever the trace tells them. */
  readonly #comms = new Map<number, string>();
  readonly #lossOn = new Set<number>();
  /** What could not be read may have stood before any event: the order of the text is not that of time. */
  #isDamaged = false;
  #bundle: Bundle | undefined;
  #event: OpenEvent | undefined;
  #field: { name: string; value: string } | undefined;
  #thread: { tid: number; name: string } | undefined;
  #chars = 0;

  constructor(targets: Targets) {
    this.#targets = targets;
    targets.rows.stats.layouts.add('perfetto');
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  line(buf: Uint8Array, start: number, end: number, number: number, cut: boolean): void {
    const { rows } = this.#targets;
    rows.stats.lines = number;
    const text = latin1(buf, start, end);
    const opened = text.endsWith('{') ? OPENS.exec(text)?.[1] : undefined;
    const value = text.endsWith('}') || opened !== undefined ? null : VALUE.exec(text);
    if (cut) this.#damaged(number, 'the line is cut off');
    else if (opened !== undefined) this.#open(opened, number);
    else if (value !== null)
      this.#value(value[1] ?? '', value[2] === undefined ? (value[3] ?? '') : unescapeC(value[2]));
    else if (CLOSES.test(text)) this.#close(number);
    else if (!COMMENT.test(text)) this.#damaged(number, 'it is no field of a protobuf message');
    else if (this.#event !== undefined && UNKNOWN.test(text)) this.#event.hasUnknown = true;
  }

  end(): void {
    this.#lines.end();
    const { rows } = this.#targets;
    if (this.#bundle !== undefined) this.#keep(this.#bundle);
    if (this.#stack.length > 0) rows.note('cut', rows.stats.lines, `the input ends within ${this.#stack.join(' > ')}`);
    for (const { row, isBehindLoss } of this.#kept.inOrder((pid) => this.#comms.get(pid) ?? '<...>')) {
      if (isBehindLoss) rows.lost(row.cpu, undefined, row.line);
      if (this.#isDamaged) rows.gap(row.cpu, row.line);
      rows.row(row);
    }
    for (const cpu of this.#lossOn) rows.lost(cpu, undefined, rows.stats.lines);
  }

  #open(name: string, line: number): void {
    const parent = this.#stack.at(-1);
    if (this.#stack.push(name) > MAX_DEPTH) {
      const where = `${this.#targets.file}: line ${line}, byte ${this.#lines.offset}`;
      throw new UserError(`${where}: messages are nested more than ${MAX_DEPTH} deep`);
    }
    if (name === 'ftrace_events') this.#bundle = { cpu: -1, lost: false, events: [] };
    else if (name === 'event' && parent === 'ftrace_events') this.#event = this.#newEvent(line);
    else if (this.#event !== undefined && parent === 'event') this.#event.name = name === 'generic' ? '' : name;
    else if (name === 'field' && parent === 'generic') this.#field = { name: '', value: '' };
    else if (name === 'threads' && parent === 'process_tree') this.#thread = { tid: -1, name: '' };
  }

  #newEvent(line: number): OpenEvent {
    return {
      line,
      byte: this.#lines.offset,
      timestamp: '',
      pid: -1,
      name: '',
      fields: [],
      hasUnknown: false,
      isOverfull: false,
    };
  }

  #value(name: string, value: string): void {
    const within = this.#stack.at(-1);
    if (this.#field !== undefined && within === 'field') {
      if (name === 'name') this.#field.name = value;
      else this.#field.value = value;
    } else if (this.#event !== undefined && within === 'event') {
      if (name === 'timestamp') this.#event.timestamp = value;
      else if (name === 'pid') this.#event.pid = Number(value);
    } else if (this.#event !== undefined && this.#stack.at(-2) === 'event') {
      if (within === 'generic') this.#event.name = value;
      else addField(this.#event, { name, value });
    } else if (this.#bundle !== undefined && within === 'ftrace_events') {
      if (name === 'cpu') this.#bundle.cpu = Number(value);
      else if (name === 'lost_events') this.#bundle.lost = value === 'true' || value === '1';
    } else if (this.#thread !== undefined && within === 'threads') {
      if (name === 'tid') this.#thread.tid = Number(value);
      else if (name === 'name') this.#thread.name = value;
    }
  }

  #close(line: number): void {
    const name = this.#stack.pop();
    const parent = this.#stack.at(-1);
    if (name === undefined) {
      this.#damaged(line, 'a brace closes what was not opened');
    } else if (name === 'field' && this.#field !== undefined) {
      if (this.#event !== undefined) addField(this.#event, this.#field);
      this.#field = undefined;
    } else if (name === 'event' && parent === 'ftrace_events' && this.#event !== undefined) {
      this.#endEvent(this.#event);
      this.#event = undefined;
    } else if (name === 'ftrace_events' && this.#bundle !== undefined) {
      this.#keep(this.#bundle);
      this.#bundle = undefined;
    } else if (name === 'threads' && this.#thread !== undefined) {
      if (this.#comms.size < MAX_THREADS) this.#comms.set(this.#thread.tid, this.#thread.name.slice(0, MAX_COMM));
      this.#thread = undefined;
    }
  }

  /** Whatever cannot be used is told of, or counted, and not kept. */
  #endEvent(event: OpenEvent): void {
    const { rows, file } = this.#targets;
    const { line, byte, timestamp, pid, name, fields } = event;
    if (name === '' && event.hasUnknown) {
      this.#damaged(line, 'the event is of a kind that this text does not describe: traceconv systrace may', byte);
      return;
    }
    if (name === '' || !/^\d{1,20}$/.test(timestamp) || !Number.isSafeInteger(pid)) {
      this.#damaged(line, 'the event has no name, timestamp or pid', byte);
      return;
    }
    if (event.isOverfull) {
      this.#damaged(line, 'the event has more fields than any', byte);
      return;
    }
    if (!rows.knows(name)) {
      rows.stats.entries++;
      return;
    }
    this.#bundle?.events.push(event);
    for (const field of fields) this.#chars += field.name.length + field.value.length;
    if (this.#chars <= MAX_CHARS && this.#kept.size + (this.#bundle?.events.length ?? 0) <= MAX_EVENTS) return;
    throw new UserError(
      `${file}: line ${line}, byte ${byte}: more than ${MAX_EVENTS} events, or ${MAX_CHARS} bytes of them, that must be sorted: convert it with traceconv systrace`,
    );
  }

  #keep({ cpu, lost, events }: Bundle): void {
    if (lost) this.#keepLoss(cpu);
    for (const { line, byte, timestamp, pid, name, fields } of events)
      this.#kept.add({ line, byte, pid, cpu, name, fields }, timestamp, this.#lossOn.delete(cpu));
  }

  /** Of more CPUs than there can be, it may be any. */
  #keepLoss(cpu: number): void {
    this.#lossOn.add(this.#lossOn.size < MAX_CPUS ? cpu : -1);
  }

  #damaged(line: number, message: string, byte = this.#lines.offset): void {
    this.#isDamaged = true;
    this.#targets.rows.note('damaged', line, `byte ${byte}: ${message}`);
  }
}
