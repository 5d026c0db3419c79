// Page table calls, the flushes around them, and the runs that they are made in.
import { add, sub, type U64 } from '../../base/u64.ts';
import type { VmEvent } from '../../events/vm_event.ts';
import { type Place, placedSpan } from '../../mmu/compare.ts';
import type { MapResult, UnmapResult } from '../../mmu/result.ts';
import type { Context, Handlers } from '../context.ts';
import type { Job } from '../job.ts';
import { enterRun, leaveRun } from '../job_times.ts';
import { tell } from '../tell.ts';
import type { VmState } from '../vm_state.ts';
import { settle, tellShort } from './calls.ts';
import { deriveLists } from './derive.ts';
import { judgeJob, judgeRun } from './judge.ts';
import { hideEntries } from './resync.ts';
import { siteOf } from './site.ts';
import { type Changed, JobTables, rangeChanged } from './vm_tables.ts';
import { doubt, reach, splitAfterAll, takeBack, writeMap, writeUnmap } from './write.ts';

type TableMapRet = Extract<VmEvent, { kind: 'mmu_map_ret' }>;

export const tableHandlers: Handlers = {
  mmu_map(event, context) {
    settle(context);
    context.task.undo = undefined;
    const site = context.world.mmu === 'trace' ? siteOf(event, context) : undefined;
    if (site === undefined || event.length === 0) return;
    writeMap(context, site, event);
    context.world.watch?.call(context, site.step);
  },

  mmu_map_ret(event, context) {
    if (returnsUndone(event, context)) return;
    const run = context.task.tableRun;
    if (run?.event.kind !== 'mmu_map' || run.event.addr !== event.addr) return;
    context.world.watch?.returned(run, event.ret, event.mapped, context.where.line);
    const result = run.result as MapResult;
    const agrees = event.ret === undefined || (event.ret === 0) === (result.ret === 0);
    const mapped = Number(event.mapped ?? result.mapped);
    if (!agrees) doubt(run);
    if (mapped !== result.mapped) reach(run, mapped, context.where.line);
    if (mapped !== run.event.length) hideEntries(run.vm.tables, { addr: event.addr, range: run.event.length });
    if (event.ret !== undefined && event.ret !== 0 && run.of !== undefined) run.of.refused = true;
    settle(context);
  },

  mmu_unmap(event, context) {
    const { task, world } = context;
    const outer = task.tableRun;
    settle(context);
    const site = world.mmu === 'trace' ? siteOf(event, context) : undefined;
    if (site === undefined) return;
    if (event.length !== 0) {
      writeUnmap(context, site, event);
      world.watch?.call(context, site.step);
    }
    const within = outer?.event.kind === 'mmu_map' && outer.event.addr === event.addr;
    task.undo = within ? { map: outer, unmap: task.tableRun, undone: Number(event.length) } : undefined;
  },

  mmu_unmap_ret(event, context) {
    const run = context.task.tableRun;
    if (run?.event.kind !== 'mmu_unmap' || run.event.addr !== event.addr || event.unmapped === undefined) return;
    context.world.watch?.returned(run, undefined, event.unmapped, context.where.line);
    const result = run.result as UnmapResult;
    if (event.unmapped !== result.unmapped) {
      const unmapped = Number(event.unmapped);
      if (result.stop === 'block' && unmapped > result.unmapped) {
        const why = `an unmap of a part of a block succeeds at ${context.world.lines.name(context.where.line)}`;
        context.world.kernel.prove('splitsBlocks', true, why);
        splitAfterAll(run, context.where.line);
      } else if (run.wasKnown) {
        doubt(run);
        run.vm.tables.table?.forget(event.addr, 0, unmapped);
      }
    }
    if (!run.wasKnown && event.unmapped !== run.event.length)
      hideEntries(run.vm.tables, { addr: event.addr, range: run.event.length });
    if (context.task.undo === undefined) settle(context);
  },

  mmu_sparse(event, context) {
    const site = context.world.mmu === 'trace' ? siteOf(event, context) : undefined;
    const span = site && placedSpan(site.table, event.addr, event.length);
    if (site === undefined || span === undefined) return;
    context.world.watch?.sparse(context, site.vm, { addr: event.addr, range: event.length }, event.ref);
    if (event.ref) site.tables.sparse.add(span.addr, span.end);
    else site.tables.sparse.remove(span.addr, span.end);
    site.tables.invalid.remove(span.addr, span.end);
  },

  as_lock(event, context) {
    const { world } = context;
    const vm = world.vm(event.gpuvm);
    if (vm === undefined) return;
    const { tables } = vm;
    world.watch?.region(context, vm, 'as lock', event.addr, event.size);
    tables.locksRegions = true;
    world.hold(vm);
    const addr = Number(event.addr);
    const end = Number(add(event.addr, event.size));
    const { region } = tables;
    tables.region =
      region === undefined ? { addr, end } : { addr: Math.min(addr, region.addr), end: Math.max(end, region.end) };
  },

  as_unlock(event, context) {
    const { world } = context;
    const vm = world.vm(event.gpuvm);
    if (vm === undefined) return;
    const { tables } = vm;
    const { region } = tables;
    tables.region = undefined;
    if (region === undefined) return;
    world.watch?.region(context, vm, 'as unlock', region.addr, region.end - region.addr);
    tables.flushed(region.addr, region.end - region.addr);
  },

  tlb_flush(event, context) {
    const { world, task } = context;
    const vm = event.gpuvm === 0 ? (task.run?.vm ?? task.job?.vm) : world.vm(event.gpuvm);
    if (vm !== undefined) {
      // A driver that flushes ranges can lock them: panthor before it locked whole updates did so for the flush alone.
      if (event.size !== undefined) vm.tables.locksRegions = true;
      vm.tables.flushed(event.addr, event.size);
      world.watch?.flush(context, vm, event.addr, event.size);
    } else {
      for (const other of world.vms.values()) {
        other.tables.flushed(undefined, undefined);
        world.watch?.flush(context, other, undefined, undefined);
      }
    }
  },

  pt_prealloc(event, { world, task }) {
    if (task.job !== undefined) task.job.prealloc = undefined;
    const vm = event.gpuvm === 0 ? task.job?.vm : world.vm(event.gpuvm);
    if (vm !== undefined && task.job !== undefined) vm.tables.of(task.job).prealloc = event.count;
  },

  pt_prealloc_ret(event, { task, where }) {
    if (event.ret < 0 && task.job !== undefined) task.job.prealloc = { line: where.line, ret: event.ret };
  },

  pt_prealloc_free(event, context) {
    const { job } = context.task;
    if (job?.prealloc === undefined || event.remaining === 0) return;
    const { line, ret } = job.prealloc;
    const { count, remaining } = event;
    const evidence = [{ line, text: `setting them aside fails with ${ret}` }];
    tell(context, { kind: 'pt_unmade', count, remaining, evidence, absence: 'call' });
    job.prealloc = undefined;
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
    if (job !== undefined) {
      job.running = true;
      enterRun(context, job);
    }
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
    leaveRun(context, run?.of.job);
    if (run !== undefined) judgeRun(context, run);
  },
};

