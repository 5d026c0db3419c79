// Which VM of the trace a dump is of: by its pointer, or where the file shows none (debugfs) by what is mapped.
import { add, type Ptr, ptrHex } from '../base/u64.ts';
import type { DumpedVa, VmBounds, VmDump } from '../events/vm_dump.ts';
import type { Inherited, VmState } from './vm_state.ts';

export interface MatchedDumps {
  readonly byVm: ReadonlyMap<Ptr, VmDump>;
  /** What was left without a partner, and why; for people. */
  readonly notes: readonly string[];
}

/**
 * unseen: the VMs that were made before the trace began. A dump without a pointer is taken for the only one of them that
 * it can be: all that the trace shows to have been there before must be in it. Two alone are taken for each other.
 */
export function matchDumps(dumps: readonly VmDump[], unseen: readonly VmState[]): MatchedDumps {
  const byVm = new Map<Ptr, VmDump>();
  const notes: string[] = [];
  for (const dump of dumps) if (dump.gpuvm !== 0) byVm.set(dump.gpuvm, dump);
  const nameless = dumps.filter((dump) => dump.gpuvm === 0);
  const keys = new Map(nameless.map((dump) => [dump, keysOf(dump)]));
  const open = unseen.filter((vm) => !byVm.has(vm.id));
  const alone = nameless.length === 1 && open.length === 1;
  const taken = new Map<VmDump, VmState[]>();
  for (const vm of open) {
    const fitting = nameless.filter((dump) => vm.inherited.every((one) => holds(dump, keys.get(dump), one)));
    const [only] = fitting;
    if (only !== undefined && fitting.length === 1 && (vm.inherited.length > 0 || alone))
      taken.set(only, [...(taken.get(only) ?? []), vm]);
    else if (nameless.length > 0) notes.push(`VM ${ptrHex(vm.id)} ${whyNot(fitting, vm)}`);
  }
  for (const [dump, vms] of taken) {
    const [vm] = vms;
    if (vms.length === 1 && vm !== undefined) byVm.set(vm.id, dump);
    else notes.push(`"${dump.name}" at line ${dump.line} can be VM ${vms.map((one) => ptrHex(one.id)).join(' and ')}`);
  }
  return { byVm, notes };
}

function whyNot(fitting: readonly VmDump[], vm: VmState): string {
  if (fitting.length === 0) return 'had mappings that no VM there has';
  if (vm.inherited.length === 0) return 'shows nothing by which to find it there';
  return `can be any of ${fitting.map((dump) => `"${dump.name}" at line ${dump.line}`).join(', ')}`;
}

/** Its mappings, with their objects and without: not every probe shows them, and not every dump. */
function keysOf({ mappings }: VmDump): ReadonlySet<string> {
  return new Set(mappings.flatMap((va) => [keyOf(va), keyOf({ ...va, obj: 0 })]));
}

function keyOf({ addr, range, obj }: Pick<DumpedVa, 'addr' | 'range' | 'obj'>): string {
  return `${addr} ${range} ${obj ?? 'any'}`;
}

/** A dump that is not whole may lack what leads to NULL. */
function holds({ bounds, whole }: VmDump, keys: ReadonlySet<string> | undefined, one: Inherited): boolean {
  if (!isWithin(bounds, one)) return false;
  const shown = keys?.has(keyOf(one)) === true || keys?.has(keyOf({ ...one, obj: undefined })) === true;
  return shown || (!whole && one.obj === 0);
}

function isWithin(bounds: VmBounds | undefined, { addr, range }: Inherited): boolean {
  if (bounds === undefined) return true;
  return bounds.mmStart <= addr && add(addr, range) <= add(bounds.mmStart, bounds.mmRange);
}
