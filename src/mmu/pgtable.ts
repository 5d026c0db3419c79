// A simulated page table: what io_pgtable_ops (io-pgtable-arm.c), xe_pt.c, nvkm's vmm.c and pvr_mmu.c do to entries.

import { sub, type U64 } from '../base/u64.ts';
import { EEXIST, EINVAL, ENOMEM, ERANGE } from './errno.ts';
import { ceilTo, entrySize, type Format, floorTo, granule, levelOfPage, pageSizes, tableSpan } from './format.ts';
import { makeRun, READ, type Run, runsJoin, sliceRun, type Target, targetAddr, WRITE } from './run.ts';
import { inStep, type Segment, segments } from './segments.ts';
import { type Span, SpanMap } from './span_map.ts';
import { TableTree } from './table_tree.ts';
import { type WalkStep, walkSteps } from './walk.ts';

/*
 * DOC: a page table without its entries
 *
 * An address has one leaf or none, whatever the level the leaf is on. So all leaves of a table are one ordered map of
 * runs, and which tables exist is one set of addresses per level:
 *
 *   address       0        2M       4M       6M       8M       10M
 *   runs          [ 4K a+0 ][  2M b+0         ]  [4K c+8 ]
 *   level 3       (table   )                    (table  )(table   )   <- kept though empty, or freed: the format says
 *   level 2       (table                                          )
 *
 * Mapping 1 TiB in a row is one run and three spans. A run at an address says that an entry of its page size is there
 * and is a leaf; a table of the next level says that the entry points to a table; neither says a hole. Everything else
 * follows: which level an entry is on from the run's page size, its index from the address.
 *
 * One kernel call covers one table at most (io-pgtable) and the driver calls again. mapRange() and unmapRange() give
 * what the driver's loop would give without going through every table: nothing stops such a loop but a live leaf, a
 * hole, a block, or want of pages for tables, and where the first of these lies is a question to the ordered map.
 *
 *   map over            same size       below a block    above a table
 *   'eexist'            -EEXIST         -EEXIST          table freed, leaf put
 *   'overwrite'         replaced        block's rest     table freed, leaf put
 *                                       becomes holes
 *
 * Addresses are those of the caller, rounded down to the page (with a base that is not page-aligned: counted from the
 * base rounded down), so they are exact doubles throughout.
 */

/** Who maps or unmaps, and with what. */
export interface How {
  /** READ | WRITE where not given. */
  readonly prot?: number;
  /** Kept in the leaves that are written, and with what is cleared. */
  readonly line?: number;
  /** Page sizes that the driver's loop may choose from; all of the format's where not given. */
  readonly pageSizes?: readonly number[];
  /** Pages set aside for new tables: -ENOMEM where they do not suffice. Not given: always enough. */
  readonly tables?: number;
}

export interface Change {
  /** Leaves that are gone: overwritten, cleared, below a table that went, or dropped with the rest of a block. */
  readonly gone: readonly Run[];
  readonly tablesAllocated: number;
  readonly tablesFreed: number;
}

export interface MapResult extends Change {
  /** 0 or a negative error. */
  readonly ret: number;
  /** Bytes mapped, also where ret is an error. */
  readonly mapped: number;
  /** The live leaf that refused the map (-EEXIST). */
  readonly conflict: Run | undefined;
}

export interface UnmapResult extends Change {
  /** Bytes that the call says it unmapped; entries that point to a table count in full. */
  readonly unmapped: number;
  /** Why less than asked: nothing there, or a block of which only a part was to go. */
  readonly stop: 'hole' | 'block' | undefined;
  /** Where that is. */
  readonly stopAt: number | undefined;
}

/** Whoever cleared a range last. */
export interface Cleared extends Span {
  readonly line: number;
}

class Tally {
  readonly gone: Run[] = [];
  tablesAllocated = 0;
  tablesFreed = 0;
  /** Pages for tables that are left. */
  tables: number | undefined;
  conflict: Run | undefined;
  stop: 'hole' | 'block' | undefined;
  stopAt: number | undefined;

  constructor(tables?: number) {
    this.tables = tables;
  }
}

/** What to write. */
interface Leaf {
  readonly level: number;
  readonly pgsize: number;
  readonly target: Target;
  readonly prot: number;
  readonly line: number;
}

