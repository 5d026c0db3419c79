// A Map whose keys are kernel pointers: the same order and answers, at a third of the time, since V8's own asks its
// runtime for the hash of each number that is no small integer.
import type { Ptr } from './u64.ts';

const FIRST_SIZE = 8;
const NONE = -1;
/** Of all maps that nothing was put into yet. */
const NO_KEYS = new Float64Array(0);
const NO_PLACES = new Int32Array(1).fill(NONE);

const LOW_FACTOR = 0x9e3779b1;
const HIGH_FACTOR = 0x85ebca6b;
/** Pointers at so many places in a row: they were chosen to be there. */
const CROWD = 128;

/** Pointers are multiples of 8 or more, so the lowest bits tell nothing. */
function hashOf(key: number): number {
  const mixed = Math.imul((key / 8) | 0, LOW_FACTOR) + Math.imul((key / 2 ** 35) | 0, HIGH_FACTOR);
  return mixed ^ (mixed >>> 15);
}

/** It may lose keys while it is iterated, and must not get new ones. */
export class PtrMap<V> implements Iterable<[Ptr, V]> {
  /** In the order of insertion; NaN where one was deleted. */
  #keys = NO_KEYS;
  #values: (V | undefined)[] = [];
  /** Twice as many places as keys, a power of two: the index of a key, or NONE. */
  #table = NO_PLACES;
  #used = 0;
  #size = 0;
  /** Pointers that no double holds; all of them, once they crowd. */
  #others: Map<Ptr, V> | undefined;
  #crowded = false;

  get size(): number {
    return this.#size + (this.#others?.size ?? 0);
  }

  #find(key: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let place = hashOf(key) & mask; ; place = (place + 1) & mask) {
      const index = table[place] as number;
      if (index === NONE || this.#keys[index] === key) return index;
    }
  }

  get(key: Ptr): V | undefined {
    if (typeof key !== 'number' || this.#crowded) return this.#others?.get(key);
    const index = this.#find(key);
    return index === NONE ? undefined : this.#values[index];
  }

  has(key: Ptr): boolean {
    return typeof key === 'number' && !this.#crowded ? this.#find(key) !== NONE : this.#others?.has(key) === true;
  }

  set(key: Ptr, value: V): this {
    if (typeof key !== 'number' || this.#crowded) {
      this.#others ??= new Map();
      this.#others.set(key, value);
      return this;
    }
    const index = this.#find(key);
    if (index !== NONE) {
      this.#values[index] = value;
      return this;
    }
    if (this.#used === this.#keys.length) this.#makeRoom();
    this.#size++;
    if (this.#append(key, value) > CROWD) this.#handOver();
    return this;
  }

  delete(key: Ptr): boolean {
    if (typeof key !== 'number' || this.#crowded) return this.#others?.delete(key) === true;
    const index = this.#find(key);
    if (index === NONE) return false;
    // Its place in the table stays taken, by what is equal to no key, until the table is made anew.
    this.#keys[index] = Number.NaN;
    this.#values[index] = undefined;
    this.#size--;
    if (this.#size === 0) this.#forgetDeleted();
    return true;
  }

  clear(): void {
    this.#others = undefined;
    this.#crowded = false;
    this.#empty();
  }

  #empty(): void {
    this.#size = 0;
    this.#keys = NO_KEYS;
    this.#table = NO_PLACES;
    this.#values = [];
    this.#used = 0;
  }

  /** A Map keeps them all from now on. */
  #handOver(): void {
    this.#others = new Map(this.entries());
    this.#crowded = true;
    this.#empty();
  }

  /** Returns how many places were taken before the one that was free. */
  #append(key: number, value: V): number {
    const table = this.#table;
    const mask = table.length - 1;
    const wanted = hashOf(key) & mask;
    let place = wanted;
    while (table[place] !== NONE) place = (place + 1) & mask;
    table[place] = this.#used;
    this.#keys[this.#used] = key;
    if (this.#used < this.#values.length) this.#values[this.#used] = value;
    else this.#values.push(value);
    this.#used++;
    return (place - wanted) & mask;
  }

  #makeRoom(): void {
    const { length } = this.#keys;
    if (this.#size > length / 2 || length === 0) {
      const keys = new Float64Array(Math.max(FIRST_SIZE, 2 * length));
      keys.set(this.#keys);
      this.#keys = keys;
      this.#table = new Int32Array(2 * keys.length);
    }
    this.#forgetDeleted();
  }

  /** Moves the others together. */
  #forgetDeleted(): void {
    const keys = this.#keys;
    const values = this.#values;
    const used = this.#used;
    this.#table.fill(NONE);
    this.#used = 0;
    for (let i = 0; i < used && this.#used < this.#size; i++) {
      const key = keys[i] as number;
      if (!Number.isNaN(key)) this.#append(key, values[i] as V);
    }
    values.length = this.#used;
  }

  *entries(): IterableIterator<[Ptr, V]> {
    for (let i = 0; i < this.#used; i++) {
      const key = this.#keys[i] as number;
      if (!Number.isNaN(key)) yield [key, this.#values[i] as V];
    }
    if (this.#others !== undefined) yield* this.#others;
  }

  *keys(): IterableIterator<Ptr> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[Ptr, V]> {
    return this.entries();
  }
}
