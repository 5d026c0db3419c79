// Ties a probe that the trace shows to what a dialect wants of it, and reads its `key=value` arguments.
// The keys of one probe stand in the same order on every line: they are learned once and then only verified.
import { type ArgSpec, type ArgType, type ProbeSpec, parseArgSpec } from '../events/probe.ts';
import type { ArgValues } from './arg_values.ts';
import { ascii, BRACKET_OPEN, EQUALS, latin1, PAREN_CLOSE, PAREN_OPEN, QUOTE, SPACE, sameBytes } from './bytes.ts';

const KIND: Record<ArgType, number> = { ptr: 0, u64: 1, int: 2, str: 3 };
const UNWANTED = -1;
const APOSTROPHE = 39;

interface Key {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** The position in the spec, or UNWANTED. */
  readonly slot: number;
  readonly kind: number;
}

export class ProbeBinding {
  readonly spec: ProbeSpec;
  readonly symbol: Uint8Array;
  /** Events seen, for the coverage of the probe set. */
  count = 0;
  readonly #wanted: readonly ArgSpec[];
  #keys: readonly Key[] = [];
  /** Behind this many keys nothing more is wanted. */
  #lastWanted = 0;

  constructor(spec: ProbeSpec) {
    this.spec = spec;
    this.symbol = ascii(spec.symbol);
    this.#wanted = spec.args.map(parseArgSpec);
  }

  /** Reads buf[pos, end) into `values`; false where the text is no argument list (damaged or cut). */
  read(buf: Uint8Array, pos: number, end: number, values: ArgValues): boolean {
    values.clear(this.#wanted.length);
    if (this.#wanted.length === 0) return true;
    if (this.#keys.length > 0 && this.#readAs(this.#keys, this.#lastWanted, buf, pos, end, values)) return true;
    const keys = this.#learn(buf, pos, end);
    if (keys === undefined) return false;
    values.clear(this.#wanted.length);
    this.#keys = keys;
    this.#lastWanted = 1 + keys.findLastIndex((key) => key.slot !== UNWANTED);
    return this.#readAs(keys, this.#lastWanted, buf, pos, end, values);
  }

  #readAs(keys: readonly Key[], count: number, buf: Uint8Array, pos: number, end: number, values: ArgValues): boolean {
    let p = pos;
    for (let i = 0; i < count; i++) {
      const key = keys[i];
      if (key === undefined) return false;
      while (buf[p] === SPACE && p < end) p++;
      if (!sameBytes(buf, p, end, key.bytes)) return false;
      p = readValue(buf, p + key.bytes.length, end, key, values);
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
      const text = latin1(buf, p, eq);
      keys.push(this.#key(text));
      p = skipValue(buf, eq + 1, end, text);
    }
    return this.#withPositionalReturn(keys);
  }

  #key(text: string): Key {
    const slot = this.#wanted.findIndex((arg) => arg.names.includes(text));
    const wanted = this.#wanted[slot];
    return { text, bytes: ascii(`${text}=`), slot, kind: wanted === undefined ? -1 : KIND[wanted.type] };
  }

  /** `$arg*` probes name the return value argN, N being its position: the last key of a return event. */
  #withPositionalReturn(keys: Key[]): Key[] {
    const ret = this.#wanted.findIndex((arg) => arg.names.includes('ret'));
    const last = keys.at(-1);
    if (ret < 0 || last === undefined || keys.some((key) => key.slot === ret)) return keys;
    if (this.spec.at !== 'return' || last.text !== `arg${keys.length}`) return keys;
    keys[keys.length - 1] = { ...last, slot: ret, kind: KIND[this.#wanted[ret]?.type ?? 'int'] };
    return keys;
  }
}

/** Reads one value from `pos` on; returns its end, or -1. */
function readValue(buf: Uint8Array, pos: number, end: number, key: Key, values: ArgValues): number {
  if (key.slot === UNWANTED) return skipValue(buf, pos, end, key.text);
  if (key.kind === KIND.str) {
    const stop = skipValue(buf, pos, end, key.text);
    const quoted = buf[pos] === QUOTE && stop > pos + 1 && buf[stop - 1] === QUOTE;
    if (buf[pos] !== PAREN_OPEN)
      values.setString(key.slot, quoted ? latin1(buf, pos + 1, stop - 1) : latin1(buf, pos, stop));
    return stop;
  }
  // The `fields` option prints `0x3 (3)`, `'P'(80)` for a byte and `(1)` for a boolean; a faulted fetch prints `(fault)`.
  const number = buf[pos] === APOSTROPHE ? pos + 3 : pos;
  const start = buf[number] === PAREN_OPEN ? number + 1 : number;
  let p = values.setNumber(key.slot, key.kind, buf, start, end);
  if (p < 0) return start > pos ? skipParens(buf, number, end) : -1;
  if (start > pos) p++;
  else if (buf[p] === SPACE && buf[p + 1] === PAREN_OPEN) p = skipParens(buf, p + 1, end);
  return p === end || buf[p] === SPACE ? p : -1;
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
