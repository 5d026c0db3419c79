// Ties a probe that the trace shows to what a dialect wants of it, and reads its `key=value` arguments.
// The keys of one probe stand in the same order on every line: they are learned once and then only verified.
import { type ArgSpec, type ProbeSpec, parseArgSpec } from '../events/probe.ts';
import { ArgValues, KIND } from './arg_values.ts';
import { ascii, BRACKET_OPEN, EQUALS, latin1, PAREN_CLOSE, PAREN_OPEN, QUOTE, SPACE, startsWith } from './bytes.ts';
import { KnownText } from './known_text.ts';
import type { FtraceRecord } from './record.ts';
import { UNWANTED } from './scan/memory.ts';
import { TracepointReader } from './tracepoint_reader.ts';

const KIND_STR = KIND.str;
const APOSTROPHE = 39;
/** MAX_TRACE_ARGS and MAX_ARG_NAME_LEN: kernel/trace/trace_probe.h. */
const MAX_SHOWN = 128;
const MAX_KEY = 32;
/** What stands for a value whose fetch faulted. */
const FAULT = '(fault)';

export interface Key {
  readonly text: string;
  /** With the blank before it and the `=` behind it. */
  readonly known: KnownText;
  /** The position in the spec, or UNWANTED. */
  readonly slot: number;
  readonly kind: number;
}

/** Does somebody listen to what a probe says? */
export type IsWanted = (spec: ProbeSpec) => boolean;

/** One is made of each probe that is known, so what only those of the trace need is made when it is asked for. */
export class ProbeBinding {
  readonly spec: ProbeSpec;
  /** Of the spec, whose shape differs from one to the other. */
  readonly decode: ProbeSpec['decode'];
  /** So many values it has. */
  readonly width: number;
  /** The trace, or a saved dynamic_events, shows that the kernel has the function. */
  met = false;
  /** Names of its arguments as the trace shows them, or of what a definition fetches. */
  readonly shown = new Set<string>();
  /** Events seen, for the coverage of the probe set. */
  count = 0;
  readonly #isWanted: IsWanted;
  #wanted: boolean | undefined;
  #symbol: Uint8Array | undefined;
  #args: readonly ArgSpec[] | undefined;
  #reader: TracepointReader | undefined;
  #values: ArgValues | undefined;
  /** Up to the last one that is wanted, in their order; undefined before a line has shown them. */
  keys: readonly Key[] | undefined;
  /** The values are of a line that has other keys. */
  #hasOthers = false;

  constructor(spec: ProbeSpec, isWanted: IsWanted) {
    this.spec = spec;
    this.#isWanted = isWanted;
    this.decode = spec.decode;
    this.width = spec.args.length;
    if (this.width === 0) this.keys = [];
  }

  /** Somebody listens to what this probe says. */
  get wanted(): boolean {
    this.#wanted ??= this.#isWanted(this.spec);
    return this.#wanted;
  }

  get symbol(): Uint8Array {
    this.#symbol ??= ascii(this.spec.symbol);
    return this.#symbol;
  }

  /** As a message names it. */
  get title(): string {
    const { symbol, at } = this.spec;
    return at === 'tracepoint' ? symbol : `${symbol}()`;
  }

  /** Of a tracepoint: reads its text. */
  get reader(): TracepointReader | undefined {
    const { text } = this.spec;
    if (text !== undefined) this.#reader ??= new TracepointReader(text, this.#wantedArgs);
    return this.#reader;
  }

  /** Those of the last event read. What the probe does not show is never set, so nothing needs clearing in between. */
  get values(): ArgValues {
    this.#values ??= new ArgValues();
    return this.#values;
  }

