// What a dialect declares of a probed function: its symbol, the arguments it wants, and what they mean.
import type { Ptr, U64 } from '../base/u64.ts';
import type { VmEvent } from './vm_event.ts';

/** ptr: a kernel pointer; u64: an address, size or offset; int: a small number, signed; str: text. */
export type ArgType = 'ptr' | 'u64' | 'int' | 'str';

/** The wanted arguments of one event by their position in the spec. Absent ones (not probed, or faulted) are undefined. */
export interface Args {
  ptr(index: number): Ptr | undefined;
  u64(index: number): U64 | undefined;
  int(index: number): number | undefined;
  str(index: number): string | undefined;
}

export interface ProbeSpec {
  /** The event name of our own probe set: used where the text shows no symbol (trace-cmd report). */
  readonly event: string;
  /** The probed function, without compiler suffixes such as `.part.0` unless the suffix matters. */
  readonly symbol: string;
  readonly at: 'entry' | 'return';
  /** `name:type`, or `name|other:type` where kernels or users name the argument differently. */
  readonly args: readonly string[];
  readonly decode: (args: Args) => VmEvent | undefined;
}

export interface ArgSpec {
  readonly names: readonly string[];
  readonly type: ArgType;
}

export function parseArgSpec(text: string): ArgSpec {
  const [names = '', type = 'int'] = text.split(':');
  return { names: names.split('|'), type: type as ArgType };
}
