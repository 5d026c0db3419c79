// What a dialect declares of a probed function or of a tracepoint: its name, the arguments it wants, and what they mean.
import type { Ptr, U64 } from '../base/u64.ts';
import type { VmEvent } from './vm_event.ts';

/**
 * ptr: a kernel pointer; u64: an address, size or offset; hex: one in hex digits without 0x, of a message only; int: a
 * small number, signed; str: text; bits: 64 bits of fields.
 */
export type ArgType = 'ptr' | 'u64' | 'hex' | 'int' | 'str' | 'bits';

/** The wanted arguments of one event by their position in the spec. Absent ones (not probed, or faulted) are undefined. */
export interface Args {
  ptr(index: number): Ptr | undefined;
  u64(index: number): U64 | undefined;
  int(index: number): number | undefined;
  str(index: number): string | undefined;
  /** The upper and the lower half of bits, unsigned; undefined where absent. */
  high(index: number): number | undefined;
  low(index: number): number | undefined;
}

export interface ProbeSpec {
  /** The event name of our own probe set: used where the text shows no symbol (trace-cmd report). */
  readonly event: string;
  /**
   * The probed function, without compiler suffixes such as `.part.0` unless the suffix matters; `system:event` of a
   * tracepoint.
   */
  readonly symbol: string;
  /** entry, return: of a function, by a probe that the user installs. tracepoint: the kernel's own event. */
  readonly at: 'entry' | 'return' | 'tracepoint';
  /** Of tracepoints, and of them only. */
  readonly text?: TracepointText;
  /** `name:type`, or `name|other:type` where kernels or users name the argument differently. */
  readonly args: readonly string[];
  readonly decode: (args: Args) => VmEvent | undefined;
}

/** How the kernel spells an event (TP_printk()) or a message (printk()). */
export interface TracepointText {
  /** The beginning, which tells it from other texts of the same event name; a RegExp is anchored by `^`. */
  readonly head: string | RegExp;
  /**
   * The rest, from its first value on: `{name}` is a value, wanted (of any type but str and bits) or passed over;
   * `{name:7}` has 7 characters at least, without which it is cut off.
   */
  readonly rest: string;
  /** The rest as older kernels have it, read where a text is not as `rest` says. */
  readonly older?: string;
  /** The field of trace.dat that holds this text, where the event is a mere message. Others have a field an argument. */
  readonly message?: string;
  /** How to write it, where the above do not say. */
  readonly sample?: TextSample;
}

/** One of the texts that a TracepointText describes. */
export interface TextSample {
  /** A beginning that `head` fits. */
  readonly head?: string;
  /** What a value that is passed over must be like, by its name; any number where not given. */
  readonly words?: Readonly<Record<string, string>>;
  /** What must follow the rest. */
  readonly tail?: string;
}

export interface ArgSpec {
  readonly names: readonly string[];
  readonly type: ArgType;
}

/** Those of the dialects, by their text: each trace asks for the same. */
const parsed = new Map<string, ArgSpec>();

/** `text`: an entry of a ProbeSpec's `args`. */
export function parseArgSpec(text: string): ArgSpec {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const [names = '', type = 'int'] = text.split(':');
  const spec: ArgSpec = { names: names.split('|'), type: type as ArgType };
  parsed.set(text, spec);
  return spec;
}
