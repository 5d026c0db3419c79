// Does the page table say what the VA space calls for: the check behind the `end` line of vmbind_lab.c's vmstate.

import { addWrapped, type Ptr, type U64 } from '../base/u64.ts';
import { floorTo, SZ_4K } from './format.ts';
import type { PageTable } from './pgtable.ts';
import { type Run, sliceRun, type Target } from './run.ts';
import { SpanSet } from './span_map.ts';

/** A mapping of the VA space; obj 0 = NULL. */
export interface Mapped {
  readonly addr: U64;
  readonly range: U64;
  readonly obj: Ptr;
  readonly offset: U64;
}

/** A part of a mapping whose entries are not those it calls for. */
export interface Fault<V extends Mapped> {
  readonly kind: 'missing' | 'wrong';
  readonly addr: number;
  readonly end: number;
  readonly va: V;
  /** What is there instead, cut to the part; its line says who wrote it. */
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
  readonly staleRuns: readonly Run[];
}

export interface CompareOptions<V extends Mapped> {
  /** What the table's targets call the mapping's object; its obj where not given. */
  readonly objOf?: (va: V) => Ptr;
  /** What a physical address belongs to; undefined = nothing known. Without it, physical targets fit no mapping. */
  readonly objAt?: (addr: U64) => { readonly obj: Ptr; readonly offset: U64 } | undefined;
}

/** vas: in any order. Costs a step per mapping and per run, however long they are. */
export function compare<V extends Mapped>(
  vas: Iterable<V>,
  table: PageTable,
  options: CompareOptions<V> = {},
): Comparison<V> {
  const mapped = new SpanSet();
  const faults: Fault<V>[] = [];
  let bytes = 0;
  for (const va of vas) {
    const start = table.place(va.addr);
    if (start === undefined) continue;
    const end = Math.min(start + floorTo(va.range, SZ_4K), table.limit);
    if (start >= end) continue;
    bytes += end - start;
    mapped.add(start, end);
    for (const fault of faultsOf(va, start, end, table, options)) faults.push(fault);
  }
  const staleRuns: Run[] = [];
  for (const run of table.runs()) {
    for (const { addr, end } of mapped.gaps(run.addr, run.end)) staleRuns.push(sliceRun(run, addr, end));
  }
  const pages = bytes / SZ_4K;
  const used = table.bytes / SZ_4K;
  const stray = Math.max(0, used - pages);
  return { pages, used, bad: pagesOf(faults), stray, stale: pagesOf(staleRuns), faults, staleRuns };
}

function pagesOf(parts: readonly { readonly addr: number; readonly end: number }[]): number {
  return parts.reduce((sum, { addr, end }) => sum + (end - addr) / SZ_4K, 0);
}

function* faultsOf<V extends Mapped>(
  va: V,
  start: number,
  end: number,
  table: PageTable,
  options: CompareOptions<V>,
): IterableIterator<Fault<V>> {
  let pos = start;
  for (const run of table.runs(start, end)) {
    const from = Math.max(run.addr, start);
    if (from > pos) yield* missing(va, pos, from, table);
    pos = Math.min(run.end, end);
    const found = sliceRun(run, from, pos);
    if (!fits(va, from - start, found.target, options)) {
      yield { kind: 'wrong', addr: from, end: pos, va, found, line: run.line };
    }
  }
  if (pos < end) yield* missing(va, pos, end, table);
}

/** One fault for each that cleared a part. */
function* missing<V extends Mapped>(va: V, addr: number, end: number, table: PageTable): IterableIterator<Fault<V>> {
  let pos = addr;
  for (const cleared of table.clearings(addr, end)) {
    const from = Math.max(cleared.addr, addr);
    if (from > pos) yield { kind: 'missing', addr: pos, end: from, va, found: undefined, line: undefined };
    pos = Math.min(cleared.end, end);
    yield { kind: 'missing', addr: from, end: pos, va, found: undefined, line: cleared.line };
  }
  if (pos < end) yield { kind: 'missing', addr: pos, end, va, found: undefined, line: undefined };
}

/** Is the target, bytes into the mapping, the one it calls for? Offsets count in pages. */
function fits<V extends Mapped>(va: V, bytes: number, target: Target, options: CompareOptions<V>): boolean {
  if (va.obj === 0) return target.kind === 'null';
  if (target.kind === 'null') return false;
  const found = target.kind === 'obj' ? target : options.objAt?.(target.addr);
  const obj = options.objOf === undefined ? va.obj : options.objOf(va);
  if (found === undefined || found.obj !== obj) return false;
  return floorTo(found.offset, SZ_4K) === floorTo(addWrapped(va.offset, bytes), SZ_4K);
}
