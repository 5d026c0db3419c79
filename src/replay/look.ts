// What stands at one address of a VM at the present moment: the walk of its page table, its mapping in the VA space, and
// what explains a difference between the two.
import { add, addWrapped, sub, type U64 } from '../base/u64.ts';
import { type Gpuva, UNKNOWN_OBJ } from '../gpuvm/gpuva.ts';
import { faultsIn } from '../mmu/compare.ts';
import { granule } from '../mmu/format.ts';
import { READ, type Run, sliceRun, type Target, WRITE } from '../mmu/run.ts';
import type { SpanSet } from '../mmu/span_map.ts';
import type { Held } from '../mmu/tlb.ts';
import type { WalkStep } from '../mmu/walk.ts';
import type { Job } from './job.ts';
import { placeIn } from './tables/index.ts';
import type { VmState } from './vm_state.ts';
import type { WatchPlace } from './watch.ts';
import type { World } from './world.ts';

/**
 * both: they lead to the same place. neither: nothing is mapped. missing: the VA space maps it and no entry does. stale:
 * an entry does and the VA space does not. wrong: they lead to different places. unknown: the page table is not known.
 */
export type Agreement = 'both' | 'neither' | 'missing' | 'stale' | 'wrong' | 'unknown';

/** One entry of the walk. */
export interface LookStep {
  readonly step: WalkStep;
  /** Where the entry leads at this very address; undefined for a table and a hole. */
  readonly place: WatchPlace | undefined;
  /** `rw`, `r-` or `-w`; undefined for a table and a hole, and where the map calls do not show it. */
  readonly rights: string | undefined;
}

/** A translation that the table does not give any more and that no flush has covered. */
export interface LookHeld {
  readonly held: Held;
  readonly place: WatchPlace | undefined;
}

export interface Look {
  readonly vm: VmState;
  readonly addr: U64;
  /** Root first; empty where no table call was seen, or the table has no entry for the address. */
  readonly steps: readonly LookStep[];
  readonly va: Gpuva | undefined;
  /** Where the VA space leads at this very address. */
  readonly place: WatchPlace | undefined;
  readonly agreement: Agreement;
  readonly held: readonly LookHeld[];
  /** Jobs that changed the address and whose table writes are not over, oldest first. */
  readonly late: readonly Job[];
  /** In a sparse region, whose unmapped parts read as zero; invalid: this part was made to fault. */
  readonly sparse: boolean;
  readonly invalid: boolean;
  /** Torn down outside of any job, although still mapped. */
  readonly evicted: boolean;
  /** The GPU is locked out of the address for now. */
  readonly locked: boolean;
  /** In the kernel's reserved node, which no bind may touch. */
  readonly reserved: boolean;
  /** What the VA space has there is known, and with it what the page table has there. */
  readonly spaceKnown: boolean;
  readonly tableKnown: boolean;
}

/** callsShown: page table calls are probed, so that a VM without any has an empty table. */
export function lookAt(world: World, vm: VmState, addr: U64, callsShown = world.seen.has('mmu_map')): Look {
  const { tables } = vm;
  const { table } = tables;
  const at = table?.place(addr);
  const va = vm.mappingAt(addr);
  const steps = (table?.walk(addr) ?? []).map((step) => ({
    step,
    place: step.leaf && placeOf(world, vm, step.leaf, addr),
    rights: step.leaf && tables.rightsShown ? rightsOf(step.leaf) : undefined,
  }));
  const isIn = (set: SpanSet) => at !== undefined && set.at(at) !== undefined;
  const spaceKnown = vm.known.has(addr, 1, vm.version);
  const isFollowed = table !== undefined || callsShown;
  const isShown =
    table !== undefined && at !== undefined && tables.known.has({ addr: at, end: at + granule(table.format) });
  const { region } = tables;
  const { kernelStart, kernelRange } = vm.init;
  return {
    vm,
    addr,
    steps,
    va,
    place: va && vaPlace(va, addr),
    agreement: agreementAt(world, vm, { at, va, callsShown }),
    held: (tables.tlb?.staleAt(addr) ?? []).map((held) => ({ held, place: placeOf(world, vm, held.was, addr) })),
    late: table === undefined && !callsShown ? [] : lateJobs(tables, addr),
    sparse: isIn(tables.sparse),
    invalid: isIn(tables.invalid),
    evicted: isIn(tables.evicted),
    locked: at !== undefined && region !== undefined && region.addr <= at && at < region.end,
    reserved: kernelStart <= addr && addr < add(kernelStart, kernelRange),
    spaceKnown,
    tableKnown: spaceKnown && (tables.complete ? isFollowed && vm.known.unbroken : isShown),
  };
}

function rightsOf({ prot }: Run): string {
  return `${prot & READ ? 'r' : '-'}${prot & WRITE ? 'w' : '-'}`;
}

function lateJobs({ jobs }: VmState['tables'], addr: U64): Job[] {
  return [...jobs.values()].flatMap((of) => (of.job !== undefined && of.writesAt(addr) ? [of.job] : []));
}

function vaPlace(va: Gpuva, addr: U64): WatchPlace {
  if (va.obj === UNKNOWN_OBJ) return { obj: undefined, offset: undefined, phys: undefined };
  if (va.obj === 0) return { obj: 0, offset: undefined, phys: undefined };
  return { ...placeIn(va, addr), phys: undefined };
}

interface Compared {
  readonly at: number | undefined;
  readonly va: Gpuva | undefined;
  readonly callsShown: boolean;
}

function agreementAt(world: World, vm: VmState, { at, va, callsShown }: Compared): Agreement {
  const { table, targetsShown } = vm.tables;
  if (table === undefined) {
    if (!callsShown) return 'unknown';
    return va === undefined ? 'neither' : 'missing';
  }
  if (at === undefined) return 'unknown';
  const placed = (target: Target) => (targetsShown ? world.memory.placeOf(target) : undefined);
  const vas = va === undefined ? [] : [va];
  for (const fault of faultsIn(vas, table, at, at + granule(table.format), placed))
    if (fault.kind !== 'wrong' || targetsShown) return fault.kind;
  return va === undefined ? 'neither' : 'both';
}

/** Where a leaf leads at addr, in the objects' terms as far as they are known. */
function placeOf(world: World, vm: VmState, leaf: Run, addr: U64): WatchPlace | undefined {
  const { table, targetsShown } = vm.tables;
  const at = table?.place(addr);
  if (!targetsShown || table === undefined || at === undefined) return undefined;
  const { target } = sliceRun(leaf, at, leaf.end);
  if (target.kind === 'null') return { obj: 0, offset: undefined, phys: undefined };
  const known = world.memory.placeOf(target);
  const within = Number(BigInt(sub(addr, table.format.base)) % BigInt(granule(table.format)));
  return {
    obj: known?.obj,
    offset: known && addWrapped(known.offset, within),
    phys: target.kind === 'phys' ? addWrapped(target.addr, within) : undefined,
  };
}
