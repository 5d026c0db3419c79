// Shorthand for the probe tables.
import type { Ptr } from '../base/u64.ts';
import type { Args, ProbeSpec } from '../events/probe.ts';
import type { VmEvent } from '../events/vm_event.ts';

type Decode = (args: Args) => VmEvent | undefined;

export function entry(event: string, symbol: string, args: readonly string[], decode: Decode): ProbeSpec {
  return { event, symbol, at: 'entry', args, decode };
}

export function ret(event: string, symbol: string, args: readonly string[], decode: Decode): ProbeSpec {
  return { event, symbol, at: 'return', args, decode };
}

/** A member's address to its container's, container_of() in the kernel. */
export function containerOf(member: Ptr, offset: number): Ptr {
  return typeof member === 'number' ? member - offset : member - BigInt(offset);
}

/** -1 as an unsigned or a signed value: an ERR_PTR() is no object. */
export function isErrPtr(ptr: Ptr): boolean {
  return ptr < 0 && ptr >= -4095;
}
