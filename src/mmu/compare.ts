// Does the page table say what the VA space calls for: the check behind the `end` line of vmbind_lab.c's vmstate.

import { add, addWrapped, type Ptr, type U64 } from '../base/u64.ts';
import { ceilTo, floorTo, SZ_4K } from './format.ts';
import type { PageTable } from './pgtable.ts';
import { advance, type Run, sliceRun, type Target } from './run.ts';

/** A place in an object; obj 0 = NULL. */
export interface Place {
  readonly obj: Ptr;
  readonly offset: U64;
}

/** A mapping of the VA space. */
export interface Mapped extends Place {
  readonly addr: U64;
  readonly range: U64;
}

/** A range where the table is not what the VA space calls for. */
export interface Fault<V extends Mapped> {
  /** missing: mapped, no entry; wrong: the entry leads elsewhere; stale: an entry, not mapped. */
  readonly kind: 'missing' | 'wrong' | 'stale';
  readonly addr: number;
  readonly end: number;
  /** The mapping; undefined for stale. */
  readonly va: V | undefined;
  /** What is there, cut to the range; undefined for missing. Its line says who wrote it. */
  readonly found: Run | undefined;
  /** Whoever wrote or cleared the entries last; undefined = nobody ever did. */
  readonly line: number | undefined;
}

/** Counts are in pages of 4 KiB, whatever the size of the leaves. */
export interface Comparison<V extends Mapped> {
  /** Pages that mappings cover, as far as the table reaches. */
  readonly pages: number;
  /** Pages that have a translation. */
  readonly used: number;
  /** Mapped pages whose translation is absent or another. */
  readonly bad: number;
  /** max(0, used - pages): what the test driver counts. Bad pages that are absent hide as many. */
  readonly stray: number;
  /** Pages that have a translation and no mapping: exact. */
  readonly stale: number;
  readonly faults: readonly Fault<V>[];
}

/** A place that memory belongs to; bytes: how far that holds, undefined = as far as the run goes. */
export interface Known extends Place {
  readonly bytes?: number | undefined;
}

/** What a target is in terms of the mappings; undefined = not known, so that nothing can be said against it. */
export type PlaceOf = (target: Target) => Known | undefined;

/** Targets that name the objects themselves. */
export const asWritten: PlaceOf = (target) => (target.kind === 'obj' ? target : undefined);

/** vas: in ascending order. Costs a step per mapping and per run, however long they are. */
export function compare<V extends Mapped>(
  vas: Iterable<V>,
  table: PageTable,
  placeOf: PlaceOf = asWritten,
): Comparison<V> {
  const all = [...vas];
  const faults = [...faultsIn(all, table, table.base, table.limit, placeOf)];
  const pages = all.reduce((sum, va) => sum + lengthIn(va, table), 0) / SZ_4K;
  const used = table.bytes / SZ_4K;
  const stale = pagesOf(faults.filter((fault) => fault.kind === 'stale'));
  return { pages, used, bad: pagesOf(faults) - stale, stray: Math.max(0, used - pages), stale, faults };
}

export function pagesOf(parts: readonly { readonly addr: number; readonly end: number }[]): number {
  return parts.reduce((sum, { addr, end }) => sum + (end - addr) / SZ_4K, 0);
}

function lengthIn({ addr, range }: Mapped, table: PageTable): number {
  const start = table.place(addr);
  return start === undefined ? 0 : Math.max(0, Math.min(floorTo(range, SZ_4K), table.limit - start));
}

/** Is there no fault in [start, end)? The same question as faultsIn() answers, at a fraction of its cost. */
export function isFaultless(
  vas: readonly Mapped[],
  table: PageTable,
  start: number,
  end: number,
  placeOf: PlaceOf,
): boolean {
  let pos = start;
  for (const va of vas) {
    const at = table.place(va.addr);
    if (at === undefined) continue;
    const from = Math.max(at, start);
    const to = Math.min(at + lengthIn(va, table), end);
    if (from >= to) continue;
    if (from > pos && hasRun(table, pos, from)) return false;
    if (!isMapped(va, at, from, to, table, placeOf)) return false;
    pos = Math.max(pos, to);
  }
  return pos >= end || !hasRun(table, pos, end);
}

function hasRun(table: PageTable, start: number, end: number): boolean {
  const run = table.runFrom(start);
  return run !== undefined && run.addr < end;
}

