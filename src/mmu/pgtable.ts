// A simulated page table: what io_pgtable_ops (io-pgtable-arm.c), xe_pt.c, nvkm's vmm.c and pvr_mmu.c do to entries.

import { sub, type U64 } from '../base/u64.ts';
import { type Cleared, Entries, type Leaf } from './entries.ts';
import { type Format, floorTo, granule, levelOfPage, pageSizes } from './format.ts';
import { EINVAL, ERANGE, type How, type MapResult, mapResult, Tally, type UnmapResult, unmapResult } from './result.ts';
import { advance, READ, type Run, type Target, targetAddr, WRITE } from './run.ts';
import { segments } from './segments.ts';
import { type WalkStep, walkSteps } from './walk.ts';

/*
 * DOC: a page table without its entries
 *
 * An address has one leaf or none, whatever the level the leaf is on. So all leaves of a table are one ordered map of
 * runs, and which tables exist is one set of addresses per level:
 *
 *   address       0        2M       4M       6M       8M       10M
 *   runs          [4K a+0 )[2M b+0          )[4K c+8 )
 *   level 3       (table  )                  (table  )(table  )        <- kept though empty, or freed: the format says
 *   level 2       (table                                        ...
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

export class PageTable {
  readonly format: Format;
  /** First address, and the one behind the last. */
  readonly base: number;
  readonly limit: number;
  readonly #granule: number;
  readonly #pageSizes: readonly number[];
  readonly #entries: Entries;
  /** Page sizes that the format has, as they were given last. */
  #sound: readonly number[] | undefined;

  constructor(format: Format) {
    this.format = format;
    this.#granule = granule(format);
    this.#pageSizes = pageSizes(format);
    this.base = floorTo(format.base, this.#granule);
    this.limit = this.base + format.size;
    this.#entries = new Entries(format, this.base);
  }

  /** Where the table keeps addr; undefined = it has no entry for it. */
  place(addr: U64): number | undefined {
    if (addr < this.format.base) return undefined;
    const place = this.base + floorTo(sub(addr, this.format.base), this.#granule);
    return place < this.limit ? place : undefined;
  }

  /** What it costs, in ranges of entries. */
  get size(): number {
    return this.#entries.runs.size + this.#entries.cleared.size;
  }

  /** One map_pages(): at most one table where the format says so. A caller with more to map must come again. */
  map(addr: U64, pgsize: number, pgcount: number, target: Target, how: How = {}): MapResult {
    const tally = new Tally(how.tables);
    const at = this.place(addr);
    const refused = this.#refuses(at, target, how, [pgsize]);
    if (refused !== undefined || at === undefined) return mapResult(refused ?? 0, 0, tally);
    const start = this.#alignDown(at, pgsize);
    const leaf = this.#leaf(pgsize, target, how);
    const end = Math.min(start + pgcount * pgsize, this.#reach(start, leaf.level));
    const { ret, stop } = this.#entries.install(start, end, leaf, tally);
    return mapResult(ret, stop - start, tally);
  }

  /** The loop around map_pages(): chooses page sizes, goes on until all is mapped or an error comes. */
  mapRange(addr: U64, size: U64, target: Target, how: How = {}): MapResult {
    const tally = new Tally(how.tables);
    const sizes = how.pageSizes ?? this.#pageSizes;
    const start = this.place(addr);
    const refused = this.#refuses(start, target, how, sizes);
    if (refused !== undefined || start === undefined) return mapResult(refused ?? 0, 0, tally);
    const end = start + floorTo(size, this.#granule);
    let pos = start;
    for (const part of segments(start, Math.min(end, this.limit), targetAddr(target), sizes)) {
      const leaf = this.#leaf(part.pgsize, advance(target, part.addr - start), how);
      const { ret, stop } = this.#entries.install(part.addr, part.addr + part.count * part.pgsize, leaf, tally);
      pos = stop;
      if (ret !== 0) return mapResult(ret, pos - start, tally);
    }
    if (pos < Math.min(end, this.limit)) return mapResult(EINVAL, pos - start, tally);
    const beyond = end > this.limit && this.format.semantics.outside === 'erange';
    return mapResult(beyond ? ERANGE : 0, pos - start, tally);
  }

  /** One unmap_pages(): at most one table where the format says so. */
  unmap(addr: U64, pgsize: number, pgcount: number, how: How = {}): UnmapResult {
    const tally = new Tally();
    const level = levelOfPage(this.format, pgsize);
    const at = this.place(addr);
    if (level < 0 || at === undefined || pgcount === 0) return unmapResult(0, tally);
    const start = this.#alignDown(at, pgsize);
    const end = Math.min(start + pgcount * pgsize, this.#reach(start, level));
    return unmapResult(this.#entries.remove(start, end, level, how.line ?? 0, tally), tally);
  }

  /** The loop around unmap_pages(): goes on until a call falls short. */
  unmapRange(addr: U64, size: U64, how: How = {}): UnmapResult {
    const tally = new Tally();
    const start = this.place(addr);
    if (start === undefined) return unmapResult(0, tally);
    const end = Math.min(start + floorTo(size, this.#granule), this.limit);
    let bytes = 0;
    for (const part of segments(start, end, undefined, how.pageSizes ?? this.#pageSizes)) {
      const level = levelOfPage(this.format, part.pgsize);
      bytes += this.#entries.remove(part.addr, part.addr + part.count * part.pgsize, level, how.line ?? 0, tally);
      if (tally.stop !== undefined && this.format.semantics.unmapHole === 'short') break;
    }
    return unmapResult(bytes, tally);
  }

  /** The entries of [addr + from, addr + to) are gone, whoever did it. */
  forget(addr: U64, from: number, to: number): void {
    const at = this.place(addr);
    if (at !== undefined) this.#entries.forget(at + from, Math.min(at + to, this.limit));
  }

  /** No entry of [addr, addr + size) is valid since that line, whatever was there before. */
  clear(addr: U64, size: U64, line: number): void {
    const at = this.place(addr);
    if (at !== undefined) this.#entries.clear(at, Math.min(at + floorTo(size, this.#granule), this.limit), line);
  }

  /** The kernel was seen to split a block that is unmapped in part (6.12 and before). */
  learnSplit(): void {
    this.#entries.partialBlock = 'split';
  }

  /** What a table walk for addr meets, root first; nothing where the table has no entry for it. */
  walk(addr: U64): WalkStep[] {
    const at = this.place(addr);
    return at === undefined ? [] : walkSteps(this.format, this.#entries, at);
  }

  /** The run that translates addr. */
  at(addr: U64): Run | undefined {
    const at = this.place(addr);
    return at === undefined ? undefined : this.#entries.runs.at(at);
  }

  /** Who cleared the entry of addr since it was last written; undefined = nobody. */
  clearedBy(addr: U64): Cleared | undefined {
    const at = this.place(addr);
    return at === undefined ? undefined : this.#entries.cleared.at(at);
  }

  /** The runs that overlap [addr, end), whole; all where not given. The table must not change meanwhile. */
  runs(addr: number = this.base, end: number = this.limit): IterableIterator<Run> {
    return this.#entries.runs.overlaps(addr, end);
  }

  /** The first run that reaches beyond addr. */
  runFrom(addr: number): Run | undefined {
    return this.#entries.runs.from(addr);
  }

  /** The ranges that overlap [addr, end) and were cleared since they were last written, each with who did it last. */
  clearings(addr: number = this.base, end: number = this.limit): IterableIterator<Cleared> {
    return this.#entries.cleared.overlaps(addr, end);
  }

  /** Bytes that have a translation. */
  get bytes(): number {
    return this.#entries.runs.bytes;
  }

  /** What the model costs: runs, not the kernel's entries. */
  get runCount(): number {
    return this.#entries.runs.size;
  }

  /** Number of tables of a level, or of all with the root. */
  tableCount(level?: number): number {
    if (level !== undefined) return this.#entries.tables.count(level);
    return this.format.levels.reduce((sum, _, at) => sum + this.#entries.tables.count(at), 0);
  }

  /** What to return before any entry is looked at; in the order of arm_lpae_map_pages(). */
  #refuses(at: number | undefined, target: Target, how: How, sizes: readonly number[]): number | undefined {
    const { outside, noAccess } = this.format.semantics;
    const { oas } = this.format;
    if (sizes !== this.#sound) {
      if (sizes.some((size) => levelOfPage(this.format, size) < 0)) return EINVAL;
      this.#sound = sizes;
    }
    if (at === undefined) return outside === 'ignore' ? 0 : ERANGE;
    if (oas !== undefined && target.kind === 'phys' && target.addr >= 2 ** oas) return ERANGE;
    const prot = how.prot ?? READ | WRITE;
    if (noAccess !== 'any' && (prot & (READ | WRITE)) === 0) return noAccess === 'einval' ? EINVAL : 0;
    return undefined;
  }

  #leaf(pgsize: number, target: Target, how: How): Leaf {
    const { prot = READ | WRITE, line = 0 } = how;
    return { level: levelOfPage(this.format, pgsize), pgsize, target, prot, line };
  }

  #alignDown(at: number, pgsize: number): number {
    return this.base + floorTo(at - this.base, pgsize);
  }

  /** How far one call that begins at start can get. The kernel trusts its callers not to run out of the root. */
  #reach(start: number, level: number): number {
    return this.format.semantics.call === 'table' ? this.#entries.tableEnd(start, level) : this.limit;
  }
}