export class PageTable {
  readonly format: Format;
  /** First address, and the one behind the last. */
  readonly base: number;
  readonly limit: number;
  readonly #granule: number;
  readonly #runs = new SpanMap<Run>(sliceRun, runsJoin);
  readonly #cleared = new SpanMap<Cleared>(
    ({ line }, addr, end) => ({ addr, end, line }),
    (a, b) => a.line === b.line,
  );
  readonly #tables: TableTree;

  constructor(format: Format) {
    this.format = format;
    this.#granule = granule(format);
    this.base = floorTo(format.base, this.#granule);
    this.limit = this.base + format.size;
    this.#tables = new TableTree(format);
  }

  /** Where the table keeps addr; undefined = it has no entry for it. */
  place(addr: U64): number | undefined {
    if (addr < this.format.base) return undefined;
    const place = this.base + floorTo(sub(addr, this.format.base), this.#granule);
    return place < this.limit ? place : undefined;
  }

  /** One map_pages(): at most one table where the format says so. A caller with more to map must come again. */
  map(addr: U64, pgsize: number, pgcount: number, target: Target, how: How = {}): MapResult {
    const tally = new Tally(how.tables);
    const refused = this.#refuses(addr, target, how, [pgsize]);
    const at = this.place(addr);
    if (refused !== undefined || at === undefined) return mapResult(refused ?? ERANGE, 0, tally);
    const start = floorTo(at, pgsize);
    const level = levelOfPage(this.format, pgsize);
    const end = Math.min(start + pgcount * pgsize, this.#reach(start, level));
    const { ret, stop } = this.#install(start, end, this.#leaf(pgsize, target, how), tally);
    return mapResult(ret, stop - start, tally);
  }

  /** The loop around map_pages(): chooses page sizes, goes on until all is mapped or an error comes. */
  mapRange(addr: U64, size: U64, target: Target, how: How = {}): MapResult {
    const tally = new Tally(how.tables);
    const sizes = how.pageSizes ?? pageSizes(this.format);
    const refused = this.#refuses(addr, target, how, sizes);
    const start = this.place(addr);
    if (refused !== undefined || start === undefined) return mapResult(refused ?? ERANGE, 0, tally);
    const end = start + floorTo(size, this.#granule);
    let pos = start;
    for (const part of segments(start, Math.min(end, this.limit), targetAddr(target), sizes)) {
      const leaf = this.#leaf(part.pgsize, advanceTo(target, start, part), how);
      const { ret, stop } = this.#install(part.addr, part.addr + part.count * part.pgsize, leaf, tally);
      pos = stop;
      if (ret !== 0) return mapResult(ret, pos - start, tally);
    }
    const beyond = pos === this.limit && end > pos && this.format.semantics.outside === 'erange';
    return mapResult(beyond ? ERANGE : 0, pos - start, tally);
  }

  /** One unmap_pages(): at most one table where the format says so. */
  unmap(addr: U64, pgsize: number, pgcount: number, how: How = {}): UnmapResult {
    const tally = new Tally();
    const level = levelOfPage(this.format, pgsize);
    const at = this.place(addr);
    if (level < 0 || at === undefined || pgcount === 0) return unmapResult(0, tally);
    const start = floorTo(at, pgsize);
    const end = Math.min(start + pgcount * pgsize, this.#reach(start, level));
    return unmapResult(this.#remove(start, end, level, how.line ?? 0, tally), tally);
  }

  /** The loop around unmap_pages(): ends where a call says 0. */
  unmapRange(addr: U64, size: U64, how: How = {}): UnmapResult {
    const tally = new Tally();
    const start = this.place(addr);
    if (start === undefined) return unmapResult(0, tally);
    const end = Math.min(start + floorTo(size, this.#granule), this.limit);
    let bytes = 0;
    for (const part of segments(start, end, undefined, how.pageSizes ?? pageSizes(this.format))) {
      const level = levelOfPage(this.format, part.pgsize);
      bytes += this.#remove(part.addr, part.addr + part.count * part.pgsize, level, how.line ?? 0, tally);
      if (tally.stop !== undefined && this.format.semantics.unmapHole === 'short') break;
    }
    return unmapResult(bytes, tally);
  }

  /** What a table walk for addr meets, root first; nothing where the table has no entry for it. */
  walk(addr: U64): WalkStep[] {
    const at = this.place(addr);
    return at === undefined ? [] : walkSteps(this.format, this.base, at, this.#runs, this.#tables);
  }

  /** The leaf that translates addr, as the run it is part of. */
  at(addr: U64): Run | undefined {
    const at = this.place(addr);
    return at === undefined ? undefined : this.#runs.at(at);
  }

  /** The runs that overlap [addr, end), whole; all where not given. */
  runs(addr: number = this.base, end: number = this.limit): IterableIterator<Run> {
    return this.#runs.overlaps(addr, end);
  }

  /** Who cleared the entry of addr since it was last written; undefined = nobody. */
  clearedBy(addr: U64): Cleared | undefined {
    const at = this.place(addr);
    return at === undefined ? undefined : this.#cleared.at(at);
  }

  /** Bytes that have a translation. */
  get bytes(): number {
    return this.#runs.bytes;
  }

  /** Number of runs: what this model costs, not the kernel. */
  get runCount(): number {
    return this.#runs.size;
  }

  /** Number of tables of a level, or of all with the root. */
  tableCount(level?: number): number {
    if (level !== undefined) return this.#tables.count(level);
    return this.format.levels.reduce((sum, _, at) => sum + this.#tables.count(at), 0);
  }

  /** Pages of tables that mapRange() would take. */
  tablesNeeded(addr: U64, size: U64, target: Target, sizes: readonly number[] = pageSizes(this.format)): number {
    const start = this.place(addr);
    if (start === undefined) return 0;
    const probe = new TableTree(this.format);
    const end = Math.min(start + floorTo(size, this.#granule), this.limit);
    let count = 0;
    for (const { addr: from, pgsize, count: pages } of segments(start, end, targetAddr(target), sizes)) {
      const level = levelOfPage(this.format, pgsize);
      const to = from + pages * pgsize;
      count += this.#tables.missing(from, to, level) - overlapWith(probe, this.#tables, this.format, from, to, level);
      probe.grow(from, to, level);
    }
    return count;
  }
}
