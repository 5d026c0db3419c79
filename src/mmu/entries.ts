// Writing and clearing entries over any range: __arm_lpae_map(), __arm_lpae_unmap() and arm_lpae_split_blk_unmap() of
// io-pgtable-arm.c, and what xe_pt.c, nvkm's vmm.c and pvr_mmu.c do instead.

import { entrySize, type Format, floorTo, granule, levelOfPage, tableSpan } from './format.ts';
import { EEXIST, ENOMEM, type Tally } from './result.ts';
import { advance, makeRun, type Run, runsJoin, sliceRun, type Target, targetAddr } from './run.ts';
import { inStep } from './segments.ts';
import { type Span, SpanMap } from './span_map.ts';
import { TableTree } from './table_tree.ts';

/** Whoever cleared a range last. */
export interface Cleared extends Span {
  readonly line: number;
}

/** What to write: leaves of one level. */
export interface Leaf {
  readonly level: number;
  readonly pgsize: number;
  readonly target: Target;
  readonly prot: number;
  readonly line: number;
}

export class Entries {
  readonly #format: Format;
  readonly #base: number;
  readonly #limit: number;
  readonly runs = new SpanMap<Run>(sliceRun, runsJoin);
  readonly cleared = new SpanMap<Cleared>(
    ({ line }, addr, end) => ({ addr, end, line }),
    (a, b) => a.line === b.line,
  );
  readonly tables: TableTree;
  /** As the format says, until the kernel is seen to do otherwise. */
  partialBlock: Format['semantics']['partialBlock'];

  constructor(format: Format, base: number) {
    this.#format = format;
    this.#base = base;
    this.#limit = base + format.size;
    this.tables = new TableTree(format);
    this.partialBlock = format.semantics.partialBlock;
  }

  tableStart(addr: number, level: number): number {
    return level === 0 ? this.#base : floorTo(addr, tableSpan(this.#format, level));
  }

  tableEnd(addr: number, level: number): number {
    return level === 0 ? this.#limit : this.tableStart(addr, level) + tableSpan(this.#format, level);
  }

  /** Maps [start, end) table by table until one refuses; returns the error and how far it came. */
  install(start: number, end: number, leaf: Leaf, tally: Tally): { readonly ret: number; readonly stop: number } {
    const { overLeaf, onError, refusedAt, emptyTables } = this.#format.semantics;
    const conflict = overLeaf === 'eexist' ? this.#leafInTheWay(start, end, leaf.pgsize) : undefined;
    const met = conflict === undefined ? end : Math.max(conflict.addr, start);
    // A table is looked through before its first entry is written.
    const looked = refusedAt === 'table' ? this.tableStart(met, leaf.level) : floorTo(met - start, leaf.pgsize) + start;
    const stop = conflict === undefined ? end : Math.max(start, looked);
    const afford = this.#afford(start, stop, leaf.level, tally);
    const ret = afford < stop ? ENOMEM : conflict === undefined ? 0 : EEXIST;
    if (ret === EEXIST) tally.conflict = conflict;
    if (ret !== 0 && onError === 'undo') return { ret, stop: start };
    if (afford > start) this.#write(start, afford, leaf, tally);
    // The walk that ran out of pages keeps the tables it could still get.
    if (ret === ENOMEM && emptyTables === 'keep') this.#grow(afford, afford + leaf.pgsize, leaf.level, tally);
    // Entries before the live leaf that pointed to tables were freed on the way to it.
    if (ret === EEXIST && conflict?.pgsize === leaf.pgsize && stop < met) {
      this.#wipe(stop, met, leaf.level, tally);
      this.#mark(stop, met, leaf.line);
    }
    return { ret, stop: afford };
  }

  /** Unmaps leaves of the level in [start, end); returns the bytes that the kernel reports. */
  remove(start: number, end: number, level: number, line: number, tally: Tally): number {
    if (this.#format.semantics.unmapHole === 'skip') return this.#clearAll(start, end, line, tally);
    const stop = this.#findStop(start, end, level, tally);
    if (start === stop) return 0;
    this.#wipe(start, stop, level, tally);
    this.#mark(start, stop, line);
    if (this.#format.semantics.emptyTables === 'free') tally.tablesFreed += this.tables.prune(start, stop, this.runs);
    return stop - start;
  }

  /** Takes [start, end) out, without any of the rules. */
  forget(start: number, end: number): void {
    this.runs.drop(start, end);
    this.cleared.drop(start, end);
  }

  /** The same, and it is known who did it. */
  clear(start: number, end: number, line: number): void {
    this.runs.drop(start, end);
    this.#mark(start, end, line);
  }

  /** The first leaf of this size or larger; smaller ones are below entries that the map replaces. */
  #leafInTheWay(start: number, end: number, pgsize: number): Run | undefined {
    for (const run of this.runs.overlaps(start, end)) if (run.pgsize >= pgsize) return run;
    return undefined;
  }

  /** How far from start, in whole tables, the pages at hand suffice for the tables that are missing. */
  #afford(start: number, end: number, level: number, tally: Tally): number {
    if (tally.tables === undefined || start === end) return end;
    const left = tally.tables - tally.tablesAllocated;
    if (this.tables.missing(start, end, level) <= left) return end;
    const first = this.tableStart(start, level);
    const span = tableSpan(this.#format, level);
    let good = 0;
    let bad = Math.ceil((end - first) / span);
    while (bad - good > 1) {
      const middle = Math.floor((good + bad) / 2);
      if (this.tables.missing(start, first + middle * span, level) <= left) good = middle;
      else bad = middle;
    }
    return good === 0 ? start : first + good * span;
  }

  #grow(start: number, end: number, level: number, tally: Tally): void {
    const most = tally.tables === undefined ? Number.POSITIVE_INFINITY : tally.tables - tally.tablesAllocated;
    tally.tablesAllocated += this.tables.grow(start, end, level, most);
  }

