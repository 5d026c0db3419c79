// An ordered map of half-open address ranges that do not overlap: the sparse store of the simulated MMU.

import { type Joins, type Slice, SpanStore } from './span_store.ts';

/** [addr, end). Page-aligned, so that every address and sum below 2^65 is an exact double. */
export interface Span {
  readonly addr: number;
  readonly end: number;
}

export class SpanMap<T extends Span> implements Iterable<T> {
  readonly #spans = new SpanStore<T>();
  readonly #slice: Slice<T>;
  readonly #joins: Joins<T>;
  #bytes = 0;

  constructor(slice: Slice<T>, joins: Joins<T>) {
    this.#slice = slice;
    this.#joins = joins;
  }

  /** Number of spans, which is what the map costs. */
  get size(): number {
    return this.#spans.size;
  }

  /** Sum of their lengths. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The span that contains addr. */
  at(addr: number): T | undefined {
    const span = this.#spans.floor(addr);
    return span !== undefined && span.end > addr ? span : undefined;
  }

  /** The first span that reaches beyond addr. */
  from(addr: number): T | undefined {
    return this.#spans.from(addr);
  }

  /** The spans that overlap [addr, end), whole, in order. The map must not change meanwhile. */
  *overlaps(addr: number, end: number): IterableIterator<T> {
    if (addr >= end) return;
    for (let span = this.from(addr); span !== undefined && span.addr < end; span = this.from(span.end)) yield span;
  }

  /** Does any span overlap [addr, end)? */
  any(addr: number, end: number): boolean {
    const span = this.from(addr);
    return span !== undefined && span.addr < end;
  }

  /** Takes [addr, end) out; returns what was there, cut to the range. */
  clear(addr: number, end: number): T[] {
    const taken: T[] = [];
    this.drop(addr, end, taken);
    return taken;
  }

  /** Takes [addr, end) out; what was there goes to `taken`, cut to the range. */
  drop(addr: number, end: number, taken?: T[]): void {
    this.#bytes -= this.#spans.cut(addr, end, this.#slice, taken);
  }

  /** Adds a span where nothing is; joins it with its neighbours where they go on alike. */
  put(span: T): void {
    this.#bytes += span.end - span.addr;
    this.#spans.add(span, this.#slice, this.#joins);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#spans.values();
  }
}

/** A set of addresses. */
export class SpanSet extends SpanMap<Span> {
  constructor() {
    super(
      (_, addr, end) => ({ addr, end }),
      () => true,
    );
  }

  /** Bytes of [addr, end) that are in the set. */
  covered(addr: number, end: number): number {
    let bytes = 0;
    for (const span of this.overlaps(addr, end)) bytes += Math.min(span.end, end) - Math.max(span.addr, addr);
    return bytes;
  }

  /** Returns the number of bytes that are new. */
  add(addr: number, end: number): number {
    const at = this.at(addr);
    if (at !== undefined && at.end >= end) return 0;
    const before = this.bytes;
    this.drop(addr, end);
    this.put({ addr, end });
    return this.bytes - before;
  }

  /** Returns the number of bytes that were there. */
  remove(addr: number, end: number): number {
    const before = this.bytes;
    this.drop(addr, end);
    return before - this.bytes;
  }

  /** The parts of [addr, end) that are not in the set. */
  gaps(addr: number, end: number): Span[] {
    const gaps: Span[] = [];
    let pos = addr;
    for (const span of this.overlaps(addr, end)) {
      if (span.addr > pos) gaps.push({ addr: pos, end: span.addr });
      pos = span.end;
    }
    if (pos < end) gaps.push({ addr: pos, end });
    return gaps;
  }
}
