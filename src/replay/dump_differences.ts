// How a VM of the trace differs from a dump of the same moment.
import { add, hex, type Ptr, ptrHex } from '../base/u64.ts';
import type { DumpedVa, VmDump } from '../events/vm_dump.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { FactOf } from './fact.ts';

export interface Difference {
  readonly how: FactOf<'state_mismatch'>['how'];
  /** In the state of the trace, and in the dump; at least one of them. */
  readonly here: Mapped | undefined;
  readonly there: Dumped | undefined;
}

export type Mapped = Pick<Gpuva, 'addr' | 'range' | 'obj' | 'offset'>;
export type Dumped = Pick<DumpedVa, 'addr' | 'range' | 'obj' | 'offset'>;

/** Both in ascending order; those of the dump in any. */
export function differences(here: Iterable<Mapped>, { whole, mappings }: VmDump): Difference[] {
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

export function describeDifference({ here, there }: Difference): string {
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
