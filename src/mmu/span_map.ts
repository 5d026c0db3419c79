// An ordered map of half-open address ranges that do not overlap: the sparse store of the simulated MMU.

import { SpanStore } from './span_store.ts';

/** [addr, end). Page-aligned, so that every address and sum below 2^65 is an exact double. */
export interface Span {
  readonly addr: number;
  readonly end: number;
}

export class SpanMap<T extends Span> implements Iterable<T> {
  readonly #spans = new SpanStore<T>();
  readonly #slice: (span: T, addr: number, end: number) => T;
  readonly #joins: (a: T, b: T) => boolean;
  #bytes = 0;

  /** slice cuts a part out of a span; joins: does b, which begins where a ends, go on as a does? */
  constructor(slice: (span: T, addr: number, end: number) => T, joins: (a: T, b: T) => boolean) {
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
    if (addr >= end || this.#spans.size === 0) return;
    for (let span = this.from(addr); span !== undefined && span.addr < end; span = this.from(addr)) {
      const start = Math.max(span.addr, addr);
      const stop = Math.min(span.end, end);
      if (span.addr < addr) this.#spans.set(this.#slice(span, span.addr, addr));
      else this.#spans.delete(span.addr);
      if (span.end > end) this.#spans.set(this.#slice(span, end, span.end));
      taken?.push(this.#slice(span, start, stop));
      this.#bytes -= stop - start;
      addr = stop;
      if (addr === end) break;
    }
  }

  /** Adds a span where nothing is; joins it with its neighbours where they go on alike. */
  put(span: T): void {
    let added = span;
    this.#bytes += span.end - span.addr;
    const after = this.#spans.get(span.end);
    if (after !== undefined && this.#joins(span, after)) {
      this.#spans.delete(after.addr);
      added = this.#slice(added, added.addr, after.end);
    }
    const before = this.#spans.below(span.addr);
    if (before !== undefined && before.end === span.addr && this.#joins(before, span)) {
      added = this.#slice(before, before.addr, added.end);
    }
    this.#spans.set(added);
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
