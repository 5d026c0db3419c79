// Which tables exist below the root, level by level: the pages that a page table itself costs.

import { ceilTo, entrySize, type Format, floorTo, tableSpan } from './format.ts';
import type { Run } from './run.ts';
import { type SpanMap, SpanSet } from './span_map.ts';

/**
 * A table is known by its level and the addresses it covers, so neighbouring tables of a level are one span of a set,
 * however many they are. A table's parent always exists; no table exists below a block.
 */
export class TableTree {
  readonly #format: Format;
  /** Index = level; the root's is not used. */
  readonly #levels: readonly SpanSet[];

  constructor(format: Format) {
    this.#format = format;
    this.#levels = format.levels.map(() => new SpanSet());
  }

  /** Number of tables of a level; the root is one. */
  count(level: number): number {
    if (level === 0) return 1;
    return (this.#levels[level]?.bytes ?? 0) / tableSpan(this.#format, level);
  }

  /** Is there a table of this level for addr? */
  has(level: number, addr: number): boolean {
    return level === 0 || this.#levels[level]?.at(addr) !== undefined;
  }

  /** Address behind the unbroken row of tables of this level that addr lies in; undefined where it lies in none. */
  rowEnd(level: number, addr: number): number | undefined {
    return this.#levels[level]?.at(addr)?.end;
  }

  /** Tables that leaves of the level need in [addr, end) and that are not there. */
  missing(addr: number, end: number, level: number): number {
    let count = 0;
    for (let at = 1; at <= level; at++) {
      const span = tableSpan(this.#format, at);
      const lo = floorTo(addr, span);
      const hi = ceilTo(end, span);
      count += (hi - lo - (this.#levels[at]?.covered(lo, hi) ?? 0)) / span;
    }
    return count;
  }

  /** Adds the tables for leaves of the level in [addr, end), top down, at most so many; returns how many were new. */
  grow(addr: number, end: number, level: number, most = Number.POSITIVE_INFINITY): number {
    let count = 0;
    for (let at = 1; at <= level && count < most; at++) {
      const span = tableSpan(this.#format, at);
      count += (this.#levels[at]?.add(floorTo(addr, span), ceilTo(end, span)) ?? 0) / span;
    }
    return count;
  }

  /** Removes all tables below the entries [addr, end) of the level; returns how many. */
  drop(addr: number, end: number, level: number): number {
    let count = 0;
    for (let at = level + 1; at < this.#levels.length; at++) {
      count += (this.#levels[at]?.remove(addr, end) ?? 0) / tableSpan(this.#format, at);
    }
    return count;
  }

  /** Removes the tables that [addr, end), now without leaves, leaves empty; returns how many. */
  prune(addr: number, end: number, runs: SpanMap<Run>): number {
    let count = 0;
    for (let at = this.#levels.length - 1; at > 0; at--) {
      const span = entrySize(this.#format, at - 1);
      let lo = floorTo(addr, span);
      let hi = ceilTo(end, span);
      // Only the first and the last table can have entries outside of the range.
      if (lo < addr && runs.any(lo, lo + span)) lo += span;
      if (lo < hi && hi > end && runs.any(hi - span, hi)) hi -= span;
      if (lo < hi) count += (this.#levels[at]?.remove(lo, hi) ?? 0) / span;
    }
    return count;
  }
}
