// What is wrong with a single page table call: it meets entries that should not be there, lacks some that should, or
// reaches further than the step it is made for.
import { add, hex, sub, type U64 } from '../../base/u64.ts';
import type { TableMap, TableUnmap } from '../../events/vm_event.ts';
import { pagesOf, placedSpan } from '../../mmu/compare.ts';
import { ceilTo, floorTo, SZ_2M } from '../../mmu/format.ts';
import type { MapResult, UnmapResult } from '../../mmu/result.ts';
import { type Run, translatesAlike } from '../../mmu/run.ts';
import type { Span as TableSpan } from '../../mmu/span_map.ts';
import type { Context } from '../context.ts';
import type { Evidence, Shown } from '../fact.ts';
import { tell } from '../tell.ts';
import { describeRun, pagesText, spaceEvidence, walkEvidence } from './evidence.ts';
import type { TableCallSite } from './site.ts';
import type { Gone, JobTables, TableStep } from './vm_tables.ts';
import type { TableRun } from './write.ts';

type Say = TableRun['say'];

/** The call has returned, or nothing tells that it did otherwise than the model: what is to be said holds. */
export function settle(context: Context): void {
  const run = context.task.tableRun;
  if (run === undefined) return;
  context.task.tableRun = undefined;
  for (const say of run.say) say();
}

/** Where this and what called for it stand, kept for a fact that is told later. */
function at(context: Context, site: TableCallSite, step: TableStep | undefined) {
  const { line } = context.where;
  const time = context.where.time();
  return { line, time, job: site.job, vm: site.vm, op: step?.op, step: step?.view };
}

function spanOf(event: TableMap | TableUnmap): { readonly addr: U64; readonly range: U64 } {
  return { addr: event.addr, range: event.length };
}

function callText(event: TableMap | TableUnmap): string {
  return `${event.kind === 'mmu_map' ? 'map' : 'unmap'} of ${hex(event.addr)}+${hex(event.length)}`;
}

/** What stands at an address of the table now, and what the VA space says about it. */
function entryEvidence(context: Context, { vm }: TableCallSite, where: number): Evidence[] {
  return [...walkEvidence(context, vm, where), ...spaceEvidence(context, vm, where)];
}

/** The step that a call is made for, where its callback does not tell: the one that begins where the call does, or holds it. */
function stepFor(site: TableCallSite, event: TableMap | TableUnmap): TableStep | undefined {
  if (site.step !== undefined) return site.step;
  const wanted = (site.of?.steps ?? []).filter(({ view }) => (view.type === 'map') === (event.kind === 'mmu_map'));
  return wanted.find((step) => contains(allowed(step, event, site), event.addr));
}

function contains(spans: readonly Extent[], addr: U64): boolean {
  return spans.some((span) => span.addr <= addr && addr < span.end);
}

export interface Extent {
  readonly addr: U64;
  readonly end: U64;
}

/** Is the call one that the step lets the driver make? The same as allowed(), for the calls that are right. */
function fits(
  { view, op }: TableStep,
  event: TableMap | TableUnmap,
  callEnd: U64,
  { tables, of }: TableCallSite,
): boolean {
  const { addr, range, type } = view;
  if (addr === undefined || range === undefined || event.addr < addr) return false;
  const end = add(addr, range);
  if (callEnd > end) return false;
  if (type === 'map') return event.kind === 'mmu_map' || of?.refused === true;
  if (type === 'unmap') return event.kind === 'mmu_unmap';
  if (op?.addr === undefined || op.range === undefined) return true;
  const opEnd = add(op.addr, op.range);
  if (event.kind === 'mmu_map') return callEnd <= op.addr || event.addr >= opEnd;
  const remaps = tables.traits?.remap.is;
  if (remaps === 'whole' || (event.addr >= op.addr && callEnd <= opEnd)) return true;
  return remaps === 'blocks' && event.addr >= blockFloor(op.addr) && callEnd <= blockCeil(opEnd);
}

/** What a step lets the driver map or unmap. */
function allowed({ view, op }: TableStep, event: TableMap | TableUnmap, { tables, of }: TableCallSite): Extent[] {
  const { addr, range, type } = view;
  if (addr === undefined || range === undefined) return [];
  const end = add(addr, range);
  const whole = { addr, end };
  if (type === 'map') return event.kind === 'mmu_map' || of?.refused === true ? [whole] : [];
  if (type === 'unmap') return event.kind === 'mmu_unmap' ? [whole] : [];
  if (op?.addr === undefined || op.range === undefined) return [whole];
  const gap = { addr: max(addr, op.addr), end: min(end, add(op.addr, op.range)) };
  // Entries of what a REMAP leaves may be written again: the driver had to take a whole block down.
  if (event.kind === 'mmu_map')
    return [
      { addr, end: gap.addr },
      { addr: gap.end, end },
    ];
  const remaps = tables.traits?.remap.is;
  if (remaps === 'whole') return [whole];
  if (remaps === 'gap') return [gap];
  return [{ addr: max(addr, blockFloor(gap.addr)), end: min(end, blockCeil(gap.end)) }];
}

