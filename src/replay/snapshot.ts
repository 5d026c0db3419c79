// A dump of the VMs at one moment of the trace: those that events went missing of, or that were made before the trace
// began, are known whole from there on.
import { ptrHex } from '../base/u64.ts';
import type { VmDump } from '../events/vm_dump.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { Context } from './context.ts';
import { describeDifference, differences } from './dump_differences.ts';
import { describeDump, isAlike, isFollowed, partnersOf } from './dump_partners.ts';
import type { VmState } from './vm_state.ts';
import type { World } from './world.ts';

/** VMs named in one note. */
const MOST_NAMED = 8;

/** What could not be taken is returned, in words. */
export function restoreVms(context: Context, dumps: readonly VmDump[]): string[] {
  const { world } = context;
  const notes: string[] = [];
  const useful: VmDump[] = [];
  for (const dump of dumps) {
    const why = uselessness(dump);
    if (why === undefined) useful.push(dump);
    else notes.push(`${describeDump(dump)}: ${why}`);
  }
  const partners = partnersOf(world, useful, (vm, dump) => canBe(world, vm, dump));
  const left = new Set(world.vms.values());
  for (const [dump, vm] of partners) {
    if (vm === undefined) {
      meet(context, dump);
      continue;
    }
    left.delete(vm);
    const why = contradiction(world, vm, dump);
    if (why !== undefined) notes.push(`${describeDump(dump)} is not VM ${ptrHex(vm.id)} as the trace shows it: ${why}`);
    else if (!vm.complete && isShown(world, vm)) restore(context, vm, dump);
  }
  const unpaired = [...partners].flatMap(([dump, vm]) => (vm === undefined && dump.gpuvm === 0 ? [dump] : []));
  // One that is known whole need not be there: debugfs shows the VMs of one device.
  const amiss = [...left].filter((vm) => !vm.complete || unpaired.some((dump) => isAlike(vm, dump)));
  if (world.vms.size === 0) notes.push('the trace shows no VM before that moment');
  if (amiss.length > 0) notes.push(`${namesOf(amiss)}: none of the VMs there, or one of several`);
  return notes;
}

function uselessness({ whole, mappings }: VmDump): string | undefined {
  if (!whole) return 'not all of it is shown there';
  // No step that meets one finds it by its range.
  return mappings.some(({ range }) => range === 0) ? 'it has a mapping without length' : undefined;
}

function namesOf(vms: readonly VmState[]): string {
  const names = vms.slice(0, MOST_NAMED).map(({ id }) => ptrHex(id));
  const more = vms.length - names.length;
  return `VM ${names.join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
}

/** May a dump without a pointer be of that VM? What is known of it says no, or its name and bounds do. */
function canBe(world: World, vm: VmState, dump: VmDump): boolean {
  const isNamed = vm.line > 0 || vm.dump?.bounds !== undefined;
  return (!isNamed || isAlike(vm, dump)) && contradiction(world, vm, dump) === undefined;
}

/** Will the trace show what becomes of the tree? That it did not in its beginning need not mean that it never does. */
function isShown({ seen }: World, vm: VmState): boolean {
  return vm.treeShown || (seen.has('removal in a step') && [...vm.tree].some(({ line }) => line > 0));
}

/** Where the dump differs from what is known of the VM. */
function contradiction(world: World, vm: VmState, dump: VmDump): string | undefined {
  if (vm.complete && !isFollowed(world, vm)) return undefined;
  const different = differences(world.mappingsOf(vm), dump).find(({ here, there }) => {
    const at = here ?? there;
    return at !== undefined && vm.known.touches(at.addr, at.range);
  });
  return different && describeDifference(different);
}

/** A VM that the trace has not shown so far, although it is there. */
function meet({ world, where }: Context, dump: VmDump): void {
  // One that was freed may have left its pointer to another.
  if (dump.gpuvm !== 0 && world.vmIdentity(dump.gpuvm) === undefined) world.addDumpedVm(dump.gpuvm, dump, where.line);
}

function restore(context: Context, vm: VmState, dump: VmDump): void {
  const { world, where } = context;
  const before = new Set<Gpuva>(world.mappingsOf(vm));
  world.restoreVm(vm, dump, where.line);
  const { history } = world;
  if (history === undefined) return;
  const after = new Set<Gpuva>(world.mappingsOf(vm));
  for (const va of before) if (!after.has(va)) history.changed(context, vm, va, false);
  for (const va of after) if (!before.has(va)) history.changed(context, vm, va, true);
}
