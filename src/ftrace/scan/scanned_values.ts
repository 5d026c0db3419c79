// The argument values of events as the scanner left them in its memory.
import type { Ptr, U64 } from '../../base/u64.ts';
import type { Args } from '../../events/probe.ts';
import { MAX_NUMBERS, NUMBERS, RAWS } from './memory.ts';

export class ScannedValues implements Args {
  /** Where those of the present event begin, and where they end. */
  #at = 0;
  #stop = 0;
  /** NaN: absent. An infinite one stands for a bigint: positive for one without a sign, negative for a pointer's. */
  readonly #numbers: Float64Array;
  readonly #raws: BigUint64Array;
  readonly #halves: Uint32Array;

  constructor(memory: ArrayBuffer) {
    this.#numbers = new Float64Array(memory, NUMBERS, MAX_NUMBERS);
    this.#raws = new BigUint64Array(memory, RAWS, MAX_NUMBERS);
    this.#halves = new Uint32Array(memory, RAWS, 2 * MAX_NUMBERS);
  }

  /** The first event's come next. */
  rewind(): void {
    this.#stop = 0;
  }

  /** Goes on to those of the next event, which has so many. */
  next(width: number): void {
    this.#at = this.#stop;
    this.#stop += width;
  }

  #number(index: number): number {
    const i = this.#at + index;
    return i < this.#stop ? (this.#numbers[i] ?? Number.NaN) : Number.NaN;
  }

  #big(index: number): bigint | undefined {
    const n = this.#number(index);
    if (Number.isNaN(n)) return undefined;
    const raw = this.#raws[this.#at + index] ?? 0n;
    return n < 0 ? BigInt.asIntN(64, raw) : raw;
  }

  ptr(index: number): Ptr | undefined {
    const n = this.#number(index);
    return Number.isFinite(n) ? n : this.#big(index);
  }

  u64(index: number): U64 | undefined {
    return this.ptr(index);
  }

  int(index: number): number | undefined {
    const n = this.#number(index);
    return Number.isFinite(n) ? n : undefined;
  }

  /** Lines with texts are not scanned. */
  str(_index: number): undefined {
    return undefined;
  }

  high(index: number): number | undefined {
    return this.int(index) === undefined ? undefined : this.#halves[2 * (this.#at + index) + 1];
  }

  low(index: number): number | undefined {
    return this.int(index);
  }
}
