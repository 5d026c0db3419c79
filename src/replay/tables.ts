// Page table calls: what they do to the entries, and what a correct driver would not have asked for.
import type { U64 } from '../base/u64.ts';
import type { TableMap, TableUnmap, VmEvent } from '../events/vm_event.ts';
import { type Place, placedSpan } from '../mmu/compare.ts';
import type { PageTable } from '../mmu/pgtable.ts';
import type { MapResult, UnmapResult } from '../mmu/result.ts';
import { advance, NULL_TARGET, type Run, type Target } from '../mmu/run.ts';
import type { Context, Handlers } from './context.ts';
import type { Job } from './job.ts';
import { placeIn, pteTarget } from './memory.ts';
import { settle, tellBlock, tellHole, tellOverrun, tellOverwrite, tellShort, tellTransient } from './table_calls.ts';
import { judgeJob, judgeRun } from './table_judge.ts';
import type { VmState } from './vm_state.ts';
import { JobTables, type TableStep, type VmTables } from './vm_tables.ts';

/** A table call while it runs: its effect is taken as the model gives it until its return says otherwise. */
export interface TableRun {
  readonly event: TableMap | TableUnmap;
  readonly vm: VmState;
  readonly of: JobTables | undefined;
  readonly target: Target;
  readonly result: MapResult | UnmapResult;
  /** What is to be said about it, unless its return contradicts. */
  readonly say: (() => void)[];
}

/** Where a table call belongs. */
export interface TableCallSite {
  readonly vm: VmState;
  readonly tables: VmTables;
  readonly table: PageTable;
  /** The job whose writes these are; undefined outside of any. */
  readonly of: JobTables | undefined;
  readonly job: Job | undefined;
  /** The step callback that it is made in. */
  readonly step: TableStep | undefined;
}

type AnyCall = Extract<VmEvent, { code: unknown }>;

/** The VM of a call: as shown, as its table showed before, or the VM of the job that the task is in. */
function vmOf(event: AnyCall, { world, task }: Context): VmState | undefined {
  if (event.gpuvm !== 0) return world.vm(event.gpuvm);
  const own = task.run?.vm ?? task.job?.vm;
  if (event.table === 0) return own;
  if (own !== undefined) world.tableVms.set(event.table, own.id);
  const known = world.tableVms.get(event.table);
  return known === undefined ? undefined : world.vms.get(known);
}

function siteOf(event: AnyCall, context: Context): TableCallSite | undefined {
  const { task } = context;
  const vm = vmOf(event, context);
  // A table is written through one layer of calls: the outermost is met first, those that it makes itself say the same.
  if (vm === undefined || (vm.tables.code !== undefined && vm.tables.code !== event.code)) return undefined;
  // The IOMMU core's tracepoints tell neither device nor domain: only what a step of the job asks for is taken for its own.
  if (event.code === 'iommu' && !isAskedFor(event, context, vm)) return undefined;
  // The table's bounds are the VM's.
  if (event.code === 'lab' && !vm.initKnown) return undefined;
  const { tables } = vm;
  const table = tables.open(event.code, vm.init);
  let of: JobTables | undefined;
  let job: Job | undefined;
  if (task.run?.vm === vm) {
    tables.clock = 'run';
    of = task.run.of;
    job = of.job;
  } else if (task.job?.vm === vm && tables.clock !== 'run') {
    tables.clock = 'apply';
    job = task.job;
    of = tables.of(job);
  }
  if (of !== undefined) of.wrote = true;
  const step = task.step === undefined || task.run !== undefined ? undefined : of?.steps.at(-1);
  return { vm, tables, table, of, job, step };
}

function isAskedFor({ addr }: AnyCall, { task }: Context, vm: VmState): boolean {
  const { run, job } = task;
  const of = run?.vm === vm ? run.of : job === undefined ? undefined : vm.tables.jobs.get(job);
  return of?.steps.some((step) => contains(step, addr)) === true;
}

