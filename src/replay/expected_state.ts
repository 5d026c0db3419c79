// Compares the VMs at one moment of the trace with a dump of that moment: the first place where the two part.
import { add, hex, type Ptr, ptrHex } from '../base/u64.ts';
import type { DumpedVa, VmDump } from '../events/vm_dump.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { Context } from './context.ts';
import type { Evidence, FactOf } from './fact.ts';
import { tell } from './tell.ts';
import type { VmState } from './vm_state.ts';
import type { World } from './world.ts';

/** Differences told of one VM; the last one says how many more there are. */
const MAX_TOLD = 32;

/** How the state of the trace differs from the dump. */
export interface Difference {
  readonly how: FactOf<'state_mismatch'>['how'];
  /** In the state of the trace, and in the dump; at least one of them. */
  readonly here: Mapped | undefined;
  readonly there: Dumped | undefined;
}

type Mapped = Pick<Gpuva, 'addr' | 'range' | 'obj' | 'offset'>;
type Dumped = Pick<DumpedVa, 'addr' | 'range' | 'obj' | 'offset'>;

/** Tells what differs; what could not be compared is returned, in words. */
export function compareWithDumps(context: Context, dumps: readonly VmDump[]): string[] {
  const { world } = context;
  const notes: string[] = [];
  for (const [dump, vm] of partnersOf(world, dumps)) {
    const name = `${dump.name === '' ? 'the VM' : `VM "${dump.name}"`}${dump.line === 0 ? '' : ` at line ${dump.line}`}`;
    if (vm === undefined) notes.push(`${name} is no VM of the trace at that moment, or can be several`);
    else if (!isFollowed(world, vm)) notes.push(`${name}: not all changes of VM ${ptrHex(vm.id)} are in the trace`);
    else tellDifferences(context, vm, differences([...world.mappingsOf(vm)], dump));
  }
  return notes;
}

/** By the driver's calls, or by its steps where no such call is probed. */
function isFollowed({ seen }: World, vm: VmState): boolean {
  return vm.complete && (vm.treeShown || !(seen.has('va_insert') || seen.has('va_remove')));
}

/** Each dump with its VM: by pointer, by what is mapped, or as the only one with its name and bounds, or with neither at all. */
function partnersOf(world: World, dumps: readonly VmDump[]): Map<VmDump, VmState | undefined> {
  const partners = new Map<VmDump, VmState | undefined>();
  const left = new Set(world.vms.values());
  const pair = (dump: VmDump, vm: VmState | undefined) => {
    partners.set(dump, vm);
    if (vm !== undefined) left.delete(vm);
  };
  for (const dump of dumps) if (dump.gpuvm !== 0) pair(dump, world.vms.get(dump.gpuvm));
  const nameless = dumps.filter((dump) => dump.gpuvm === 0);
  const alike = (dump: VmDump) => [...left].filter((vm) => dump.bounds === undefined || isAlike(vm, dump));
  for (const dump of nameless) {
    const equal = alike(dump).find((vm) => differences([...world.mappingsOf(vm)], dump).length === 0);
    if (equal !== undefined) pair(dump, equal);
  }
  for (const dump of nameless) {
    if (partners.has(dump)) continue;
    const rivals = nameless.filter((one) => !partners.has(one) && one.name === dump.name);
    const [vm, ...more] = alike(dump);
    pair(dump, rivals.length === 1 && more.length === 0 ? vm : undefined);
  }
  return partners;
}

function isAlike({ init, name }: VmState, { name: dumped, bounds }: VmDump): boolean {
  if (bounds === undefined || name !== dumped) return false;
  return (
    init.mmStart === bounds.mmStart &&
    init.mmRange === bounds.mmRange &&
    init.kernelStart === bounds.kernelStart &&
    init.kernelRange === bounds.kernelRange
  );
}

/** Both in ascending order; those of the dump in any. */
export function differences(here: readonly Mapped[], { whole, mappings }: VmDump): Difference[] {
  const found: Difference[] = [];
  const byPlace = new Map<string, DumpedVa>(mappings.map((va) => [placeOf(va), va]));
  for (const va of here) {
    const there = byPlace.get(placeOf(va));
    byPlace.delete(placeOf(va));
    if (there === undefined) {
      if (whole) found.push({ how: 'extra', here: va, there });
      continue;
    }
    const how = difference(va, there);
    if (how !== undefined) found.push({ how, here: va, there });
  }
  for (const there of byPlace.values()) found.push({ how: 'absent', here: undefined, there });
  return found;
}

/** Mappings begin at different addresses, but for those without length. */
function placeOf({ addr, range }: Pick<Mapped, 'addr' | 'range'>): string {
  return range === 0 ? `${addr}, empty` : `${addr}`;
}

function difference(here: Mapped, there: Dumped): Difference['how'] | undefined {
  if (here.range !== there.range) return 'other range';
  if (!isSameObj(here.obj, there.obj)) return 'other object';
  // Nothing asks for the offset of a mapping without an object.
  if (here.obj === 0 || there.offset === undefined || here.offset === there.offset) return undefined;
  return 'other offset';
}

/** A pointer that is none of the kernel's is a hash, which says only that there is an object. */
function isSameObj(here: Ptr, there: Ptr | undefined): boolean {
  if (there === undefined) return here !== 0;
  return here === there || (here > 0 && there !== 0) || (there > 0 && here !== 0);
}

function tellDifferences(context: Context, vm: VmState, all: readonly Difference[]): void {
  for (const [i, { how, here, there }] of all.slice(0, MAX_TOLD).entries()) {
    const more = i === MAX_TOLD - 1 && all.length > MAX_TOLD ? `; ${all.length - MAX_TOLD} more differ` : '';
    const one = here ?? there;
    tell(context, {
      kind: 'state_mismatch',
      job: undefined,
      vm,
      how,
      detail: `${describe(here, there)}${more}`,
      obj: one?.obj ?? 0,
      span: one === undefined ? undefined : { addr: one.addr, range: one.range },
      evidence: evidenceOf(vm, one),
      absence: 'tree',
    });
  }
}

function describe(here: Mapped | undefined, there: Dumped | undefined): string {
  if (here === undefined) return `the dump maps ${text(there)}, the trace nothing that begins there`;
  if (there === undefined) return `the trace maps ${text(here)}, the dump nothing that begins there`;
  return `the trace maps ${text(here)}, the dump ${text(there)}`;
}

function text(va: Dumped | undefined): string {
  if (va === undefined) return 'nothing';
  return `${hex(va.addr)}-${hex(add(va.addr, va.range))} to ${placeText(va)}`;
}

function placeText({ obj, offset }: Dumped): string {
  if (obj === undefined) return 'some object';
  return obj === 0 ? 'NULL' : `${ptrHex(obj)}${offset === undefined ? '' : ` at offset ${hex(offset)}`}`;
}

function evidenceOf(vm: VmState, one: Dumped | undefined): Evidence[] {
  if (one === undefined) return [];
  return vm
    .mappingsIn(one.addr, one.range)
    .filter((va) => va.line > 0)
    .slice(0, 4)
    .map((va) => ({ line: va.line, text: `${hex(va.addr)}+${hex(va.range)} was inserted here` }));
}