/** Does every entry in [start, end) lead where the mapping, which begins at `at`, says? */
function isMapped(va: Mapped, at: number, start: number, end: number, table: PageTable, placeOf: PlaceOf): boolean {
  for (let pos = start; pos < end; ) {
    const run = table.runFrom(pos);
    if (run === undefined || run.addr > pos) return false;
    const target = advance(run.target, pos - run.addr);
    const known = target.kind === 'null' ? undefined : placeOf(target);
    if (!fits(va, pos - at, target, known)) return false;
    pos = Math.min(run.end, pos + (known?.bytes ?? run.end - pos));
  }
  return true;
}

/** The faults in [start, end), addresses as the table keeps them. vas: those that overlap it, in ascending order. */
export function* faultsIn<V extends Mapped>(
  vas: Iterable<V>,
  table: PageTable,
  start: number,
  end: number,
  placeOf: PlaceOf,
): IterableIterator<Fault<V>> {
  let pos = start;
  for (const va of vas) {
    const at = table.place(va.addr);
    if (at === undefined) continue;
    const from = Math.max(at, start);
    const to = Math.min(at + lengthIn(va, table), end);
    if (from >= to) continue;
    if (from > pos) yield* staleIn(table, pos, from);
    yield* faultsOf(va, at, from, to, table, placeOf);
    pos = Math.max(pos, to);
  }
  if (pos < end) yield* staleIn(table, pos, end);
}

function* staleIn(table: PageTable, start: number, end: number): IterableIterator<Fault<never>> {
  for (const run of table.runs(start, end)) {
    const found = sliceRun(run, Math.max(run.addr, start), Math.min(run.end, end));
    yield { kind: 'stale', addr: found.addr, end: found.end, va: undefined, found, line: run.line };
  }
}

/** at: where the mapping begins; [start, end) is the part of it that is looked at. */
function* faultsOf<V extends Mapped>(
  va: V,
  at: number,
  start: number,
  end: number,
  table: PageTable,
  placeOf: PlaceOf,
): IterableIterator<Fault<V>> {
  let pos = start;
  for (const run of table.runs(start, end)) {
    const from = Math.max(run.addr, start);
    if (from > pos) yield* missing(va, pos, from, table);
    pos = Math.min(run.end, end);
    yield* misled(va, at, sliceRun(run, from, pos), placeOf);
  }
  if (pos < end) yield* missing(va, pos, end, table);
}

/** The parts of a run that do not lead where the mapping says. */
function* misled<V extends Mapped>(va: V, at: number, run: Run, placeOf: PlaceOf): IterableIterator<Fault<V>> {
  for (let pos = run.addr; pos < run.end; ) {
    const target = advance(run.target, pos - run.addr);
    const known = target.kind === 'null' ? undefined : placeOf(target);
    const end = Math.min(run.end, pos + (known?.bytes ?? run.end - pos));
    if (!fits(va, pos - at, target, known)) {
      yield { kind: 'wrong', addr: pos, end, va, found: sliceRun(run, pos, end), line: run.line };
    }
    pos = end;
  }
}

/** One fault for each that cleared a part. */
function* missing<V extends Mapped>(va: V, addr: number, end: number, table: PageTable): IterableIterator<Fault<V>> {
  const fault = (from: number, to: number, line: number | undefined): Fault<V> => {
    return { kind: 'missing', addr: from, end: to, va, found: undefined, line };
  };
  let pos = addr;
  for (const cleared of table.clearings(addr, end)) {
    const from = Math.max(cleared.addr, addr);
    if (from > pos) yield fault(pos, from, undefined);
    pos = Math.min(cleared.end, end);
    yield fault(from, pos, cleared.line);
  }
  if (pos < end) yield fault(pos, end, undefined);
}

/** Is the target, bytes into the mapping, the one it calls for? Offsets count in pages. */
function fits(va: Mapped, bytes: number, target: Target, found: Place | undefined): boolean {
  if (va.obj === 0 || target.kind === 'null') return (va.obj === 0) === (target.kind === 'null');
  return (
    found === undefined ||
    (found.obj === va.obj && floorTo(found.offset, SZ_4K) === floorTo(addWrapped(va.offset, bytes), SZ_4K))
  );
}

/** [addr, addr + range) as the table keeps it, rounded out to pages; undefined where nothing of it is in the table. */
export function placedSpan(table: PageTable, addr: U64, range: U64): { addr: number; end: number } | undefined {
  const start = table.place(addr);
  if (start === undefined || range === 0) return undefined;
  const length = ceilTo(Number(add(range, 0)), SZ_4K);
  return { addr: start, end: Math.min(start + length, table.limit) };
}
