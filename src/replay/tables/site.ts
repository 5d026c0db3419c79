// Where a page table call belongs: the VM, the job whose writes it is part of, and the memory that it is made for.
import type { U64 } from '../../base/u64.ts';
import { add } from '../../base/u64.ts';
import type { TableMap, VmEvent } from '../../events/vm_event.ts';
import type { Place } from '../../mmu/compare.ts';
import type { PageTable } from '../../mmu/pgtable.ts';
import { NULL_TARGET, type Target } from '../../mmu/run.ts';
import type { Context } from '../context.ts';
import type { Job } from '../job.ts';
import type { VmState } from '../vm_state.ts';
import { placeIn } from './memory.ts';
import type { JobTables, TableStep, VmTables } from './vm_tables.ts';

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
  if (own !== undefined) world.bindTable(event.table, own);
  return world.vmOfTable(event.table);
}

export function siteOf(event: AnyCall, context: Context): TableCallSite | undefined {
  const { task } = context;
  const vm = vmOf(event, context);
  // A table is written through one layer of calls: the outermost is met first, those that it makes itself say the same.
  if (vm === undefined || (vm.tables.code !== undefined && vm.tables.code !== event.code)) return undefined;
  // The IOMMU core's tracepoints tell neither device nor domain: only what a step of the job asks for is taken for its own.
  if (event.code === 'iommu' && !isAskedFor(event, context, vm)) return undefined;
  context.world.hold(vm);
  const { tables } = vm;
  const table = tables.open(event.code, vm.init, context.world.kernel);
  let of: JobTables | undefined;
  let job: Job | undefined;
  if (task.run?.vm === vm) {
    tables.clock = 'run';
    of = task.run.of;
    job = of.job;
  } else if (tables.traits?.written.is === 'run') {
    tables.clock = 'run';
  } else if (task.job?.vm === vm && tables.clock !== 'run') {
    tables.clock = 'apply';
    job = task.job;
    of = tables.of(job);
  }
  const step = task.step === undefined || task.run !== undefined ? undefined : of?.steps.at(-1);
  return { vm, tables, table, of, job, step };
}

function isAskedFor({ addr }: AnyCall, { task }: Context, vm: VmState): boolean {
  const { run, job } = task;
  const of = run?.vm === vm ? run.of : job === undefined ? undefined : vm.tables.jobs.get(job);
  return of?.steps.some((step) => contains(step, addr)) === true;
}

/** The place in an object that a map call is made for, as the steps of its job tell. */
export function claimOf(event: TableMap, site: TableCallSite): Place | undefined {
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
  return view.addr !== undefined && view.range !== undefined && view.addr <= addr && addr < add(view.addr, view.range);
}

function placeOfStep({ view }: TableStep, addr: U64): Place | undefined {
  const { addr: start, obj, offset } = view;
  if (start === undefined || obj === undefined || offset === undefined || start > addr) return undefined;
  return placeIn({ addr: start, obj, offset }, addr);
}

/** The target of a call in the replay's terms; undefined where the probe does not show it. */
export function targetOf(event: TableMap, claim: Place | undefined): Target | undefined {
  const { to, va } = event;
  if (to === undefined) {
    if (va === 0 || claim === undefined) return undefined;
    return claim.obj === 0 ? NULL_TARGET : { kind: 'obj', obj: claim.obj, offset: claim.offset };
  }
  switch (to.kind) {
    case 'mem':
      return { kind: 'obj', obj: to.mem, offset: to.offset };
    case 'phys':
      return { kind: 'phys', addr: to.addr };
    case 'null':
      return NULL_TARGET;
  }
}

export function learn(context: Context, target: Target, claim: Place | undefined, event: TableMap): void {
  const { memory, vms } = context.world;
  if (claim === undefined || claim.obj === 0) return;
  if (target.kind === 'obj') memory.learnHandle(target.obj, claim.obj);
  if (target.kind !== 'phys') return;
  const inUse = (from: number, to: number): boolean => {
    for (const vm of vms.values()) if (pointsInto(vm.tables.table, from, to)) return true;
    return false;
  };
  memory.learnPhys(target.addr, Number(event.length), claim, inUse);
}

/** Does a leaf of the table point into [from, to)? Asked only where two mappings contradict each other. */
function pointsInto(table: PageTable | undefined, from: number, to: number): boolean {
  for (const { target, addr, end } of table?.runs() ?? []) {
    if (target.kind === 'phys' && target.addr < to && add(target.addr, end - addr) > from) return true;
  }
  return false;
}
