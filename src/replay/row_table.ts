// What the rows of jobs hold, outside of V8's heap: numbers side by side, and once what many of them have in common.

import { TextLog } from '../base/text_log.ts';
import type { Ptr } from '../base/u64.ts';
import { type Counts, countsKey } from './job_counts.ts';

/** Numbers of a row: any that the trace may have, and those that the table itself gives. */
export const DOUBLES = 8;
export const WORDS = 8;
/** Rows that share arrays: twice as many each time, up to a number. */
const FIRST = 16;
const DOUBLINGS = 7;
const MOST = FIRST << DOUBLINGS;

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
  readonly blocks: RowBlock[] = [];
  /** Rows kept. */
  size = 0;

  /** Makes room for one more row: the last one of the block. */
  next(): RowBlock {
    this.size++;
    let last = this.blocks.at(-1);
    if (last === undefined || last.size === last.room) {
      last = new RowBlock(this, this.blocks.length < DOUBLINGS ? FIRST << this.blocks.length : MOST);
      this.blocks.push(last);
    }
    last.size++;
    return last;
  }
}

export class RowBlock {
  readonly table: RowTable;
  readonly room: number;
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
  size = 0;

  constructor(table: RowTable, room: number) {
    this.table = table;
    this.room = room;
    this.doubles = new Float64Array(DOUBLES * room);
    this.words = new Uint32Array(WORDS * room);
  }
}
