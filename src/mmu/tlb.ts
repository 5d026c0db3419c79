// Translations that the GPU may still hold: from a changed entry to the flush that covers it (iommu_flush_iotlb_all() of
// msm, the address space lock of panthor, the TLB invalidation of xe, pvr_mmu_flush_exec(), nvkm_vmm_flush()).

import { add, type U64 } from '../base/u64.ts';
import { floorTo, granule } from './format.ts';
import type { PageTable } from './pgtable.ts';
import { type Run, runsJoin, sliceRun, translatesAlike } from './run.ts';
import { type Span, SpanMap } from './span_map.ts';

/** A translation that is no longer in the table. */
export interface Held {
  readonly was: Run;
  /** Who changed the entry. */
  readonly line: number;
}

/** A range over which the same translations may be held, oldest first. */
export interface StaleRange extends Span {
  readonly held: readonly Held[];
}

/**
 * How many translations are remembered per address. An entry changed more often between two flushes loses its oldest:
 * a driver whose flushes are not in the trace must not make the model grow without bound.
 */
const MOST_HELD = 4;

function sliceRange({ held }: StaleRange, addr: number, end: number): StaleRange {
  return { addr, end, held: held.map(({ was, line }) => ({ was: sliceRun(was, addr, end), line })) };
}

function rangesJoin(a: StaleRange, b: StaleRange): boolean {
  return (
    a.held.length === b.held.length &&
    a.held.every((held, index) => {
      const other = b.held[index];
      return other !== undefined && held.line === other.line && runsJoin(held.was, other.was);
    })
  );
}

/**
 * Any translation that was in the table may have been used. A new entry where none was needs no flush; a cleared or
 * overwritten one does, unless what is there now says the same.
 */
export class Tlb {
  readonly #table: PageTable;
  readonly #ranges = new SpanMap<StaleRange>(sliceRange, rangesJoin);

  constructor(table: PageTable) {
    this.#table = table;
  }

  /** What it costs, in ranges. */
  get size(): number {
    return this.#ranges.size;
  }

  /** Takes the leaves that a map or unmap did away with (its `gone`), after the fact. */
  changed(gone: Iterable<Run>, line = 0): void {
    for (const run of gone) for (const part of this.#unlike(run)) this.#hold(part, line);
  }

  /** All translations are dropped. */
  flush(): void {
    this.#ranges.drop(this.#table.base, this.#table.limit);
  }

  /** Those of [addr, addr + size), rounded to whole pages. A block that sticks out stays held outside of the range. */
  flushRange(addr: U64, size: U64): void {
    const page = granule(this.#table.format);
    const end = add(addr, size);
    const last = floorTo(end, page);
    this.#ranges.drop(floorTo(addr, page), last === end ? last : last + page);
  }

  /** What may be used for addr although the table says otherwise, oldest first. */
  staleAt(addr: U64): readonly Held[] {
    const at = this.#table.place(addr);
    const range = at === undefined ? undefined : this.#ranges.at(at);
    if (at === undefined || range === undefined) return [];
    const now = this.#table.at(at);
    return range.held.filter(({ was }) => now === undefined || !translatesAlike(was, now, at));
  }

  /** Every range with translations that the table does not give. */
  *staleRanges(addr: number = this.#table.base, end: number = this.#table.limit): IterableIterator<StaleRange> {
    for (const range of this.#ranges.overlaps(addr, end)) {
      const borders = [Math.max(range.addr, addr), Math.min(range.end, end)];
      for (const run of this.#table.runs(range.addr, range.end)) borders.push(run.addr, run.end);
      const inside = borders.filter(
        (border) => border >= Math.max(range.addr, addr) && border <= Math.min(range.end, end),
      );
      inside.sort((a, b) => a - b);
      for (const [index, from] of inside.entries()) {
        const to = inside[index + 1];
        if (to === undefined || to === from) continue;
        const held = this.staleAt(from).map(({ was, line }) => ({ was: sliceRun(was, from, to), line }));
        if (held.length > 0) yield { addr: from, end: to, held };
      }
    }
  }

  /** The parts of a run that is gone which the table does not translate as it did. */
  *#unlike(run: Run): IterableIterator<Run> {
    let pos = run.addr;
    for (const now of this.#table.runs(run.addr, run.end)) {
      const start = Math.max(now.addr, run.addr);
      if (start > pos) yield sliceRun(run, pos, start);
      pos = Math.min(now.end, run.end);
      if (!translatesAlike(run, now, start)) yield sliceRun(run, start, pos);
    }
    if (pos < run.end) yield sliceRun(run, pos, run.end);
  }

  #hold(run: Run, line: number): void {
    let pos = run.addr;
    for (const range of this.#ranges.clear(run.addr, run.end)) {
      if (range.addr > pos) this.#put(pos, range.addr, [], run, line);
      this.#put(range.addr, range.end, range.held, run, line);
      pos = range.end;
    }
    if (pos < run.end) this.#put(pos, run.end, [], run, line);
  }

  #put(addr: number, end: number, held: readonly Held[], run: Run, line: number): void {
    const was = sliceRun(run, addr, end);
    const others = held.filter((other) => !translatesAlike(other.was, was, addr));
    this.#ranges.put({ addr, end, held: [...others, { was, line }].slice(-MOST_HELD) });
  }
}
