// Rows of named values to events: what formats give that take an event apart into fields (CSV, babeltrace2, Perfetto).
// A value is no text among others here, so nothing that stands in one can be taken for another.
import type { Diagnostic, DiagnosticKind } from '../../events/diagnostic.ts';
import { type ArgSpec, parseArgSpec } from '../../events/probe.ts';
import type { Where } from '../../events/vm_event.ts';
import { KIND } from '../arg_values.ts';
import type { ProbeSink } from '../event_decoder.ts';
import type { ProbeBinding } from '../probe_binding.ts';
import type { ProbeTable } from '../probe_table.ts';
import { FtraceRecord } from '../record.ts';
import type { TraceStats } from '../text_decoder.ts';

/** A value as the format spells it: digits, or text without its quotes and escapes. */
export interface RowField {
  readonly name: string;
  readonly value: string;
}

/** One event of whatever kind, taken apart. */
export interface Row {
  readonly line: number;
  /** Of the row's first byte in the input. */
  readonly byte: number;
  /** -1 where it is not told. */
  readonly pid: number;
  readonly cpu: number;
  readonly time: string;
  readonly comm: string;
  /** `event` or `system:event`. */
  readonly name: string;
  readonly fields: readonly RowField[];
}

type End = 'entry' | 'return';

/** The tracer's own fields of a probe; CTF takes an underscore off. */
const PROBE_FIELD = /^_{1,2}probe_(ip|func|ret_ip)$/;
/** No number of 64 bits takes more characters. */
const MAX_NUMBER = 24;
const ABSENT = /^$|^\(fault\)$|^\[?NULL\]?$/;

export class RowDecoder {
  readonly #table: ProbeTable;
  readonly #sink: ProbeSink;
  readonly #stats: TraceStats;
  readonly #diagnostics: Diagnostic[];
  readonly #wanted = new Map<ProbeBinding, readonly ArgSpec[]>();
  /** The text of one number. */
  readonly #rec = new FtraceRecord();

  constructor(table: ProbeTable, sink: ProbeSink, stats: TraceStats, diagnostics: Diagnostic[]) {
    this.#table = table;
    this.#sink = sink;
    this.#stats = stats;
    this.#diagnostics = diagnostics;
    this.#rec.setBuffer(new Uint8Array(MAX_NUMBER));
  }

  get stats(): TraceStats {
    return this.#stats;
  }

  /** Is anything known of events of this name? */
  knows(name: string): boolean {
    return this.#candidates(name, undefined).length > 0;
  }

