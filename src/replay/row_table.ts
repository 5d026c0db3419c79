// What the rows of jobs hold, outside of V8's heap: numbers side by side, and once what many of them have in common.

import { TextLog } from '../base/text_log.ts';
import type { Ptr } from '../base/u64.ts';
import { type Counts, countsKey } from './job_counts.ts';

/** Numbers of a row. */
const WIDTH = 15;
/** Rows that share an array: of the first, and at most. */
const FIRST = 16;
const BLOCK = 2048;

/** Values by small numbers, each kept once; `keyOf` gives equal values the same key. */
class Shared<T> {
  readonly #keyOf: (value: T) => string | Ptr;
  readonly #numbers = new Map<string | Ptr, number>();
  readonly #values: T[] = [];

  constructor(keyOf: (value: T) => string | Ptr) {
    this.#keyOf = keyOf;
  }

  of(value: T): number {
    const key = this.#keyOf(value);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#values.length);
    return this.#values.push(value) - 1;
  }

  at(number: number): T {
    return this.#values[number] as T;
  }
}

export class RowTable {
  readonly texts = new Shared<string>((text) => text);
  readonly vms = new Shared<Ptr>((vm) => vm);
  readonly counts = new Shared<Counts>(countsKey);
  readonly reasons = new Shared<readonly string[]>((reasons) => reasons.join('\u0000'));
  readonly times = new TextLog();
  /** The numbers of the newest row are in here, from `at` on. */
  numbers = new Float64Array(0);
  at = 0;
  #rows = FIRST;

  /** Makes room for one more row. */
  next(): void {
    this.at += WIDTH;
    if (this.at < this.numbers.length) return;
    this.numbers = new Float64Array(WIDTH * this.#rows);
    this.at = 0;
    this.#rows = Math.min(BLOCK, 2 * this.#rows);
  }
}