/** The place in an object that a map call is made for, as the steps of its job tell. */
function claimOf(event: TableMap, site: TableCallSite): Place | undefined {
  const { vm, of, step } = site;
  const va = event.va === 0 ? undefined : vm.tree.get(event.va);
  if (va !== undefined && va.addr <= event.addr) return placeIn(va, event.addr);
  if (step !== undefined) return placeOfStep(step, event.addr);
  const map = of?.steps.find((one) => !one.mapped && one.view.type === 'map' && contains(one, event.addr));
  if (map === undefined) return undefined;
  map.mapped = true;
  return placeOfStep(map, event.addr);
}

function contains({ view }: TableStep, addr: U64): boolean {
  return (
    view.addr !== undefined && view.range !== undefined && view.addr <= addr && addr < endOf(view.addr, view.range)
  );
}

function endOf(addr: U64, range: U64): U64 {
  return typeof addr === 'number' && typeof range === 'number' ? addr + range : BigInt(addr) + BigInt(range);
}

function placeOfStep({ view }: TableStep, addr: U64): Place | undefined {
  const { addr: start, obj, offset } = view;
  if (start === undefined || obj === undefined || offset === undefined || start > addr) return undefined;
  return placeIn({ addr: start, obj, offset }, addr);
}

/** The target of a call in the replay's terms; undefined where the probe does not show it. */
function targetOf(event: TableMap, claim: Place | undefined): Target | undefined {
  const { to, va } = event;
  if (to === undefined) {
    if (va === 0 || claim === undefined) return undefined;
    return claim.obj === 0 ? NULL_TARGET : { kind: 'obj', obj: claim.obj, offset: claim.offset };
  }
  switch (to.kind) {
    case 'pte':
      return pteTarget(to.pte);
    case 'mem':
      return { kind: 'obj', obj: to.mem, offset: to.offset };
    case 'phys':
      return { kind: 'phys', addr: to.addr };
    case 'null':
      return NULL_TARGET;
  }
}

function learn(context: Context, target: Target, claim: Place | undefined, event: TableMap): void {
  const { memory, vms } = context.world;
  if (claim === undefined || claim.obj === 0) return;
  if (target.kind === 'obj') memory.learnHandle(target.obj, claim.obj);
  if (target.kind !== 'phys') return;
  const inUse = (from: number, to: number): boolean => {
    for (const vm of vms.values()) if (pointsInto(vm.tables.table, from, to)) return true;
    return false;
  };
  memory.learnPhys(target.addr, Number(event.length), claim, context.where.line, inUse);
}

/** Does a leaf of the table point into [from, to)? Asked only where two mappings contradict each other. */
function pointsInto(table: PageTable | undefined, from: number, to: number): boolean {
  for (const { target, addr, end } of table?.runs() ?? []) {
    if (target.kind === 'phys' && target.addr < to && endOf(target.addr, end - addr) > from) return true;
  }
  return false;
}

