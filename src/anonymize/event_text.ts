// One event as the tracer's text, with nothing in it but the values that its meaning is made of.
import { hex, type Ptr, ptrFromU64, ptrHex, type U64 } from '../base/u64.ts';
import { type ArgSpec, type Args, type ProbeSpec, parseArgSpec, type TracepointText } from '../events/probe.ts';
import type { ProbeBinding } from '../ftrace/probe_binding.ts';
import { switches } from '../kernels/index.ts';
import type { Renaming } from './renaming.ts';

/** Pointers, or hashes of them, among the numbers that a message prints in hex digits. */
const HEX_POINTERS = new Set(['vm', 'va', 'obj']);
/** Unsigned: above it lie addresses of the kernel, as bytes that a fetch left behind, and sizes below zero. */
const LOWEST_KERNEL_ADDRESS = 0xff00_0000_0000_0000n;

/** Arguments whose mere presence tells kernels apart. */
const TELLING = new Set(switches.flatMap(({ params = [] }) => params.map(({ param }) => param)));

/** In the place of a value that decides nothing, and of one that the tracer could not fetch. */
const UNASKED = '0';
const FAULT = '(fault)';
/** Of 64 bits. */
const NO_SYMBOL = '0'.repeat(16);

/** Hands the values on and remembers which were asked for. */
class Asked implements Args {
  readonly #args: Args;
  readonly indices = new Set<number>();

  constructor(args: Args) {
    this.#args = args;
  }

  #note(index: number): number {
    this.indices.add(index);
    return index;
  }

  ptr(index: number): Ptr | undefined {
    return this.#args.ptr(this.#note(index));
  }

  u64(index: number): U64 | undefined {
    return this.#args.u64(this.#note(index));
  }

  int(index: number): number | undefined {
    return this.#args.int(this.#note(index));
  }

  str(index: number): string | undefined {
    return this.#args.str(this.#note(index));
  }

  high(index: number): number | undefined {
    return this.#args.high(this.#note(index));
  }

  low(index: number): number | undefined {
    return this.#args.low(this.#note(index));
  }
}

/** `(symbol) addr=0x1000`, or the text of a tracepoint or of a message: what follows the event's name. */
export class EventText {
  readonly #renaming: Renaming;
  readonly #specs = new Map<ProbeSpec, readonly ArgSpec[]>();

  constructor(renaming: Renaming) {
    this.#renaming = renaming;
  }

  of({ spec, shown, met }: ProbeBinding, values: Args): string {
    const args = this.#argsOf(spec);
    const asked = new Asked(values);
    // What means nothing as a whole is told of by the names of what it lacks: they must stay those.
    const isMeant = spec.decode(asked) !== undefined;
    const text = (index: number) => {
      const value = this.#value(args, index, values);
      return value === undefined || !isMeant || asked.indices.has(index) ? value : UNASKED;
    };
    if (spec.text !== undefined) return messageText(spec.text, args, text);
    // Where the trace shows no function, known by the event's name alone, none is named here.
    const symbol = met ? spec.symbol : NO_SYMBOL;
    const place = spec.at === 'return' ? `(0x0 <- ${symbol})` : `(${symbol})`;
    // The same arguments on each line, whether they have a value or not, and new ones in front of the others: a reader would not
    // look for more behind those that it knows.
    const left = new Set(args.keys());
    const words = [...shown].reverse().map((name) => {
      const index = args.findIndex(({ names }) => names.includes(name) || isPositionalReturn(spec, names, name));
      if (index < 0) return TELLING.has(name) ? ` ${name}=${UNASKED}` : '';
      const { names = [] } = args[index] ?? {};
      return left.delete(index) ? ` ${TELLING.has(name) ? name : names[0]}=${text(index) ?? FAULT}` : '';
    });
    return `${place}${words.join('')}`;
  }

  #argsOf(spec: ProbeSpec): readonly ArgSpec[] {
    let args = this.#specs.get(spec);
    if (args === undefined) {
      args = spec.args.map(parseArgSpec);
      this.#specs.set(spec, args);
    }
    return args;
  }

  #value(args: readonly ArgSpec[], index: number, values: Args): string | undefined {
    const { names = [], type } = args[index] ?? {};
    const u64 = () => values.u64(index);
    if (type === 'int') return values.int(index)?.toString();
    if (type === 'ptr') return this.#pointer(values.ptr(index));
    if (type === 'u64') return this.#number(u64());
    if (type === 'hex') return HEX_POINTERS.has(names[0] ?? '') ? this.#hexPointer(u64()) : u64()?.toString(16);
    if (type === 'bits') return bitsText(values.high(index), values.low(index));
    const text = values.str(index);
    return text === undefined ? undefined : `"${this.#renaming.vm(text)}"`;
  }

  #pointer(ptr: Ptr | undefined): string | undefined {
    return ptr === undefined ? undefined : ptrHex(this.#renaming.pointer(ptr));
  }

  /** GPU addresses, sizes and offsets stay; what can be none of these is a pointer. */
  #number(value: U64 | undefined): string | undefined {
    if (value === undefined || value < LOWEST_KERNEL_ADDRESS) return value === undefined ? undefined : hex(value);
    return this.#pointer(ptrFromU64(value));
  }

  #hexPointer(value: U64 | undefined): string | undefined {
    return value === undefined ? undefined : this.#pointer(ptrFromU64(value))?.slice(2);
  }
}

/** `$arg*` probes name the return value argN. */
function isPositionalReturn({ at }: ProbeSpec, names: readonly string[], name: string): boolean {
  return at === 'return' && names.includes('ret') && /^arg\d+$/.test(name);
}

function bitsText(high: number | undefined, low: number | undefined): string | undefined {
  if (high === undefined || low === undefined) return undefined;
  return `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
}

type TextOf = (index: number) => string | undefined;

function messageText(text: TracepointText, args: readonly ArgSpec[], textOf: TextOf): string {
  const { head, rest, older, sample = {} } = text;
  const indexOf = (name: string) => args.findIndex(({ names }) => names.includes(name));
  const lacks = Array.from(rest.matchAll(/\{(\w+)/g), ([, name = '']) => name).filter(
    (name) => indexOf(name) >= 0 && textOf(indexOf(name)) === undefined,
  );
  const form = older !== undefined && lacks.some((name) => !older.includes(`{${name}}`)) ? older : rest;
  const filled = form.replace(/\{(\w+)(?::(\d+))?\}/g, (_, name: string, width = '1') => {
    const index = indexOf(name);
    const value = index < 0 ? (sample.words?.[name] ?? '0x0') : (textOf(index) ?? FAULT);
    return padded(value, Number(width), args[index]?.type);
  });
  return `${sample.head ?? String(head)}${filled}${sample.tail ?? ''}`;
}

/** A number of so many characters at least. Heads look ahead for digits where a number may be either, never for hex ones. */
function padded(value: string, width: number, type: ArgSpec['type'] | undefined): string {
  if (type === 'u64' && value !== FAULT) return BigInt(value).toString();
  if (value.length >= width || value.startsWith('(')) return value;
  return type === 'hex'
    ? value.padStart(width, '0')
    : `0x${Number(value)
        .toString(16)
        .padStart(width - 2, '0')}`;
}
