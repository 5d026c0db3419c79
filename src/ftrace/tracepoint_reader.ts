// Reads the text of a tracepoint or of a message: fixed words with values in between, as its format in the kernel has it.
import type { ArgSpec, TracepointText } from '../events/probe.ts';
import { type ArgValues, KIND } from './arg_values.ts';
import { COMMA, MINUS, PAREN_CLOSE, PAREN_OPEN, SPACE, skipDigits, startsWith } from './bytes.ts';
import { KnownText } from './known_text.ts';
import type { FtraceRecord } from './record.ts';

const KIND_PTR = KIND.ptr;
const KIND_HEX = KIND.hex;
const UNWANTED = -1;
/** A RegExp is shown no more of a text than this. */
const MAX_HEAD = 160;

interface Value {
  /** The position in the spec, or UNWANTED. */
  readonly slot: number;
  readonly kind: number;
  /** Characters, at least. */
  readonly width: number;
  /** What follows it; empty behind the last one. */
  readonly behind: KnownText;
}

/** One way to spell the rest. */
interface Form {
  readonly values: readonly Value[];
  /** The wanted that it does not show. */
  readonly absent: readonly number[];
}

export class TracepointReader {
  readonly #head: KnownText | RegExp;
  readonly #forms: readonly Form[];

  constructor({ head, rest, older }: TracepointText, wanted: readonly ArgSpec[]) {
    this.#head = typeof head === 'string' ? KnownText.of(head) : head;
    this.#forms = older === undefined ? [formOf(rest, wanted)] : [formOf(rest, wanted), formOf(older, wanted)];
  }

  /** Where the first value begins in the text at `pos`; -1 where it is the text of something else. */
  start(rec: FtraceRecord, pos: number): number {
    const head = this.#head;
    if (head instanceof KnownText) return head.standsAt(rec.view, pos, rec.end) ? pos + head.length : -1;
    const bytes = rec.buf.subarray(pos, Math.min(rec.end, pos + MAX_HEAD));
    const match = head.exec(Reflect.apply(String.fromCharCode, null, bytes)); // a third of the time of latin1()
    return match === null ? -1 : pos + match[0].length;
  }

  /** Reads all values from the first one at `pos` on; false where the text is not as it should be. */
  read(rec: FtraceRecord, pos: number, values: ArgValues): boolean {
    for (const form of this.#forms) if (readForm(rec, pos, form, values)) return true;
    return false;
  }
}

function formOf(rest: string, wanted: readonly ArgSpec[]): Form {
  const values = Array.from(
    rest.matchAll(/\{(\w+)(?::(\d+))?\}([^{]*)/g),
    ([, name = '', width = '1', behind = '']) => {
      const slot = wanted.findIndex((arg) => arg.names.includes(name));
      const kind = KIND[wanted[slot]?.type ?? 'u64'];
      return { slot, kind, width: Number(width), behind: KnownText.of(behind) };
    },
  );
  const absent = [...wanted.keys()].filter((slot) => values.every((value) => value.slot !== slot));
  return { values, absent };
}

function readForm(rec: FtraceRecord, pos: number, form: Form, values: ArgValues): boolean {
  const { buf, view, end } = rec;
  let p = pos;
  for (const value of form.values) {
    const start = p;
    p = value.slot === UNWANTED ? wordEnd(buf, p, end) : readNumber(rec, p, value, values);
    if (p < start + value.width || !value.behind.standsAt(view, p, end)) return false;
    p += value.behind.length;
  }
  for (const slot of form.absent) values.setAbsent(slot);
  // Later kernels may say more.
  return p === end || buf[p] === SPACE || buf[p] === COMMA;
}

/** Reads one value at `pos`; returns its end, or -1. */
function readNumber(rec: FtraceRecord, pos: number, { slot, kind }: Value, values: ArgValues): number {
  const { buf, end } = rec;
  const bare = kind === KIND_PTR || kind === KIND_HEX;
  if (bare && pos < end && buf[pos] === PAREN_OPEN) {
    values.setAbsent(slot); // `(null)`, `(____ptrval____)`
    return buf.subarray(0, end).indexOf(PAREN_CLOSE, pos) + 1 || -1;
  }
  const digits = buf[pos] === MINUS ? pos + 1 : pos;
  if (digits > pos && kind !== KIND.int) return -1;
  const p = values.setNumber(slot, kind, rec, pos);
  if (bare || startsWith(buf, pos, end, '0x') || skipDigits(buf, digits, end) === p) return p;
  return -1;
}

/** The end of the word at `pos`; -1 where none stands there. */
function wordEnd(buf: Uint8Array, pos: number, end: number): number {
  let p = pos;
  while (p < end && buf[p] !== SPACE && buf[p] !== COMMA) p++;
  return p === pos ? -1 : p;
}