function max(a: U64, b: U64): U64 {
  return a > b ? a : b;
}

function min(a: U64, b: U64): U64 {
  return a < b ? a : b;
}

function blockFloor(addr: U64): U64 {
  return floorTo(addr, SZ_2M);
}

function blockCeil(addr: U64): U64 {
  return ceilTo(Number(addr), SZ_2M);
}

/** The call reaches outside of what its step says. gone: the live entries that an unmap took. */
export function tellOverrun(
  context: Context,
  site: TableCallSite,
  event: TableMap | TableUnmap,
  say: Say,
  gone: readonly Run[] = [],
): void {
  if (!site.tables.complete) return;
  const steps = site.step === undefined ? (site.of?.steps ?? []) : [site.step];
  const end = add(event.addr, event.length);
  for (const step of steps) if (fits(step, event, end, site)) return;
  if (steps.length === 0 || steps.some(({ view }) => view.addr === undefined || view.range === undefined)) return;
  const extents = steps.flatMap((step) => allowed(step, event, site));
  const starting = extents.filter((extent) => extent.addr === event.addr);
  const holding = extents.filter((extent) => extent.addr <= event.addr && event.addr < extent.end);
  const reach = (starting.length > 0 ? starting : holding).reduce((to, extent) => max(to, extent.end), event.addr);
  const excess = { addr: reach, range: sub(end, reach) };
  const placed = placedSpan(site.table, excess.addr, excess.range);
  const hit =
    placed === undefined
      ? 0
      : pagesOf(cut(event.kind === 'mmu_unmap' ? gone : [...site.table.runs(placed.addr, placed.end)], placed));
  const step = stepFor(site, event);
  const evidence = placed === undefined ? [] : entryEvidence(context, site, placed.addr);
  if (step !== undefined) evidence.push({ line: step.view.line, text: `the step: ${stepText(step)}` });
  else
    for (const one of steps.slice(0, 4))
      evidence.push({ line: one.view.line, text: `a step of the job: ${stepText(one)}` });
  const detail =
    reach === event.addr
      ? `the ${callText(event)} is part of no step of its job`
      : `the ${callText(event)} goes ${hex(excess.range)} bytes beyond its step, which ends at ${hex(reach)}`;
  const told = at(context, site, step);
  say.push(() =>
    tell(context, {
      kind: 'pte_overrun',
      ...told,
      needs: stepsNeeded(context, event),
      detail,
      hit,
      span: excess,
      obj: step?.view.obj ?? 0,
      evidence,
      absence: 'call',
    }),
  );
}

function cut(runs: readonly TableSpan[], within: TableSpan): TableSpan[] {
  return runs
    .map((run) => ({ addr: Math.max(run.addr, within.addr), end: Math.min(run.end, within.end) }))
    .filter((run) => run.addr < run.end);
}

function stepText({ view }: TableStep): string {
  const where = view.addr === undefined || view.range === undefined ? '' : ` ${hex(view.addr)}+${hex(view.range)}`;
  return `${view.type.toUpperCase()}${where}${view.keep ? ' keep' : ''}`;
}

/** Where callbacks show the steps, one that is not probed may be what the call is made for; ops lists show all. */
function stepsNeeded({ world }: Context, event: TableMap | TableUnmap): readonly Shown[] | undefined {
  if (!world.seen.has('step')) return undefined;
  return event.kind === 'mmu_map' ? ['map step'] : ['unmap step', 'remap step'];
}

