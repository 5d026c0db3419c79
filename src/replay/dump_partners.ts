// Which VM of the trace each dump of one moment is of: those that are there at that moment are compared.
import type { VmDump } from '../events/vm_dump.ts';
import { differences } from './dump_differences.ts';
import type { VmState } from './vm_state.ts';
import type { World } from './world.ts';

/**
 * By pointer, by what is mapped, or as the only one for each other; `can`: may a dump without a pointer be of that VM?
 * Undefined: of none, or of several.
 */
export function partnersOf(
  world: World,
  dumps: readonly VmDump[],
  can: (vm: VmState, dump: VmDump) => boolean,
): Map<VmDump, VmState | undefined> {
  const partners = new Map<VmDump, VmState | undefined>();
  const left = new Set(world.vms.values());
  const pair = (dump: VmDump, vm: VmState | undefined) => {
    partners.set(dump, vm);
    if (vm !== undefined) left.delete(vm);
  };
  const fitting = (dump: VmDump) => [...left].filter((vm) => can(vm, dump));
  for (const dump of dumps) {
    if (dump.gpuvm !== 0) pair(dump, world.vms.get(dump.gpuvm));
  }
  const nameless = dumps.filter((dump) => dump.gpuvm === 0);
  for (const dump of nameless) {
    const equal = fitting(dump).find((vm) => vm.complete && differences(world.mappingsOf(vm), dump).length === 0);
    if (equal !== undefined) pair(dump, equal);
  }
  const open = nameless.filter((dump) => !partners.has(dump));
  const choices = new Map(open.map((dump) => [dump, fitting(dump)]));
  for (const [dump, [vm, ...more]] of choices) {
    const rivals = vm === undefined ? [] : open.filter((one) => choices.get(one)?.includes(vm));
    pair(dump, rivals.length === 1 && more.length === 0 ? vm : undefined);
  }
  return partners;
}

/** Both have the same name and the same bounds. */
export function isAlike({ init, name }: VmState, { name: dumped, bounds }: VmDump): boolean {
  if (bounds === undefined || name !== dumped) return false;
  return (
    init.mmStart === bounds.mmStart &&
    init.mmRange === bounds.mmRange &&
    init.kernelStart === bounds.kernelStart &&
    init.kernelRange === bounds.kernelRange
  );
}

/** For people. */
export function describeDump({ name, line }: VmDump): string {
  return `${name === '' ? 'the VM' : `VM "${name}"`}${line === 0 ? '' : ` at line ${line}`}`;
}

/** The trace shows all that it maps: by the driver's calls, or by its steps where no such call is probed. */
export function isFollowed({ seen }: World, vm: VmState): boolean {
  return vm.complete && (vm.treeShown || !(seen.has('va_insert') || seen.has('va_remove')));
}
