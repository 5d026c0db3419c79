// The argument values of one event, by position: doubles in place, the rare rest beside them.
import { type Ptr, ptrFromHalves, type U64, u64FromHalves } from '../base/u64.ts';
import type { Args, ArgType } from '../events/probe.ts';
import { isDigit, latin1, MINUS, ZERO } from './bytes.ts';
import type { FtraceRecord } from './record.ts';

/** The types of arguments as numbers. */
export const KIND: Readonly<Record<ArgType, number>> = { ptr: 0, u64: 1, int: 2, str: 3, bits: 4, hex: 5 };

const KIND_HEX = KIND.hex;

const MAX_ARGS = 24;
/** No text of an entry is longer: a page of the ring buffer holds it. */
const MAX_TEXT = 4096;
/** `0x` as a big-endian 16-bit word. */
const ZERO_X = 0x3078;

const HEX = new Uint8Array(256).fill(255);
for (let d = 0; d < 10; d++) HEX[ZERO + d] = d;
for (let d = 10; d < 16; d++) HEX[97 + d - 10] = HEX[65 + d - 10] = d;

/** The value of two hex digits by their two bytes, -1 for others: half the steps, and most values are pointers. */
const HEX_PAIR = new Int16Array(65536).fill(-1);
const DIGITS = [...'0123456789abcdefABCDEF'].map((digit) => digit.charCodeAt(0));
for (const a of DIGITS) for (const b of DIGITS) HEX_PAIR[(a << 8) | b] = ((HEX[a] ?? 0) << 4) | (HEX[b] ?? 0);

export class ArgValues implements Args {
  /** Of bits, whose lower halves are among the numbers. */
  readonly #high = new Uint32Array(MAX_ARGS);
  /** NaN: look into #other. */
  readonly #numbers = new Float64Array(MAX_ARGS).fill(Number.NaN);
  readonly #other: (bigint | string | undefined)[] = new Array(MAX_ARGS).fill(undefined);

  clear(count: number): void {
    for (let i = 0; i < count; i++) this.setAbsent(i);
  }

  ptr(index: number): Ptr | undefined {
    return this.#value(index);
  }

  u64(index: number): U64 | undefined {
    return this.#value(index);
  }

  int(index: number): number | undefined {
    const n = this.#numbers[index];
    return n === undefined || Number.isNaN(n) ? undefined : n;
  }

  str(index: number): string | undefined {
    const other = this.#other[index];
    return typeof other === 'string' ? other : undefined;
  }

  high(index: number): number | undefined {
    return Number.isNaN(this.#numbers[index]) ? undefined : this.#high[index];
  }

  low(index: number): number | undefined {
    return this.int(index);
  }

  #value(index: number): number | bigint | undefined {
    const n = this.#numbers[index] ?? Number.NaN;
    if (!Number.isNaN(n)) return n;
    const other = this.#other[index];
    return typeof other === 'bigint' ? other : undefined;
  }

  setAbsent(index: number): void {
    this.#numbers[index] = Number.NaN;
    this.#other[index] = undefined;
  }

  setBits(index: number, hi: number, lo: number): void {
    this.#high[index] = hi;
    this.#numbers[index] = lo;
  }

  setString(index: number, text: string): void {
    this.#other[index] = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  }

  setValue(index: number, value: number | bigint): void {
    if (typeof value === 'number') {
      this.#numbers[index] = value;
    } else {
      this.#numbers[index] = Number.NaN;
      this.#other[index] = value;
    }
  }

  /**
   * Stores the number at [start, ...) as `kind` (0 ptr, 1 u64, 2 int, 5 hex); returns its end, or -1 where none stands there.
   */
  setNumber(index: number, kind: number, rec: FtraceRecord, start: number): number {
    const { buf, view, end } = rec;
    if (kind === KIND_HEX) return this.#setHex(index, KIND.u64, view, start, end);
    if (start + 2 < end && view.getUint16(start) === ZERO_X) return this.#setHex(index, kind, view, start + 2, end);
    return this.#setDecimal(index, kind, buf, view, start, end);
  }

  #setHex(index: number, kind: number, view: DataView, start: number, end: number): number {
    let hi = 0;
    let lo = 0;
    let p = start;
    for (; p + 1 < end; p += 2) {
      const pair = HEX_PAIR[view.getUint16(p)] ?? -1;
      if (pair < 0) break;
      hi = (hi << 8) | (lo >>> 24);
      lo = (lo << 8) | pair;
    }
    const digit = p < end ? (HEX[view.getUint8(p)] ?? 255) : 255;
    if (digit !== 255) {
      hi = (hi << 4) | (lo >>> 28);
      lo = (lo << 4) | digit;
      p++;
    }
    if (p === start || p - start > 16) return -1;
    this.#setHalves(index, kind, hi >>> 0, lo >>> 0);
    return p;
  }

  #setHalves(index: number, kind: number, hi: number, lo: number): void {
    if (kind === 0) this.setValue(index, ptrFromHalves(hi, lo));
    else if (kind === 1) this.setValue(index, u64FromHalves(hi, lo));
    else if (kind === 4) this.setBits(index, hi, lo);
    else this.#numbers[index] = hi === 0 ? (lo > 0x7fffffff ? lo - 4294967296 : lo) : Number(ptrFromHalves(hi, lo));
  }

  #setDecimal(index: number, kind: number, buf: Uint8Array, view: DataView, start: number, end: number): number {
    let p = start;
    const negative = buf[p] === MINUS;
    if (negative) p++;
    const first = p;
    let n = 0;
    while (p < end && isDigit(buf[p])) n = n * 10 + ((buf[p++] ?? ZERO) - ZERO);
    if (p < end && HEX[buf[p] ?? 0] !== 255 && !negative) return this.#setHex(index, kind, view, start, end); // old kernels: no 0x
    if (p === first) return -1;
    // Pointers and addresses are shown with a sign where a tool counts in signed numbers (SQL).
    if (p - first <= 15 && kind !== 4 && (kind === 2 || !negative)) {
      this.#numbers[index] = negative ? -n : n;
      return p;
    }
    if (p - first > 20) return -1;
    const big = BigInt.asUintN(64, (negative ? -1n : 1n) * BigInt(latin1(buf, first, p)));
    this.#setHalves(index, kind, Number(big >> 32n), Number(big & 0xffffffffn));
    return p;
  }
}