/** The call met live entries: refused, or written over although they say something else. */
export function tellOverwrite(
  context: Context,
  site: TableCallSite,
  event: TableMap,
  result: MapResult,
  say: Say,
): void {
  const { vm, tables, table, of } = site;
  if (!tables.complete) return;
  const lost = result.conflict ?? otherTarget(site, result.gone);
  if (lost === undefined) return;
  const refused = result.conflict !== undefined;
  if (refused && of !== undefined) of.refused = true;
  const step = stepFor(site, event);
  const where = Math.max(lost.addr, table.place(event.addr) ?? lost.addr);
  const evidence = [{ line: lost.line, text: `${describeRun(context, vm, lost)} was written here` }];
  evidence.push(...entryEvidence(context, site, where));
  if (step !== undefined) evidence.push({ line: step.view.line, text: `the step: ${stepText(step)}` });
  const told = at(context, site, step);
  const obj = step?.view.obj ?? 0;
  const detail = `the ${callText(event)} meets a live entry at ${hex(where)}`;
  const absence = 'call' as const;
  say.push(() =>
    tell(context, {
      kind: 'pte_overwrite',
      ...told,
      refused,
      detail,
      obj,
      span: spanOf(event),
      evidence,
      absence,
      needs: ['mmu_unmap'],
    }),
  );
}

/** The first leaf that was written over by something else. */
function otherTarget({ table }: TableCallSite, gone: readonly Run[]): Run | undefined {
  return gone.find((run) => {
    const now = table.at(run.addr);
    return now === undefined || !translatesAlike(run, now, run.addr);
  });
}

/** The unmap came to an entry that is not there. */
export function tellHole(
  context: Context,
  site: TableCallSite,
  event: TableUnmap,
  result: UnmapResult,
  say: Say,
): void {
  if (!site.tables.complete || site.tables.traits?.holes.is !== 'refused' || result.stopAt === undefined) return;
  tellStop(context, site, event, result, 'pte_hole', 'meets a hole', say);
}

/** The unmap came to a block of which it wants only a part. */
export function tellBlock(
  context: Context,
  site: TableCallSite,
  event: TableUnmap,
  result: UnmapResult,
  say: Say,
): void {
  if (!site.tables.complete || result.stopAt === undefined) return;
  tellStop(context, site, event, result, 'pte_partial_block', 'is for a part of a block', say);
}

function tellStop(
  context: Context,
  site: TableCallSite,
  event: TableUnmap,
  { stopAt = 0, unmapped }: UnmapResult,
  kind: 'pte_hole' | 'pte_partial_block',
  what: string,
  say: Say,
): void {
  const step = stepFor(site, event);
  const evidence = entryEvidence(context, site, stopAt);
  if (step !== undefined) evidence.push({ line: step.view.line, text: `the step: ${stepText(step)}` });
  const told = at(context, site, step);
  const detail = `the ${callText(event)} ${what} at ${hex(stopAt)}: ${hex(unmapped)} bytes are unmapped`;
  const said = { ...told, detail, obj: step?.view.obj ?? 0, span: spanOf(event), evidence };
  say.push(() => {
    if (kind === 'pte_hole') tell(context, { kind: 'pte_hole', ...said, absence: 'call', needs: ['mmu_map'] });
    else tell(context, { kind: 'pte_partial_block', ...said, proof: proofOf(context), absence: 'call' });
  });
}

/** Derived tables: the gap of a REMAP begins or ends inside of a block, so that the driver has to take more than it. */
export function tellWidened(context: Context, site: TableCallSite, gap: Extent, gone: Extent): void {
  const { step } = site;
  const edge = gone.addr < gap.addr ? gap.addr : gap.end;
  const detail = `the gap ${hex(gap.addr)}+${hex(sub(gap.end, gap.addr))} of a REMAP splits a block at ${hex(edge)}`;
  tell(context, {
    kind: 'pte_partial_block',
    ...at(context, site, step),
    detail,
    obj: step?.view.obj ?? 0,
    span: { addr: gap.addr, range: sub(gap.end, gap.addr) },
    evidence: step === undefined ? [] : [{ line: step.view.line, text: `the step: ${stepText(step)}` }],
    proof: 'derived',
  });
}

function proofOf({ world }: Context): 'shown' | 'modelled' | 'derived' {
  if (world.mmu === 'derive') return 'derived';
  return world.seen.has('mmu_unmap_ret') ? 'shown' : 'modelled';
}

/**
 * Entries that this job tore down come back as they were: the GPU may have met the hole. That is a mistake where the
 * step says keep and the driver is one that honours it, or where the driver locks the GPU out and did not this time.
 */
