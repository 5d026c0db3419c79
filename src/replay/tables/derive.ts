// Page tables where the trace shows no table calls: what the driver's steps call for, written as its table code would.
import { add, sub, type U64 } from '../../base/u64.ts';
import type { DriverTables } from '../../drivers/driver.ts';
import { driverOf } from '../../drivers/index.ts';
import type { TableTarget, TableUnmap, Where } from '../../events/vm_event.ts';
import { floorTo, SZ_4K } from '../../mmu/format.ts';
import type { PageTable } from '../../mmu/pgtable.ts';
import { advance, type Target } from '../../mmu/run.ts';
import type { Context } from '../context.ts';
import type { Job } from '../job.ts';
import type { VmState } from '../vm_state.ts';
import { type Extent, isLeftAlone, settle, tellWidened } from './calls.ts';
import type { TableCallSite } from './site.ts';
import type { JobTables, TableStep } from './vm_tables.ts';
import { writeMap, writeUnmap } from './write.ts';

/** A step callback returned 0: writes what its driver would have. */
export function deriveStep(context: Context, job: Job, vm: VmState): void {
  const of = vm.tables.jobs.get(job);
  const step = of?.steps.at(-1);
  if (of !== undefined && step !== undefined) derive(context, job, vm, of, [step]);
}

/** A job is over whose driver carries out ops lists: writes what they call for. */
export function deriveLists(context: Context, job: Job, vm: VmState): void {
  const of = vm.tables.jobs.get(job);
  if (of === undefined || context.world.seen.has('step')) return;
  const failed = job.ret !== undefined && job.ret !== 0;
  if (!failed) derive(context, job, vm, of, of.steps);
}

function derive(context: Context, job: Job, vm: VmState, of: JobTables, steps: readonly TableStep[]): void {
  const driver = driverOf(job)?.tables;
  if (driver === undefined || !vm.initKnown) return;
  const table = vm.tables.open(driver.code, vm.init, context.world.kernel);
  vm.tables.clock = 'apply';
  for (const step of steps) {
    const site: TableCallSite = { vm, tables: vm.tables, table, of, job, step };
    writeStep({ ...context, where: atStep(context.where, step) }, site, step, driver);
  }
}

function atStep(where: Where, { view }: TableStep): Where {
  return { line: view.line, pid: where.pid, cpu: where.cpu, time: () => where.time(), comm: () => where.comm() };
}

function writeStep(context: Context, site: TableCallSite, step: TableStep, driver: DriverTables): void {
  const { addr, range, type } = step.view;
  if (addr === undefined || range === undefined) return;
  const end = add(addr, range);
  if (type === 'map') {
    if (!staysInPlace(site, step)) put(context, site, driver, targetOf(step), addr, end);
  } else if (type === 'unmap') {
    if (!isLeftAlone(site, step)) clear(context, site, driver, addr, end);
  } else if (type === 'remap' && !isLeftAlone(site, step)) {
    writeRemap(context, site, step, driver, addr, end);
  }
}

/** The UNMAP before it, of the very same mapping, was left undone. */
function staysInPlace(site: TableCallSite, step: TableStep): boolean {
  if (site.tables.traits?.keep.is !== 'in place') return false;
  const before = site.of?.steps[(site.of?.steps.indexOf(step) ?? 0) - 1];
  return before !== undefined && before.op === step.op && isLeftAlone(site, before);
}

function writeRemap(
  context: Context,
  site: TableCallSite,
  step: TableStep,
  driver: DriverTables,
  addr: U64,
  end: U64,
): void {
  const { op } = step;
  if (op?.addr === undefined || op.range === undefined) return;
  const gap = { addr: larger(op.addr, addr), end: smaller(add(op.addr, op.range), end) };
  const gone = goneWith(context, site, gap, addr, end);
  const old = site.table.at(addr);
  clear(context, site, driver, gone.addr, gone.end);
  if (old === undefined) return;
  const back = (from: U64, to: U64) => {
    const target = advance(old.target, Number(sub(from, addr)) + Number(addr) - old.addr);
    put(context, site, driver, asWritten(target), from, to);
  };
  if (gone.addr < gap.addr) back(gone.addr, gap.addr);
  if (gone.end > gap.end) back(gap.end, gone.end);
}

/** What goes with the gap of a REMAP: all of the old mapping, or the rest of the blocks that the gap begins and ends in. */
function goneWith(context: Context, site: TableCallSite, gap: Extent, addr: U64, end: U64): Extent {
  const { tables, table } = site;
  if (tables.traits?.remap.is === 'whole') return { addr, end };
  if (tables.traits?.remap.is !== 'blocks' || context.world.kernel.get('splitsBlocks') === true) return gap;
  const first = blockAt(table, gap.addr);
  const last = blockAt(table, sub(gap.end, SZ_4K));
  const gone = { addr: larger(first?.addr ?? gap.addr, addr), end: smaller(last?.end ?? gap.end, end) };
  if (gone.addr < gap.addr || gone.end > gap.end) tellWidened(context, site, gap, gone);
  return gone;
}

/** The leaf at an address, where it is larger than a page. */
function blockAt(table: PageTable, addr: U64): Extent | undefined {
  const run = table.at(addr);
  if (run === undefined || run.pgsize === SZ_4K) return undefined;
  const start = floorTo(addr, run.pgsize);
  return { addr: start, end: start + run.pgsize };
}

function larger(a: U64, b: U64): U64 {
  return a > b ? a : b;
}

function smaller(a: U64, b: U64): U64 {
  return a < b ? a : b;
}

function targetOf({ view }: TableStep): TableTarget | undefined {
  if (view.obj === 0) return { kind: 'null' };
  return view.obj === undefined ? undefined : { kind: 'mem', mem: view.obj, offset: view.offset ?? 0 };
}

function asWritten(target: Target): TableTarget | undefined {
  if (target.kind === 'null') return target;
  return target.kind === 'obj' ? { kind: 'mem', mem: target.obj, offset: target.offset } : undefined;
}

function put(
  context: Context,
  site: TableCallSite,
  driver: DriverTables,
  to: TableTarget | undefined,
  addr: U64,
  end: U64,
): void {
  writeMap(
    context,
    site,
    { kind: 'mmu_map', ...call(site, driver, addr, end), prot: undefined, va: 0, to },
    driver.leaves,
  );
  settle(context);
}

function clear(context: Context, site: TableCallSite, driver: DriverTables, addr: U64, end: U64): void {
  writeUnmap(context, site, { kind: 'mmu_unmap', ...call(site, driver, addr, end), sparse: false }, driver.leaves);
  settle(context);
}

function call({ vm }: TableCallSite, { code }: DriverTables, addr: U64, end: U64): Omit<TableUnmap, 'kind' | 'sparse'> {
  return { code, gpuvm: vm.id, table: 0, addr, length: sub(end, addr), pgsize: 0 };
}
