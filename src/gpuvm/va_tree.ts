// The ordered map of a VM's mappings: the interval tree plus address-ordered list of drm_gpuvm.c.

import { newBTree } from '../base/sorted_btree.ts';
import type { U64 } from '../base/u64.ts';
import { type Gpuva, gpuvaEnd, makeGpuva } from './gpuva.ts';

/*
 * The kernel finds the first overlap in an augmented red-black tree and goes on through a list. Mappings do not
 * overlap, so one sorted sequence answers both questions:
 *
 *        addr             end                 floor(addr) = last mapping that starts at or before addr
 *         |----- query ----|                  it is the first overlap if it reaches beyond addr,
 *     [ floor )   [ next )      [ )           otherwise its successor is, if that starts before end
 *
 * Zero-length mappings (a driver may let range 0 through) are points: the half-open test `va.addr < end &&
 * addr < va.end` finds them exactly where the kernel's inclusive test does, and any number may sit at one address, in
 * order of insertion. One is special: at address 0 its inclusive last byte wraps to 2^64 - 1, so it overlaps
 * everything; likewise a query of range 0 at address 0 meets every mapping.
 */

/** Array below, B-tree above: measured, a splice in the middle of 256 costs as much as a B-tree step at any size. */
const TO_BTREE = 256;
/** Well below TO_BTREE, so that a map at the border does not flip with each operation. */
const TO_ARRAY = 64;
/** Keys per B-tree node; 32 and 64 measured alike, 128 slower. */
const NODE_SIZE = 32;

function compare(a: Gpuva, b: Gpuva): number {
  return a.addr < b.addr ? -1 : a.addr > b.addr ? 1 : a.tie - b.tie;
}

/** What VaTree needs of a sorted sequence of mappings. */
interface Sequence extends Iterable<Gpuva> {
  readonly size: number;
  add(va: Gpuva): void;
  remove(va: Gpuva): boolean;
  has(va: Gpuva): boolean;
  /** Last mapping that starts at or before addr. */
  floor(addr: U64): Gpuva | undefined;
  /** Neighbours in order; va itself need not be in the sequence any more. */
  prev(va: Gpuva): Gpuva | undefined;
  next(va: Gpuva): Gpuva | undefined;
  first(): Gpuva | undefined;
  /** The first mapping that overlaps [addr, end), where none lies at address 0 with a length of 0. */
  firstOverlap(addr: U64, end: U64): Gpuva | undefined;
}

class ArraySequence implements Sequence {
  readonly #vas: Gpuva[] = [];

  get size(): number {
    return this.#vas.length;
  }