  #write(start: number, end: number, leaf: Leaf, tally: Tally): void {
    const [lo, hi] = this.#widenToBlocks(start, end, leaf.pgsize);
    this.#wipe(lo, hi, leaf.level, tally);
    if (lo < start) this.#mark(lo, start, leaf.line);
    if (hi > end) this.#mark(end, hi, leaf.line);
    this.#grow(start, end, leaf.level, tally);
    this.cleared.drop(start, end);
    const { pgsize, target, prot, line } = leaf;
    if (this.#format.hint === 0) {
      this.runs.put(makeRun(start, end, pgsize, target, prot, 0, line));
      return;
    }
    let pos = start;
    for (const [stop, hint] of this.#hints(start, end, leaf)) {
      if (stop > pos) this.runs.put(makeRun(pos, stop, pgsize, advance(target, pos - start), prot, hint, line));
      pos = stop;
    }
  }

  /** A block that is overwritten in part goes as a whole: its entry becomes a table that starts empty. */
  #widenToBlocks(start: number, end: number, pgsize: number): readonly [number, number] {
    const first = this.runs.at(start);
    const last = this.runs.at(end - granule(this.#format));
    const lo = first !== undefined && first.pgsize > pgsize ? floorTo(start, first.pgsize) : start;
    const hi = last !== undefined && last.pgsize > pgsize ? floorTo(end - pgsize, last.pgsize) + last.pgsize : end;
    return [lo, hi];
  }

  /** Up to where which hint goes: the whole aligned stretches carry it, what is before and behind does not. */
  #hints(start: number, end: number, { pgsize, target }: Leaf): readonly (readonly [number, number])[] {
    const { hint } = this.#format;
    const at = targetAddr(target);
    const fits = hint > pgsize && pgsize === granule(this.#format) && (at === undefined || inStep(start, at, hint));
    const from = floorTo(start + hint - 1, hint);
    const to = floorTo(end, hint);
    if (!fits || from >= to) return [[end, 0]];
    return [
      [from, 0],
      [to, hint],
      [end, 0],
    ];
  }

  /** Clears the entries [start, end) of the level and all below them. */
  #wipe(start: number, end: number, level: number, tally: Tally): void {
    this.runs.drop(start, end, tally.gone);
    tally.tablesFreed += this.tables.drop(start, end, level);
  }

  #mark(addr: number, end: number, line: number): void {
    this.cleared.drop(addr, end);
    this.cleared.put({ addr, end, line });
  }

  /** The first entry of the level that has neither leaf nor table, or the first block that may not be split. */
  #findStop(start: number, end: number, level: number, tally: Tally): number {
    const pgsize = entrySize(this.#format, level);
    let pos = start;
    while (pos < end) {
      const run = this.runs.at(pos);
      if (run !== undefined && run.pgsize > pgsize) {
        if (this.partialBlock === 'refuse') {
          tally.stopped('block', pos);
          return pos;
        }
        this.#split(run, pos, level, tally);
      } else {
        const next = this.tables.rowEnd(level + 1, pos) ?? run?.end;
        if (next === undefined) {
          tally.stopped('hole', pos);
          return pos;
        }
        pos = next;
      }
    }
    return end;
  }

  /** Clears what lies in [start, end) and passes over the rest; a block that sticks out stays. */
  #clearAll(start: number, end: number, line: number, tally: Tally): number {
    const before = this.runs.bytes;
    const first = this.#leafAt(start);
    const last = this.#leafAt(end - granule(this.#format));
    const lo = first !== undefined && first.addr < start ? first.end : start;
    const hi = last !== undefined && last.end > end ? last.addr : end;
    if (first !== undefined && (lo > start || first.end > end)) tally.stopped('block', start);
    else if (hi < end) tally.stopped('block', hi);
    if (lo >= hi) return 0;
    this.runs.drop(lo, hi, tally.gone);
    this.#mark(lo, hi, line);
    if (this.#format.semantics.emptyTables === 'free') tally.tablesFreed += this.tables.prune(lo, hi, this.runs);
    return before - this.runs.bytes;
  }

  /** What the leaf of addr covers. */
  #leafAt(addr: number): Span | undefined {
    const run = this.runs.at(addr);
    if (run === undefined) return undefined;
    const start = this.#base + floorTo(addr - this.#base, run.pgsize);
    return { addr: start, end: start + run.pgsize };
  }

  /** Replaces what there is of the block at addr by tables down to the level: smaller leaves to the same place. */
  #split(run: Run, addr: number, level: number, tally: Tally): void {
    const start = floorTo(addr, run.pgsize);
    const block = sliceRun(run, Math.max(start, run.addr), Math.min(start + run.pgsize, run.end));
    this.runs.drop(block.addr, block.end);
    for (let at = levelOfPage(this.#format, run.pgsize) + 1; at <= level; at++) {
      const size = entrySize(this.#format, at);
      const lo = this.tableStart(addr, at);
      const hi = this.tableEnd(addr, at);
      const child = floorTo(addr, size);
      const put = (start: number, end: number) => {
        const { target, prot, line } = block;
        const from = Math.max(start, block.addr);
        const to = Math.min(end, block.end);
        if (from < to) this.runs.put(makeRun(from, to, size, advance(target, from - block.addr), prot, 0, line));
      };
      if (at === level) put(lo, hi);
      else put(lo, child);
      if (at < level) put(child + size, hi);
    }
    this.#grow(addr, addr + entrySize(this.#format, level), level, tally);
  }
}