export const tableHandlers: Handlers = {
  mmu_map(event, context) {
    const { world, task, where } = context;
    settle(context);
    const site = world.mmu === 'trace' ? siteOf(event, context) : undefined;
    if (site === undefined || event.length === 0) return;
    const { vm, tables, table, of } = site;
    const claim = claimOf(event, site);
    const target = targetOf(event, claim);
    if (target === undefined) tables.targetsShown = false;
    else learn(context, target, claim, event);
    const say: TableRun['say'] = [];
    tellOverrun(context, site, event, say);
    const count = event.pgsize > 0 ? Number(event.length) / event.pgsize : 0;
    const how = { line: where.line, pageSizes: tables.traits?.pageSizes };
    const written = target ?? NULL_TARGET;
    const result =
      event.pgsize > 0
        ? table.map(event.addr, event.pgsize, count, written, how)
        : table.mapRange(event.addr, event.length, written, how);
    tables.changed(result.gone, where.line);
    const span = placedSpan(table, event.addr, result.mapped);
    if (span !== undefined) {
      tables.evicted.remove(span.addr, span.end);
      tables.invalid.remove(span.addr, span.end);
      if (of?.hasGone) tellTransient(context, site, span, say);
    }
    noteChanged(context, site, event);
    tellOverwrite(context, site, event, result, say);
    tellShort(context, site, result);
    task.tableRun = { event, vm, of, target: written, result, say };
  },

  mmu_map_ret(event, context) {
    const run = context.task.tableRun;
    if (run?.event.kind !== 'mmu_map' || run.event.addr !== event.addr) return;
    const result = run.result as MapResult;
    const agrees = event.ret === undefined || (event.ret === 0) === (result.ret === 0);
    const mapped = Number(event.mapped ?? result.mapped);
    if (!agrees) doubt(run);
    if (mapped !== result.mapped) reach(run, mapped, context.where.line);
    if (event.ret !== undefined && event.ret !== 0 && run.of !== undefined) run.of.refused = true;
    settle(context);
  },

  mmu_unmap(event, context) {
    const { world, task, where } = context;
    settle(context);
    world.unmapsShow();
    const site = world.mmu === 'trace' ? siteOf(event, context) : undefined;
    if (site === undefined || event.length === 0) return;
    const { vm, tables, table, of } = site;
    const say: TableRun['say'] = [];
    const count = event.pgsize > 0 ? Number(event.length) / event.pgsize : 0;
    const how = { line: where.line, pageSizes: tables.traits?.pageSizes };
    const result =
      event.pgsize > 0
        ? table.unmap(event.addr, event.pgsize, count, how)
        : table.unmapRange(event.addr, event.length, how);
    tables.changed(result.gone, where.line);
    noteGone(context, site, event, result.gone);
    tellOverrun(context, site, event, say, result.gone);
    const span = placedSpan(table, event.addr, event.length);
    if (span !== undefined) {
      if (of === undefined) evict(context, tables, result.gone);
      for (const { addr, end } of [...tables.sparse.overlaps(span.addr, span.end)]) {
        const from = Math.max(addr, span.addr);
        const to = Math.min(end, span.end);
        if (event.sparse) tables.invalid.remove(from, to);
        else tables.invalid.add(from, to);
      }
    }
    noteChanged(context, site, event);
    if (result.stop === 'hole') tellHole(context, site, event, result, say);
    else if (result.stop === 'block') tellBlock(context, site, event, result, say);
    task.tableRun = { event, vm, of, target: NULL_TARGET, result, say };
  },

  mmu_unmap_ret(event, context) {
    const run = context.task.tableRun;
    if (run?.event.kind !== 'mmu_unmap' || run.event.addr !== event.addr || event.unmapped === undefined) return;
    const result = run.result as UnmapResult;
    if (event.unmapped !== result.unmapped) {
      const unmapped = Number(event.unmapped);
      if (result.stop === 'block' && unmapped > result.unmapped) {
        splitAfterAll(run, context.where.line);
      } else {
        doubt(run);
        run.vm.tables.table?.forget(event.addr, 0, unmapped);
      }
    }
    settle(context);
  },

  mmu_sparse(event, context) {
    const site = context.world.mmu === 'trace' ? siteOf(event, context) : undefined;
    const span = site && placedSpan(site.table, event.addr, event.length);
    if (site === undefined || span === undefined) return;
    if (event.ref) site.tables.sparse.add(span.addr, span.end);
    else site.tables.sparse.remove(span.addr, span.end);
    site.tables.invalid.remove(span.addr, span.end);
  },

  as_lock(event, { world }) {
    const tables = world.vm(event.gpuvm)?.tables;
    if (tables === undefined) return;
    tables.locksRegions = true;
    const addr = Number(event.addr);
    const end = Number(endOf(event.addr, event.size));
    const { region } = tables;
    tables.region =
      region === undefined ? { addr, end } : { addr: Math.min(addr, region.addr), end: Math.max(end, region.end) };
  },

  as_unlock(event, { world }) {
    const tables = world.vm(event.gpuvm)?.tables;
    if (tables === undefined) return;
    const { region } = tables;
    tables.region = undefined;
    if (region !== undefined) tables.flushed(region.addr, region.end - region.addr);
  },

  tlb_flush(event, { world, task }) {
    const vm = event.gpuvm === 0 ? (task.run?.vm ?? task.job?.vm) : world.vm(event.gpuvm);
    if (vm !== undefined) {
      // A driver that flushes ranges can lock them: panthor before it locked whole updates did so for the flush alone.
      if (event.size !== undefined) vm.tables.locksRegions = true;
      vm.tables.flushed(event.addr, event.size);
    } else {
      for (const other of world.vms.values()) other.tables.flushed(undefined, undefined);
    }
  },

  pt_prealloc(event, { world, task }) {
    const vm = event.gpuvm === 0 ? task.job?.vm : world.vm(event.gpuvm);
    if (vm !== undefined && task.job !== undefined) vm.tables.of(task.job).prealloc = event.count;
  },

  pt_alloc_ret(event, context) {
    const { run, job } = context.task;
    const of = run?.of ?? (job?.vm === undefined ? undefined : job.vm.tables.of(job));
    if (event.page === 0) tellShort(context, { of, vm: run?.vm ?? job?.vm }, undefined);
  },

  run(event, context) {
    const { world, task } = context;
    settle(context);
    const known = world.jobsByPtr.get(event.job) ?? world.toRun.get(event.job);
    world.toRun.delete(event.job);
    const job =
      known !== undefined && (event.id === undefined || !known.idKnown || event.id === known.id) ? known : undefined;
    const vm = world.vm(event.gpuvm) ?? job?.vm;
    if (vm === undefined) return;
    // The entries that a job writes whose ioctl was not seen are known, what they are for is not.
    const of = job?.vm === vm ? vm.tables.of(job) : undefined;
    task.run = { vm, of: of ?? new JobTables(undefined), line: context.where.line };
  },

  run_ret(_event, context) {
    const { task } = context;
    settle(context);
    const { run } = task;
    task.run = undefined;
    if (run !== undefined) judgeRun(context, run);
  },
};

