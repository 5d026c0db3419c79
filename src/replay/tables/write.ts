// What a page table call does to the entries, by the model until its return says otherwise.
import { add } from '../../base/u64.ts';
import type { TableMap, TableUnmap } from '../../events/vm_event.ts';
import { placedSpan } from '../../mmu/compare.ts';
import type { MapResult, UnmapResult } from '../../mmu/result.ts';
import { advance, NULL_TARGET, type Run, type Target } from '../../mmu/run.ts';
import type { Span } from '../../mmu/span_map.ts';
import type { Context } from '../context.ts';
import type { VmState } from '../vm_state.ts';
import { tellBlock, tellHole, tellOverrun, tellOverwrite, tellShort, tellTransient } from './calls.ts';
import { areKnown, dropUnknown, showEntries } from './resync.ts';
import { claimOf, learn, type TableCallSite, targetOf } from './site.ts';
import { type JobTables, rangeChanged, type VmTables } from './vm_tables.ts';

/** A table call while it runs: its effect is taken as the model gives it until its return says otherwise. */
export interface TableRun {
  readonly event: TableMap | TableUnmap;
  readonly vm: VmState;
  readonly of: JobTables | undefined;
  readonly target: Target;
  readonly result: MapResult | UnmapResult;
  /** All entries that it met were known. */
  readonly wasKnown: boolean;
  /** What is to be said about it, unless its return contradicts. */
  readonly say: (() => void)[];
}

/** pageSizes: what the driver may choose from, where the call does not say. */
export function writeMap(
  context: Context,
  site: TableCallSite,
  event: TableMap,
  pageSizes = site.tables.traits?.pageSizes,
): void {
  const { task, where } = context;
  const { vm, tables, table, of } = site;
  const claim = claimOf(event, site);
  const target = targetOf(event, claim);
  if (target === undefined) tables.targetsShown = false;
  else learn(context, target, claim, event);
  const say: TableRun['say'] = [];
  tellOverrun(context, site, event, say);
  const count = event.pgsize > 0 ? Number(event.length) / event.pgsize : 0;
  const how = { line: where.line, pageSizes, prot: event.prot };
  if (event.prot !== undefined) tables.rightsShown = true;
  const written = target ?? NULL_TARGET;
  const wasKnown = areKnown(site, event);
  if (!wasKnown) dropUnknown(site, event);
  const result =
    event.pgsize > 0
      ? table.map(event.addr, event.pgsize, count, written, how)
      : table.mapRange(event.addr, event.length, written, how);
  tables.changed(result.gone, where.line);
  showEntries(site, event, result.mapped);
  const span = placedSpan(table, event.addr, result.mapped);
  if (span !== undefined) {
    tables.evicted.remove(span.addr, span.end);
    tables.invalid.remove(span.addr, span.end);
    if (of?.hasGone) tellTransient(context, site, span, say);
  }
  noteChanged(context, site, event);
  tellOverwrite(context, site, event, result, say);
  tellShort(context, site, result);
  task.tableRun = { event, vm, of, target: written, result, wasKnown, say };
}

export function writeUnmap(
  context: Context,
  site: TableCallSite,
  event: TableUnmap,
  pageSizes = site.tables.traits?.pageSizes,
): void {
  const { task, where } = context;
  const { vm, tables, table, of } = site;
  const say: TableRun['say'] = [];
  const count = event.pgsize > 0 ? Number(event.length) / event.pgsize : 0;
  const how = { line: where.line, pageSizes };
  const wasKnown = areKnown(site, event);
  const result =
    event.pgsize > 0
      ? table.unmap(event.addr, event.pgsize, count, how)
      : table.unmapRange(event.addr, event.length, how);
  if (!wasKnown) table.clear(event.addr, event.length, where.line);
  showEntries(site, event, wasKnown ? 0 : Number(event.length));
  tables.changed(result.gone, where.line);
  noteGone(context, site, event, result.gone);
  tellOverrun(context, site, event, say, result.gone);
  const span = placedSpan(table, event.addr, event.length);
  if (span !== undefined) {
    if (of === undefined) evict(context, tables, result.gone);
    if (tables.sparse.size > 0) noteInvalid(tables, span, event.sparse);
  }
  noteChanged(context, site, event);
  if (result.stop === 'hole') tellHole(context, site, event, result, say);
  else if (result.stop === 'block') tellBlock(context, site, event, result, say);
  task.tableRun = { event, vm, of, target: NULL_TARGET, result, wasKnown, say };
}