  /** Is the text at `at` what the kernel prints of a tracepoint of this name? */
  isPrinted(name: string, rec: FtraceRecord, at: number): boolean {
    return this.#candidates(name, undefined).some(({ reader, values }) => {
      const start = reader?.start(rec, at) ?? -1;
      return start >= 0 && reader?.read(rec, start, values) === true;
    });
  }

  row(row: Row): void {
    this.#stats.entries++;
    this.#stats.losses.entry(row.cpu, row.line).atString(row.line, row.time);
    const binding = this.#bindingOf(row);
    if (binding === undefined) return;
    if (!binding.wanted) {
      this.#stats.events++;
      return;
    }
    const why = this.#fill(binding, row);
    if (why !== undefined) {
      this.damaged(row, `the arguments of ${binding.title} cannot be read, ${why}`);
      return;
    }
    this.#stats.events++;
    this.#sink.probe(binding, binding.values, whereOf(row));
  }

  /** What stands there is no event that can be read, and may have been one. */
  damaged({ line, byte, cpu }: Pick<Row, 'line' | 'byte' | 'cpu'>, message: string): void {
    this.note('damaged', line, `byte ${byte}: ${message}`);
    this.gap(cpu, line);
  }

  /** Something may be missing here. */
  gap(cpu: number, line: number): void {
    this.#sink.loss(cpu, undefined, line);
  }

  /** The tracer says that it lost events here; undefined: it does not say how many. */
  lost(cpu: number, count: number | undefined, line: number): void {
    this.#stats.lost += count ?? 0;
    this.note('lost', line, `${count ?? 'some'} events lost${cpu < 0 ? '' : ` on CPU ${cpu}`}`);
    this.#stats.losses.lost(cpu, count, line);
    this.#sink.loss(cpu, count, line);
  }

  note(kind: DiagnosticKind, line: number, message: string): void {
    const known = this.#diagnostics.find((d) => d.kind === kind);
    if (known !== undefined) known.count++;
    else this.#diagnostics.push({ kind, line, message, count: 1 });
  }

  #bindingOf({ name, fields }: Row): ProbeBinding | undefined {
    const probeFields = fields.filter(({ name: field }) => field.startsWith('_') && PROBE_FIELD.test(field));
    const isReturn = probeFields.some((field) => !field.name.endsWith('probe_ip'));
    const end: End | undefined = isReturn ? 'return' : probeFields.length > 0 ? 'entry' : undefined;
    const symbol = end === undefined ? undefined : symbolOf(probeFields);
    if (end !== undefined && symbol !== undefined) return this.#table.bySymbol(symbol, end);
    const candidates = this.#candidates(name, end);
    if (candidates.length <= 1) return candidates[0];
    const names = new Set(fields.map((field) => field.name));
    let best: ProbeBinding | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const binding of candidates) {
      const lacking = this.#wantedOf(binding).filter((arg) => !arg.names.some((one) => names.has(one))).length;
      if (lacking < least) [best, least] = [binding, lacking];
    }
    return best;
  }

  /** Where nothing tells a call from its return, both, the return first. */
  #candidates(name: string, end: End | undefined): ProbeBinding[] {
    const event = name.slice(name.lastIndexOf(':') + 1);
    const ends: readonly End[] = end === undefined ? ['return', 'entry'] : [end];
    const probes = ends.map((one) => this.#table.byEventName(event, one)).filter((one) => one !== undefined);
    if (end !== undefined || probes.length > 0) return probes;
    return this.#table.bindings.filter(
      ({ spec }) =>
        spec.at === 'tracepoint' &&
        spec.text?.message === undefined &&
        (name.includes(':') ? spec.symbol === name : spec.event === event),
    );
  }

  #wantedOf(binding: ProbeBinding): readonly ArgSpec[] {
    let wanted = this.#wanted.get(binding);
    if (wanted === undefined) {
      wanted = binding.spec.args.map(parseArgSpec);
      this.#wanted.set(binding, wanted);
    }
    return wanted;
  }

  /** Sets the binding's values; a sentence where one of them is none. */
  #fill(binding: ProbeBinding, { fields }: Row): string | undefined {
    const wanted = this.#wantedOf(binding);
    const byName = new Map<string, string>();
    for (const { name, value } of fields) {
      if (byName.has(name)) return `it has two values named ${name}`;
      byName.set(name, value);
      if (!name.startsWith('common_')) binding.shown.add(name);
    }
    binding.values.clear(wanted.length);
    for (const [i, arg] of wanted.entries()) {
      const value = shownValue(arg, byName) ?? positionalReturn(binding, arg, fields);
      if (value === undefined || ABSENT.test(value)) continue;
      if (arg.type === 'str') binding.values.setString(i, value);
      else if (!this.#setNumber(binding, i, KIND[arg.type], value)) return `${arg.names[0]} is no number`;
    }
    return undefined;
  }

  #setNumber(binding: ProbeBinding, index: number, kind: number, text: string): boolean {
    if (text.length > MAX_NUMBER) return false;
    const rec = this.#rec;
    for (let i = 0; i < text.length; i++) rec.buf[i] = text.charCodeAt(i);
    rec.end = text.length;
    return binding.values.setNumber(index, kind, rec, 0) === text.length;
  }
}

/** CTF puts an underscore before names that are words of its own. */
function shownValue({ names }: ArgSpec, byName: ReadonlyMap<string, string>): string | undefined {
  for (const name of names) {
    const value = byName.get(name) ?? byName.get(`_${name}`);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** `$arg*` probes name the return value argN: the last field of a return event. */
function positionalReturn({ spec }: ProbeBinding, { names }: ArgSpec, fields: readonly RowField[]): string | undefined {
  const last = fields.at(-1);
  const isReturn = spec.at === 'return' && names.includes('ret') && last !== undefined && /^arg\d+$/.test(last.name);
  return isReturn ? last.value : undefined;
}

/** Where the format names the function instead of its address. */
function symbolOf(probeFields: readonly RowField[]): string | undefined {
  const probed = probeFields.find((field) => !field.name.endsWith('_ret_ip'))?.value ?? '';
  return /^(?!0x)(?=.*[g-z_])([A-Za-z_][\w.]*)/.exec(probed)?.[1];
}

function whereOf({ line, pid, cpu, time, comm }: Row): Where {
  return { line, pid, cpu, time: () => time, comm: () => comm };
}