  get #wantedArgs(): readonly ArgSpec[] {
    this.#args ??= this.spec.args.map(parseArgSpec);
    return this.#args;
  }

  /**
   * Reads the arguments into `values`, from the blank at `pos` on or, of a tracepoint, from its first value on; false
   * where they are no such list (damaged or cut).
   */
  read(rec: FtraceRecord, pos: number): boolean {
    if (this.#hasOthers) this.values.clear(this.width);
    this.#hasOthers = false;
    if (this.keys !== undefined && this.#readAs(rec, pos, this.keys)) return true;
    if (this.reader !== undefined) return this.reader.read(rec, pos, this.values);
    const keys = this.#learn(rec.buf, pos, rec.end);
    if (keys === undefined) return false;
    this.values.clear(this.width);
    this.#hasOthers = true;
    const read = keys.slice(0, 1 + keys.findLastIndex((key) => key.slot !== UNWANTED));
    if (!this.#readAs(rec, pos, read)) return false;
    // A line of which a part is missing shows fewer: those behind it have them all.
    if (keys.length === 0 || wantedOf(read) < wantedOf(this.keys ?? [])) return true;
    this.keys = read;
    this.#hasOthers = false;
    return true;
  }

  #readAs(rec: FtraceRecord, pos: number, keys: readonly Key[]): boolean {
    const { buf, view, end } = rec;
    const { values } = this;
    let p = pos;
    for (const key of keys) {
      while (p < end && buf[p + 1] === SPACE) p++;
      if (!key.known.standsAt(view, p, end)) return false;
      p = readValue(rec, p + key.known.length, key, values);
      if (p < 0) return false;
    }
    return true;
  }

  /** The keys of this line in their order; undefined where it holds something else. */
  #learn(buf: Uint8Array, pos: number, end: number): Key[] | undefined {
    const keys: Key[] = [];
    let p = pos;
    while (p < end) {
      while (p < end && buf[p] === SPACE) p++;
      if (p >= end) break;
      let eq = p;
      while (eq < end && buf[eq] !== EQUALS && buf[eq] !== SPACE) eq++;
      if (buf[eq] !== EQUALS || eq === p) return undefined;
      if (keys.length === MAX_SHOWN) return undefined;
      const text = latin1(buf, p, eq);
      keys.push(this.#key(text));
      if (this.shown.size < MAX_SHOWN && text.length <= MAX_KEY) this.shown.add(text);
      p = skipValue(buf, eq + 1, end, text);
    }
    return this.#withPositionalReturn(keys);
  }

  #key(text: string): Key {
    const slot = this.#wantedArgs.findIndex((arg) => arg.names.includes(text));
    const wanted = this.#wantedArgs[slot];
    return {
      text,
      known: KnownText.of(` ${text}=`),
      slot,
      kind: wanted === undefined ? -1 : KIND[wanted.type],
    };
  }

  /** `$arg*` probes name the return value argN, N being its position: the last key of a return event. */
  #withPositionalReturn(keys: Key[]): Key[] {
    const ret = this.#wantedArgs.findIndex((arg) => arg.names.includes('ret'));
    const last = keys.at(-1);
    if (ret < 0 || last === undefined || keys.some((key) => key.slot === ret)) return keys;
    if (this.spec.at !== 'return' || last.text !== `arg${keys.length}`) return keys;
    keys[keys.length - 1] = { ...last, slot: ret, kind: KIND[this.#wantedArgs[ret]?.type ?? 'int'] };
    return keys;
  }
}

function wantedOf(keys: readonly Key[]): number {
  return keys.filter(({ slot }) => slot !== UNWANTED).length;
}

/** Reads one value from `pos` on; returns its end, or -1. */
function readValue(rec: FtraceRecord, pos: number, key: Key, values: ArgValues): number {
  const { buf, end } = rec;
  if (key.slot === UNWANTED) return skipValue(buf, pos, end, key.text);
  if (key.kind === KIND_STR) return readString(buf, pos, end, key, values);
  const p = values.setNumber(key.slot, key.kind, rec, pos);
  if (p === end || (p > 0 && buf[p] === SPACE && buf[p + 1] !== PAREN_OPEN)) return p;
  return readFieldValue(rec, pos, key, values);
}

/** The `fields` option prints `0x3 (3)`, `'P'(80)` for a byte and `(1)` for a boolean; a faulted fetch prints `(fault)`. */
function readFieldValue(rec: FtraceRecord, pos: number, key: Key, values: ArgValues): number {
  const { buf, end } = rec;
  if (startsWith(buf, pos, end, FAULT)) {
    values.setAbsent(key.slot);
    return pos + FAULT.length;
  }
  const number = buf[pos] === APOSTROPHE ? pos + 3 : pos;
  const start = buf[number] === PAREN_OPEN ? number + 1 : number;
  let p = values.setNumber(key.slot, key.kind, rec, start);
  if (p < 0) return -1;
  if (start > pos) p++;
  else if (buf[p] === SPACE && buf[p + 1] === PAREN_OPEN) p = skipParens(buf, p + 1, end);
  return p === end || buf[p] === SPACE ? p : -1;
}

function readString(buf: Uint8Array, pos: number, end: number, key: Key, values: ArgValues): number {
  const stop = skipValue(buf, pos, end, key.text);
  const quoted = buf[pos] === QUOTE && stop > pos + 1 && buf[stop - 1] === QUOTE;
  if (buf[pos] === PAREN_OPEN) values.setAbsent(key.slot);
  else values.setString(key.slot, quoted ? latin1(buf, pos + 1, stop - 1) : latin1(buf, pos, stop));
  return stop;
}

function skipParens(buf: Uint8Array, pos: number, end: number): number {
  let p = pos;
  while (p < end && buf[p] !== PAREN_CLOSE) p++;
  return Math.min(p + 1, end);
}

/** The end of the value at `pos`: a quoted text, an unquoted one with blanks (trace-cmd report -R), or a word. */
function skipValue(buf: Uint8Array, pos: number, end: number, key: string): number {
  if (buf[pos] === QUOTE) return quotedEnd(buf, pos, end);
  if (key === 'name') return unquotedTextEnd(buf, pos, end);
  let p = buf[pos] === APOSTROPHE ? pos + 3 : pos;
  while (p < end && buf[p] !== SPACE) p++;
  while (buf[p] === SPACE && buf[p + 1] === PAREN_OPEN) p = skipParens(buf, p + 1, end);
  while (buf[p] === SPACE && buf[p + 1] === BRACKET_OPEN) p = symbolEnd(buf, p, end);
  return p;
}

/** `sym+0x4/0x10 [module] (-1610463996)` */
function symbolEnd(buf: Uint8Array, pos: number, end: number): number {
  let p = pos + 1;
  while (p < end && buf[p] !== SPACE) p++;
  if (buf[p] === SPACE && buf[p + 1] === PAREN_OPEN) p = skipParens(buf, p + 1, end);
  return p;
}

/** The kernel escapes nothing: a name may hold quotes itself, so the last quote of the line closes it. */
function quotedEnd(buf: Uint8Array, pos: number, end: number): number {
  for (let p = end - 1; p > pos; p--) if (buf[p] === QUOTE) return p + 1;
  return end;
}

/** An unquoted text ends where nothing but `key=value` words follow. */
function unquotedTextEnd(buf: Uint8Array, pos: number, end: number): number {
  let stop = end;
  for (;;) {
    let p = stop - 1;
    while (p > pos && buf[p] !== SPACE) p--;
    if (
      p <= pos ||
      (buf[p + 1] !== PAREN_OPEN && buf[p + 1] !== BRACKET_OPEN && !buf.subarray(p, stop).includes(EQUALS))
    )
      return stop;
    stop = p;
  }
}