export function tellTransient(context: Context, site: TableCallSite, span: TableSpan, say: Say): void {
  const { table, of, tables } = site;
  if (of === undefined || context.world.mmu === 'derive') return; // what the driver locks out is not that of derived calls
  if (!of.keeps && !tables.locksRegions) {
    of.gone.drop(span.addr, span.end);
    return;
  }
  let pages = 0;
  let unlocked = 0;
  let first: { readonly gone: Gone; readonly addr: number } | undefined;
  for (const gone of of.gone.clear(span.addr, span.end)) {
    for (const now of table.runs(gone.addr, gone.end)) {
      const from = Math.max(gone.addr, now.addr);
      const to = Math.min(gone.end, now.end);
      if (from >= to || !translatesAlike(gone.run, now, from)) continue;
      const count = (to - from) / 4096;
      pages += count;
      const { region } = tables;
      const lockedNow = region !== undefined && region.addr <= from && to <= region.end;
      if (!gone.locked || !lockedNow) unlocked += count;
      first ??= { gone, addr: from };
    }
  }
  if (first === undefined || unlocked === 0) return;
  const kept = keptStep(site, first.gone);
  if (kept === undefined && !tables.locksRegions) return;
  if (of.torn.has(kept)) return;
  of.torn.add(kept);
  const evidence: Evidence[] = [{ line: first.gone.line, text: 'the entries are cleared here' }];
  evidence.push(...entryEvidence(context, site, first.addr));
  if (kept !== undefined) evidence.push({ line: kept.view.line, text: `the step: ${stepText(kept)}` });
  const told = at(context, site, kept);
  const why = kept === undefined ? 'not locked out' : 'keep';
  const detail = `${pagesText(pages)} from ${hex(first.addr)} on are torn down and set again as they were`;
  const range = { addr: span.addr, range: span.end - span.addr };
  say.push(() =>
    tell(context, {
      kind: 'pte_transient',
      ...told,
      why,
      detail,
      obj: kept?.view.obj ?? 0,
      span: range,
      evidence,
      absence: 'call',
    }),
  );
}

/**
 * The step that told the driver to leave these entries alone. Where calls are made later, the step that an unmap belongs
 * to is known by its range; if several of the job have it, nobody can tell.
 */
function keptStep({ tables, of }: TableCallSite, { call, step }: Gone): TableStep | undefined {
  const honours = tables.traits?.keep.is;
  if (of === undefined || honours === undefined || honours === 'ignored') return undefined;
  const same = step === undefined ? of.steps.filter((one) => clears(one, call)) : [step];
  return same.every((one) => isKept(one, honours)) ? same[0] : undefined;
}

/** The driver takes the step's keep flag for what it says, so it makes no call for it. */
export function isLeftAlone({ tables }: TableCallSite, step: TableStep): boolean {
  const honours = tables.traits?.keep.is;
  return honours !== undefined && honours !== 'ignored' && isKept(step, honours);
}

/** Is the call just what the step asks to unmap? */
function clears({ view, op }: TableStep, call: TableUnmap): boolean {
  const { addr, range, type } = view;
  if (type === 'map' || addr === undefined || range === undefined) return false;
  const end = add(addr, range);
  const callEnd = add(call.addr, call.length);
  if (type === 'unmap' || op?.addr === undefined || op.range === undefined)
    return addr === call.addr && end === callEnd;
  return max(addr, op.addr) === call.addr && min(end, add(op.addr, op.range)) === callEnd;
}

function isKept({ view, op }: TableStep, honours: 'all' | 'unmap' | 'in place'): boolean {
  if (!view.keep || (honours !== 'all' && view.type !== 'unmap')) return false;
  return honours !== 'in place' || (op?.kind === 'map' && isSame(view, op));
}

function isSame(view: TableStep['view'], op: NonNullable<TableStep['op']>): boolean {
  return view.addr === op.addr && view.range === op.range && view.obj === op.obj && view.offset === op.offset;
}

/** More tables are needed than pages were set aside. result undefined: the driver's allocator said so itself. */
export function tellShort(
  context: Context,
  { of, vm }: { readonly of: JobTables | undefined; readonly vm: TableCallSite['vm'] | undefined },
  result: MapResult | undefined,
): void {
  if (of === undefined || vm === undefined) return;
  of.allocated += result?.tablesAllocated ?? 0;
  if (of.shortTold) return;
  const counted = of.prealloc !== undefined && of.allocated > of.prealloc && vm.tables.complete;
  if (result !== undefined && !counted) return;
  of.shortTold = true;
  const detail =
    of.prealloc === undefined
      ? 'no page for a table was left'
      : `${pagesText(of.prealloc)} set aside for tables, and at least ${Math.max(of.allocated, of.prealloc + 1)} are needed`;
  tell(context, {
    kind: 'pt_short',
    detail,
    certain: result === undefined,
    job: of.job,
    vm,
    op: undefined,
    step: undefined,
  });
}
