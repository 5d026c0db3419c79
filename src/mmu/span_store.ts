// Spans in the order of their addresses: a sorted array while they are few, a B-tree when they are many.

import sortedBtree from 'sorted-btree';
import type { Span } from './span_map.ts';

/** Above this many the array's moves cost more than the B-tree's nodes; back below a quarter of it. */
const MOST_IN_ARRAY = 2048;
/** Keys per B-tree node. */
const NODE_SIZE = 32;

// The package is CommonJS: Node gives its exports as the default import, other loaders the class among them.
const BTree: typeof sortedBtree.default = typeof sortedBtree === 'function' ? sortedBtree : sortedBtree.default;

type Tree<T> = InstanceType<typeof BTree<number, T>>;

/** At most one span an address; span.addr is its key. */
export class SpanStore<T extends Span> {
  #list: T[] = [];
  #tree: Tree<T> | undefined;

  get size(): number {
    return this.#tree === undefined ? this.#list.length : this.#tree.size;
  }

  /** Number of spans of the array that begin at or before addr. */
  #rank(addr: number): number {
    const list = this.#list;
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((list[middle] as T).addr <= addr) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last span that begins at or before addr. */
  floor(addr: number): T | undefined {
    return this.#tree === undefined ? this.#list[this.#rank(addr) - 1] : this.#tree.getPairOrNextLower(addr)?.[1];
  }

  /** The first span that reaches beyond addr, where none overlaps another. */
  from(addr: number): T | undefined {
    if (this.#tree === undefined) {
      const rank = this.#rank(addr);
      const at = this.#list[rank - 1];
      return at !== undefined && at.end > addr ? at : this.#list[rank];
    }
    const at = this.#tree.getPairOrNextLower(addr)?.[1];
    return at !== undefined && at.end > addr ? at : this.#tree.nextHigherPair(addr)?.[1];
  }

  /** The last span that begins before addr. */
  below(addr: number): T | undefined {
    if (this.#tree !== undefined) return this.#tree.nextLowerPair(addr)?.[1];
    const rank = this.#rank(addr);
    const at = this.#list[rank - 1];
    return at !== undefined && at.addr === addr ? this.#list[rank - 2] : at;
  }

  get(addr: number): T | undefined {
    const at = this.floor(addr);
    return at !== undefined && at.addr === addr ? at : undefined;
  }

  /** Puts the span in the place of the one that begins where it does, or between others. */
  set(span: T): void {
    if (this.#tree !== undefined) {
      this.#tree.set(span.addr, span);
      return;
    }
    const list = this.#list;
    const rank = this.#rank(span.addr);
    const at = list[rank - 1];
    if (at !== undefined && at.addr === span.addr) list[rank - 1] = span;
    else if (rank === list.length) list.push(span);
    else list.splice(rank, 0, span);
    if (list.length > MOST_IN_ARRAY) this.#toTree();
  }

  delete(addr: number): void {
    if (this.#tree !== undefined) {
      this.#tree.delete(addr);
      if (this.#tree.size < MOST_IN_ARRAY / 4) this.#toArray(this.#tree);
      return;
    }
    const rank = this.#rank(addr);
    if (this.#list[rank - 1]?.addr === addr) this.#list.splice(rank - 1, 1);
  }

  #toTree(): void {
    this.#tree = new BTree<number, T>(
      this.#list.map((span): [number, T] => [span.addr, span]),
      (a, b) => a - b,
      NODE_SIZE,
    );
    this.#list = [];
  }

  #toArray(tree: Tree<T>): void {
    this.#list = [...tree.values()];
    this.#tree = undefined;
  }

  values(): IterableIterator<T> {
    return this.#tree === undefined ? this.#list.values() : this.#tree.values();
  }
}