/** In a sparse region: the entries read as zero from now on, or fault. */
function noteInvalid(tables: VmTables, { addr, end }: Span, readsZero: boolean): void {
  for (const region of tables.sparse.overlaps(addr, end)) {
    const from = Math.max(region.addr, addr);
    const to = Math.min(region.end, end);
    if (readsZero) tables.invalid.remove(from, to);
    else tables.invalid.add(from, to);
  }
}

/** Entries that are cleared: they may come back in the same job. */
function noteGone(context: Context, site: TableCallSite, call: TableUnmap, gone: readonly Run[]): void {
  const { tables, of, step } = site;
  if (of === undefined) return;
  const { region } = tables;
  for (const run of gone) {
    const { addr, end } = run;
    of.gone.drop(addr, end);
    const locked = region !== undefined && region.addr <= addr && end <= region.end;
    of.gone.put({ addr, end, run, call, step, line: context.where.line, locked });
  }
}

function noteChanged({ where }: Context, { tables, of }: TableCallSite, { addr, length }: TableMap | TableUnmap): void {
  const changed = rangeChanged(addr, length, where.line, of?.job);
  if (of === undefined) tables.addLoose(changed);
  else of.changed.push(changed);
}

/** The call did not end as the model says: the entries were not those that were followed. */
export function doubt({ vm, wasKnown, say }: TableRun): void {
  say.length = 0;
  if (wasKnown) vm.tables.known.giveUp();
}

/** A map that fails and, before it returns, unmaps from its own start on what it had written. */
export interface UndoneMap {
  readonly map: TableRun;
  /** The unmap within it; undefined where it is empty. */
  readonly unmap: TableRun | undefined;
  /** Its length in bytes: so far the map had come. */
  readonly undone: number;
}

export function takeBack({ map, unmap, undone }: UndoneMap): void {
  if (unmap !== undefined) unmap.say.length = 0;
  if (map.of !== undefined) map.of.refused = true;
  const modelled = (map.result as MapResult).mapped;
  if (undone < modelled) map.vm.tables.table?.forget(map.event.addr, undone, modelled);
}

/** So much was mapped: a map that is refused may have come further than io-pgtable's own, which looks ahead. */
export function reach({ event, vm, target, result }: TableRun, mapped: number, line: number): void {
  const { table } = vm.tables;
  const modelled = (result as MapResult).mapped;
  if (mapped < modelled) table?.forget(event.addr, mapped, modelled);
  if (mapped <= modelled) return;
  const rest = advance(target, modelled);
  const from = add(event.addr, modelled);
  if (event.pgsize > 0) table?.map(from, event.pgsize, (mapped - modelled) / event.pgsize, rest, { line });
  else table?.mapRange(from, mapped - modelled, rest, { line });
}

/** Torn down although still mapped: the object may come back in other memory. */
function evict({ world }: Context, tables: VmTables, gone: readonly Run[]): void {
  for (const { addr, end, target } of gone) {
    tables.evicted.add(addr, end);
    if (target.kind === 'phys') world.memory.forgetPhys(target.addr, end - addr);
  }
}

/** This kernel does split blocks. */
export function splitAfterAll({ event, vm, say }: TableRun, line: number): void {
  say.length = 0;
  const { table } = vm.tables;
  table?.learnSplit();
  table?.unmap(event.addr, event.pgsize, Number(event.length) / event.pgsize, { line });
}
