// Spans in the order of their addresses: a sorted array while they are few, a B-tree when they are many.

import { type BTree, newBTree } from '../base/sorted_btree.ts';
import type { Span } from './span_map.ts';

/** Above this many the array's moves cost more than the B-tree's nodes; back below a quarter of it. */
const MOST_IN_ARRAY = 2048;
/** Keys per B-tree node. */
const NODE_SIZE = 32;

type Tree<T> = BTree<number, T>;

/** Of this many a loop moves the pointers sooner than splice() is called, which also makes an array of what it takes out. */
const FEW = 48;

function insertAt<T>(list: T[], at: number, one: T): void {
  if (list.length - at > FEW) {
    list.splice(at, 0, one);
    return;
  }
  list.push(one);
  for (let i = list.length - 1; i > at; i--) list[i] = list[i - 1] as T;
  list[at] = one;
}

function removeAt<T>(list: T[], at: number, count: number): void {
  if (count === 0) return;
  if (count > 2 || list.length - at > FEW) {
    list.splice(at, count);
    return;
  }
  for (let i = at; i < list.length - count; i++) list[i] = list[i + count] as T;
  list.pop();
  if (count === 2) list.pop();
}

/** The part [addr, end) of a span. */
export type Slice<T> = (span: T, addr: number, end: number) => T;
/** Does b, which begins where a ends, go on as a does? */
export type Joins<T> = (a: T, b: T) => boolean;

/** At most one span an address; span.addr is its key. None overlaps another. */
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

  /** Where in the array the first span is that reaches beyond addr. */
  #indexFrom(addr: number): number {
    const rank = this.#rank(addr);
    return rank > 0 && (this.#list[rank - 1] as T).end > addr ? rank - 1 : rank;
  }

  /** The first span that reaches beyond addr. */
  from(addr: number): T | undefined {
    if (this.#tree === undefined) return this.#list[this.#indexFrom(addr)];
    const at = this.#tree.getPairOrNextLower(addr)?.[1];
    return at !== undefined && at.end > addr ? at : this.#tree.nextHigherPair(addr)?.[1];
  }

  /** Takes [addr, end) out and hands it over in parts; returns its bytes. */
  cut(addr: number, end: number, slice: Slice<T>, taken: T[] | undefined): number {
    if (addr >= end) return 0;
    if (this.#tree !== undefined) return this.#cutTree(this.#tree, addr, end, slice, taken);
    const list = this.#list;
    const from = this.#indexFrom(addr);
    let to = from;
    let bytes = 0;
    let before: T | undefined;
    let after: T | undefined;
    for (; to < list.length; to++) {
      const span = list[to] as T;
      if (span.addr >= end) break;
      const start = span.addr > addr ? span.addr : addr;
      const stop = span.end < end ? span.end : end;
      if (span.addr < addr) before = slice(span, span.addr, addr);
      if (span.end > end) after = slice(span, end, span.end);
      if (taken !== undefined) taken.push(slice(span, start, stop));
      bytes += stop - start;
    }
    if (bytes > 0) this.#replace(from, to, before, after);
    return bytes;
  }

  /** Puts up to two spans in the place of one or more. */
  #replace(from: number, to: number, before: T | undefined, after: T | undefined): void {
    const list = this.#list;
    let next = from;
    if (before !== undefined) list[next++] = before;
    if (after !== undefined) {
      if (next < to) list[next++] = after;
      else {
        insertAt(list, next, after);
        if (list.length > MOST_IN_ARRAY) this.#toTree();
        return;
      }
    }
    removeAt(list, next, to - next);
  }

  #cutTree(tree: Tree<T>, addr: number, end: number, slice: Slice<T>, taken: T[] | undefined): number {
    let bytes = 0;
    let pos = addr;
    for (let span = this.from(pos); span !== undefined && span.addr < end; span = this.from(pos)) {
      const start = Math.max(span.addr, pos);
      const stop = Math.min(span.end, end);
      if (span.addr < pos) tree.set(span.addr, slice(span, span.addr, pos));
      else tree.delete(span.addr);
      if (span.end > end) tree.set(end, slice(span, end, span.end));
      taken?.push(slice(span, start, stop));
      bytes += stop - start;
      pos = stop;
      if (pos === end) break;
    }
    if (tree.size < MOST_IN_ARRAY / 4) this.#toArray(tree);
    return bytes;
  }

  /** Adds a span where nothing is; joins it with its neighbours where they go on alike. */
  add(span: T, slice: Slice<T>, joins: Joins<T>): void {
    if (this.#tree !== undefined) {
      this.#addToTree(this.#tree, span, slice, joins);
      return;
    }
    const list = this.#list;
    const rank = this.#rank(span.addr);
    const before = list[rank - 1];
    const after = list[rank];
    const joinsAfter = after !== undefined && after.addr === span.end && joins(span, after);
    const added = joinsAfter ? slice(span, span.addr, after.end) : span;
    if (before !== undefined && before.end === span.addr && joins(before, span)) {
      list[rank - 1] = slice(before, before.addr, added.end);
      if (joinsAfter) removeAt(list, rank, 1);
    } else if (joinsAfter) {
      list[rank] = added;
    } else {
      insertAt(list, rank, span);
      if (list.length > MOST_IN_ARRAY) this.#toTree();
    }
  }

  #addToTree(tree: Tree<T>, span: T, slice: Slice<T>, joins: Joins<T>): void {
    let added = span;
    const after = tree.get(span.end);
    if (after !== undefined && joins(span, after)) {
      tree.delete(after.addr);
      added = slice(span, span.addr, after.end);
    }
    const before = tree.nextLowerPair(span.addr)?.[1];
    if (before !== undefined && before.end === span.addr && joins(before, span)) {
      added = slice(before, before.addr, added.end);
    }
    tree.set(added.addr, added);
  }

  #toTree(): void {
    const tree = newBTree<number, T>((a, b) => a - b, NODE_SIZE);
    for (const span of this.#list) tree.set(span.addr, span);
    this.#tree = tree;
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