/** Entries that are cleared: they may come back in the same job. */
function noteGone(context: Context, site: TableCallSite, call: TableUnmap, gone: readonly Run[]): void {
  const { tables, of, step } = site;
  if (of === undefined) return;
  const { region } = tables;
  for (const run of gone) {
    const { addr, end } = run;
    of.gone.clear(addr, end);
    const locked = region !== undefined && region.addr <= addr && end <= region.end;
    of.gone.put({ addr, end, run, call, step, line: context.where.line, locked });
  }
}

function noteChanged({ where }: Context, { tables, of }: TableCallSite, { addr, length }: TableMap | TableUnmap): void {
  (of?.changed ?? tables.loose).push({ addr, range: length, line: where.line });
}

/** The call did not end as the model says: the entries were not those that were followed. */
function doubt({ vm, say }: TableRun): void {
  say.length = 0;
  vm.tables.complete = false;
}

/** So much was mapped: a map that is refused may have come further than io-pgtable's own, which looks ahead. */
function reach({ event, vm, target, result }: TableRun, mapped: number, line: number): void {
  const { table } = vm.tables;
  const modelled = (result as MapResult).mapped;
  if (mapped < modelled) table?.forget(event.addr, mapped, modelled);
  if (mapped <= modelled) return;
  const rest = advance(target, modelled);
  const from = endOf(event.addr, modelled);
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
function splitAfterAll({ event, vm, say }: TableRun, line: number): void {
  say.length = 0;
  const { table } = vm.tables;
  table?.learnSplit();
  table?.unmap(event.addr, event.pgsize, Number(event.length) / event.pgsize, { line });
}

/** The tree was changed here: the tables have to follow. */
export function noteTreeChange(context: Context, vm: VmState, addr: U64, range: U64): void {
  if (context.world.mmu === 'off') return;
  const { tables } = vm;
  const { job } = context.task;
  const { line } = context.where;
  if (job?.vm === vm) tables.of(job).changed.push({ addr, range, line });
  else if (tables.table !== undefined) tables.loose.push({ addr, range, line });
}

/** A job is over; where the tables follow at once, so are its writes. */
export function closeTables(context: Context, job: Job): void {
  if (context.world.mmu === 'off' || job.vm === undefined) return;
  settle(context);
  judgeJob(context, job, job.vm);
}