  /** Number of mappings that sort before va. */
  #rank(va: Gpuva): number {
    const vas = this.#vas;
    let low = 0;
    let high = vas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = vas[middle];
      if (at !== undefined && compare(at, va) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(va: Gpuva): void {
    const rank = this.#rank(va);
    if (rank === this.#vas.length) this.#vas.push(va);
    else this.#vas.splice(rank, 0, va);
  }

  remove(va: Gpuva): boolean {
    const rank = this.#rank(va);
    if (this.#vas[rank] !== va) return false;
    if (rank === this.#vas.length - 1) this.#vas.pop();
    else this.#vas.splice(rank, 1);
    return true;
  }

  has(va: Gpuva): boolean {
    return this.#vas[this.#rank(va)] === va;
  }

  /** Number of mappings that start at or before addr. */
  #upTo(addr: U64): number {
    const vas = this.#vas;
    let low = 0;
    let high = vas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((vas[middle] as Gpuva).addr <= addr) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  floor(addr: U64): Gpuva | undefined {
    return this.#vas[this.#upTo(addr) - 1];
  }

  firstOverlap(addr: U64, end: U64): Gpuva | undefined {
    const vas = this.#vas;
    const after = this.#upTo(addr);
    for (let i = after - 1; i >= 0; i--) {
      const va = vas[i] as Gpuva;
      if (gpuvaEnd(va) > addr) return va.addr < end ? va : undefined;
      // A point hides nothing: what lies before it may still reach beyond addr.
      if (va.range !== 0) break;
    }
    const next = vas[after];
    return next !== undefined && next.addr < end ? next : undefined;
  }

  prev(va: Gpuva): Gpuva | undefined {
    return this.#vas[this.#rank(va) - 1];
  }

  next(va: Gpuva): Gpuva | undefined {
    const rank = this.#rank(va);
    const at = this.#vas[rank];
    return at !== undefined && compare(at, va) === 0 ? this.#vas[rank + 1] : at;
  }

  first(): Gpuva | undefined {
    return this.#vas[0];
  }

  [Symbol.iterator](): Iterator<Gpuva> {
    return this.#vas[Symbol.iterator]();
  }
}

class BTreeSequence implements Sequence {
  readonly #tree = newBTree<Gpuva, Gpuva>(compare, NODE_SIZE);
  /** Reused search key, so that floor() allocates nothing; its tie sorts it behind all mappings of its address. */
  readonly #probe = makeGpuva(0, 0, 0);

  constructor() {
    this.#probe.tie = Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#tree.size;
  }

  add(va: Gpuva): void {
    this.#tree.set(va, va);
  }

  remove(va: Gpuva): boolean {
    return this.has(va) && this.#tree.delete(va);
  }

  has(va: Gpuva): boolean {
    return this.#tree.get(va) === va;
  }

  floor(addr: U64): Gpuva | undefined {
    this.#probe.addr = addr;
    return this.#tree.nextLowerKey(this.#probe);
  }

  prev(va: Gpuva): Gpuva | undefined {
    return this.#tree.nextLowerKey(va);
  }

  next(va: Gpuva): Gpuva | undefined {
    return this.#tree.nextHigherKey(va);
  }

  first(): Gpuva | undefined {
    return this.#tree.minKey();
  }

  firstOverlap(addr: U64, end: U64): Gpuva | undefined {
    const floor = this.floor(addr);
    for (let va = floor; va !== undefined; va = this.prev(va)) {
      if (gpuvaEnd(va) > addr) return va.addr < end ? va : undefined;
      if (va.range !== 0) break;
    }
    const next = floor === undefined ? this.first() : this.next(floor);
    return next !== undefined && next.addr < end ? next : undefined;
  }

  [Symbol.iterator](): Iterator<Gpuva> {
    return this.#tree.keys();
  }
}

export class VaTree implements Iterable<Gpuva> {
  #vas: Sequence = new ArraySequence();
  /** Number of zero-length mappings: without any, no address occurs twice. */
  #points = 0;
  /** The zero-length mapping at address 0, which overlaps everything and so is always alone. */
  #everywhere: Gpuva | undefined;

  get size(): number {
    return this.#vas.size;
  }

  /** Adds va. That it overlaps nothing is the caller's check. */
  insert(va: Gpuva): void {
    if (va.range === 0) this.#points++;
    va.tie = this.#points === 0 ? 0 : this.#tieFor(va.addr);
    if (va.range === 0 && va.addr === 0) this.#everywhere = va;
    this.#vas.add(va);
    if (this.#vas.size === TO_BTREE) this.#rebuild(new BTreeSequence());
  }

  /** Behind all that is at addr already. */
  #tieFor(addr: U64): number {
    const floor = this.#vas.floor(addr);
    return floor !== undefined && floor.addr === addr ? floor.tie + 1 : 0;
  }

  /** Removes this very object; false where it is not in the tree. */
  delete(va: Gpuva): boolean {
    if (!this.#vas.remove(va)) return false;
    if (va.range === 0) this.#points--;
    if (va === this.#everywhere) this.#everywhere = undefined;
    if (this.#vas.size === TO_ARRAY && this.#vas instanceof BTreeSequence) this.#rebuild(new ArraySequence());
    return true;
  }

  #rebuild(sequence: Sequence): void {
    for (const va of this.#vas) sequence.add(va);
    this.#vas = sequence;
  }

  has(va: Gpuva): boolean {
    return this.#vas.has(va);
  }

  /** The first mapping in order that overlaps [addr, end); end may be 2^64. As drm_gpuva_it_iter_first(). */
  firstOverlap(addr: U64, end: U64): Gpuva | undefined {
    if (this.#everywhere !== undefined) return this.#everywhere;
    if (end === 0 && addr === 0) return this.#vas.first();
    return this.#vas.firstOverlap(addr, end);
  }

  /** All that drm_gpuvm_for_each_va_range() visits: the first overlap, then on in order while va.addr < end. */
  overlaps(addr: U64, end: U64): Gpuva[] {
    const found: Gpuva[] = [];
    let va = this.firstOverlap(addr, end);
    for (; va !== undefined && va.addr < end; va = this.#vas.next(va)) found.push(va);
    return found;
  }

  prev(va: Gpuva): Gpuva | undefined {
    return this.#vas.prev(va);
  }

  next(va: Gpuva): Gpuva | undefined {
    return this.#vas.next(va);
  }

  first(): Gpuva | undefined {
    return this.#vas.first();
  }

  [Symbol.iterator](): Iterator<Gpuva> {
    return this.#vas[Symbol.iterator]();
  }
}
