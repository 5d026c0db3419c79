// Compares the VMs at one moment of the trace with a dump of that moment: the first place where the two part.
import { hex, ptrHex } from '../base/u64.ts';
import type { VmDump } from '../events/vm_dump.ts';
import type { Context } from './context.ts';
import { type Difference, type Dumped, describeDifference, differences } from './dump_differences.ts';
import { describeDump, isAlike, isFollowed, partnersOf } from './dump_partners.ts';
import type { Evidence } from './fact.ts';
import { tell } from './tell.ts';
import type { VmState } from './vm_state.ts';

/** Differences told of one VM; the last one says how many more there are. */
const MAX_TOLD = 32;

/** Tells what differs; what could not be compared is returned, in words. */
export function compareWithDumps(context: Context, dumps: readonly VmDump[]): string[] {
  const { world } = context;
  const notes: string[] = [];
  const can = (vm: VmState, dump: VmDump) => dump.bounds === undefined || isAlike(vm, dump);
  for (const [dump, vm] of partnersOf(world, dumps, can)) {
    const name = describeDump(dump);
    if (vm === undefined) notes.push(`${name} is no VM of the trace at that moment, or can be several`);
    else if (!isFollowed(world, vm)) notes.push(`${name}: not all changes of VM ${ptrHex(vm.id)} are in the trace`);
    else tellDifferences(context, vm, differences(world.mappingsOf(vm), dump));
  }
  return notes;
}

function tellDifferences(context: Context, vm: VmState, all: readonly Difference[]): void {
  for (const [i, one] of all.slice(0, MAX_TOLD).entries()) {
    const more = i === MAX_TOLD - 1 && all.length > MAX_TOLD ? `; ${all.length - MAX_TOLD} more differ` : '';
    const at = one.here ?? one.there;
    tell(context, {
      kind: 'state_mismatch',
      job: undefined,
      vm,
      how: one.how,
      detail: `${describeDifference(one)}${more}`,
      obj: at?.obj ?? 0,
      span: at === undefined ? undefined : { addr: at.addr, range: at.range },
      evidence: evidenceOf(vm, at),
      absence: 'tree',
    });
  }
}

function evidenceOf(vm: VmState, one: Dumped | undefined): Evidence[] {
  if (one === undefined) return [];
  return vm
    .mappingsIn(one.addr, one.range)
    .filter((va) => va.line > 0)
    .slice(0, 4)
    .map((va) => ({ line: va.line, text: `${hex(va.addr)}+${hex(va.range)} was inserted here` }));
}