/** The return of a map that took back what it had written, by an unmap within it. */
function returnsUndone({ ret, addr }: TableMapRet, { task, world, where }: Context): boolean {
  const { undo } = task;
  task.undo = undefined;
  if (undo === undefined || undo.map.event.addr !== addr || ret === undefined || ret === 0) return false;
  takeBack(undo);
  world.watch?.returned(undo.map, ret, undefined, where.line);
  return true;
}

/** The tree was changed here: the tables have to follow. was, now: where a mapping leads that leaves it, or enters it. */
export function noteTreeChange(
  context: Context,
  vm: VmState,
  addr: U64,
  range: U64,
  { was, now }: { readonly was?: Place | undefined; readonly now?: Place } = {},
): void {
  if (context.world.mmu === 'off') return;
  const { tables } = vm;
  const { job } = context.task;
  const { line } = context.where;
  if (job?.vm === vm) {
    const { changed } = tables.of(job);
    const gone = now === undefined ? undefined : lastGone(changed);
    const isBack = gone !== undefined && now !== undefined && comesBack(gone, addr, range, now);
    const one = { addr, range, line, job, was, back: was === undefined ? undefined : [], isBack };
    changed.push(one);
    if (isBack) gone.back?.push(one);
  } else if (tables.table !== undefined) {
    tables.addLoose(rangeChanged(addr, range, line, undefined));
    hideEntries(tables, { addr, range });
  }
}

/** The mapping that left: before prev and next of a REMAP there is nothing else between. */
function lastGone(changed: readonly Changed[]): Changed | undefined {
  const last = changed.at(-1);
  if (last === undefined || last.was !== undefined) return last;
  const before = changed.at(-2);
  return before?.was === undefined ? undefined : before;
}

/** Does what enters lead where the same part of what left did? */
function comesBack({ addr, range, was }: Changed, from: U64, length: U64, now: Place): boolean {
  if (was?.obj !== now.obj || from < addr || add(from, length) > add(addr, range)) return false;
  return now.obj === 0 || sub(now.offset, was.offset) === sub(from, addr);
}

/** A job is over; where the tables follow at once, so are its writes. */
export function closeTables(context: Context, job: Job): void {
  if (context.world.mmu === 'off' || job.vm === undefined) return;
  settle(context);
  // Without the driver's frame around them nobody knows when its ops lists are carried out.
  if (job.implicit && job.ops.some((op) => op.list.length > 0)) job.vm.tables.doubt();
  if (context.world.mmu === 'derive') deriveLists(context, job, job.vm);
  judgeJob(context, job, job.vm);
}
