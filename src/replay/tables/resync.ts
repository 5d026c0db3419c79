// Tables whose beginning is not in the trace, or of which events went missing: what calls show of them from there on.
import type { U64 } from '../../base/u64.ts';
import type { TableMap, TableUnmap } from '../../events/vm_event.ts';
import { type Gpuva, UNKNOWN_OBJ } from '../../gpuvm/gpuva.ts';
import { type Fault, type PlaceOf, placedSpan } from '../../mmu/compare.ts';
import { SZ_4K } from '../../mmu/format.ts';
import type { PageTable } from '../../mmu/pgtable.ts';
import type { Span } from '../../mmu/span_map.ts';
import type { Span as FactSpan } from '../fact.ts';
import type { VmState } from '../vm_state.ts';
import type { TableCallSite } from './site.ts';
import type { JobTables, VmTables } from './vm_tables.ts';

type TableCall = TableMap | TableUnmap;

/*
 * DOC: how a table becomes known again
 *
 * A call that succeeds leaves entries that are known, whatever was there before: a map its own, an unmap none. What the model
 * has elsewhere says nothing. So a job is judged only where entries and mappings are both known, by calls and inserts behind
 * the gap. That needs a driver that writes its tables with the tree, in the job itself: where they are written when the job
 * runs, nobody knows which of the jobs before the gap are still to write theirs.
 *
 * What was written outside of any job, or in one that failed or was not seen whole, is not known: the tree may have followed
 * already, or not yet.
 */

/** Do calls show what is in the table again? */
function isShownByCalls({ clock, code, traits }: VmTables): boolean {
  return clock === 'apply' && traits?.written.is === 'with each step' && code !== 'iommu';
}

/** Are all entries known that the call comes to? */
export function areKnown({ tables, table }: TableCallSite, { addr, length }: TableCall): boolean {
  if (tables.complete || !isShownByCalls(tables)) return true;
  const span = placedSpan(table, addr, length);
  return span === undefined || tables.known.has(span);
}

/** What the model has where they are not known must not stand in the way of a map. */
export function dropUnknown({ tables, table }: TableCallSite, { addr, length }: TableMap): void {
  const span = placedSpan(table, addr, length);
  if (span === undefined) return;
  for (const gap of tables.known.gaps(span)) table.forget(addr, gap.addr - span.addr, gap.end - span.addr);
}

/** The call has written its first bytes, so many. */
export function showEntries({ tables, table, of }: TableCallSite, { addr, length }: TableCall, written: number): void {
  if (tables.complete) return;
  const span = of === undefined || !isShownByCalls(tables) ? undefined : wholePages(table, addr, length);
  if (span === undefined) hideEntries(tables, { addr, range: length });
  else if (written > 0) tables.known.show({ addr: span.addr, end: span.addr + written });
}

/** Nobody can tell any more what is there. */
export function hideEntries({ complete, known, table }: VmTables, { addr, range }: FactSpan): void {
  const span = complete || table === undefined ? undefined : placedSpan(table, addr, range);
  if (span === undefined || table === undefined) return;
  // What does not begin at a page may end in one more.
  known.hide(wholePages(table, addr, range) ?? { addr: span.addr, end: span.end + SZ_4K });
}

/** Undefined where the table does not keep the range as it is given. */
function wholePages(table: PageTable, addr: U64, range: U64): Span | undefined {
  const span = placedSpan(table, addr, range);
  return span?.addr === addr && span.end - span.addr === range ? span : undefined;
}

/** Did the job do all that it was to do, and was all of it seen? */
export function isSound({ job, refused }: JobTables): boolean {
  if (job === undefined || refused || job.implicit || job.unknown.size > 0) return false;
  return (job.ret ?? 0) === 0 && !job.ops.some(({ failed }) => failed);
}

/** Where both entries and mappings are known. */
export function* knownParts({ known, tables, treeShown }: VmState, spans: Iterable<Span>): Iterable<Span> {
  // Where the tree alone became unknown, events are missing and nobody knows where.
  if (!treeShown || tables.complete) return;
  for (const span of spans) for (const part of tables.known.parts(span)) yield* known.pages(part);
}

/** Is the entry wrong by its offset alone? Which object it leads to was learned from mappings, and these may be wrong. */
export function isElsewhere(fault: Fault<Gpuva>, placeOf: PlaceOf): boolean {
  const { va, found } = fault;
  if (va === undefined || va.obj === UNKNOWN_OBJ || found?.target.kind !== 'obj') return false;
  return placeOf(found.target)?.obj === va.obj;
}
