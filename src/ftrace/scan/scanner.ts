// The scanner of lines, which is WebAssembly (assembly/scanner.ts): what it is told of a trace, and what it found. It reads
// lines in its own memory, so that positions in them are addresses there.
import { KIND } from '../arg_values.ts';
import { ascii } from '../bytes.ts';
import type { Key, ProbeBinding } from '../probe_binding.ts';
import {
  COUNTED,
  COUNTED_EVENTS,
  CPU_ON,
  FIRST_SHAPE,
  FOREIGN,
  LINES,
  MAX_CPUS,
  MAX_KEY_LENGTH,
  MAX_KEYS,
  MAX_SHAPES,
  OTHER,
  RECORD_COUNT,
  RESULT,
  SAMPLED_BYTES,
  SAMPLES,
} from './memory.ts';
import { SCANNER } from './scanner_wasm.ts';

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  scan(from: number, stop: number): number;
  learn(rest: number, stop: number, meaning: number): void;
  setShape(shape: number, width: number, isReadable: boolean): void;
  addKey(shape: number, length: number, slot: number, kind: number): number;
}

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

let compiled: object | undefined;

export class Scanner {
  readonly buffer: ArrayBuffer;
  /** All of it. */
  readonly bytes: Uint8Array;
  /** Those of memory.ts at RESULT. */
  readonly result: Int32Array;
  readonly #wasm: Exports;
  /** By shape. */
  readonly #bindings: ProbeBinding[] = [];
  readonly #shapes = new Map<ProbeBinding, number>();
  /** What each shape was made of. */
  readonly #keys: (readonly Key[] | undefined)[] = [];

  private constructor(wasm: Exports) {
    this.#wasm = wasm;
    this.buffer = wasm.memory.buffer;
    this.bytes = new Uint8Array(this.buffer);
    this.result = new Int32Array(this.buffer, RESULT, SAMPLED_BYTES + 1);
  }

  /** Undefined where there is no memory for one, as each reserves gigabytes of addresses, or words have another order of bytes. */
  static make(): Scanner | undefined {
    if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) return undefined;
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(SCANNER), (c) => c.charCodeAt(0)));
    try {
      return new Scanner(new WebAssembly.Instance(compiled).exports as Exports);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /**
   * Reads lines from `pos` on as far as it knows them; returns where it stopped. At `stop` is a line break of nobody's.
   * `samples`: of so many entries it is wanted what they take in the ring buffer.
   */
  scan(pos: number, stop: number, samples: number): number {
    this.result[SAMPLES] = samples;
    return this.#wasm.scan(pos, stop);
  }

  get lines(): number {
    return this.result[LINES] ?? 0;
  }

  /** Events among them that nobody listens to. */
  get counted(): number {
    return this.result[COUNTED_EVENTS] ?? 0;
  }

  get records(): number {
    return this.result[RECORD_COUNT] ?? 0;
  }

  bindingOf(shape: number): ProbeBinding | undefined {
    return this.#bindings[shape];
  }

  /** Entries of this CPU mean no more than that there is one more of them. */
  follow(cpu: number): void {
    if (cpu >= 0 && cpu < MAX_CPUS) this.bytes[CPU_ON + cpu] = 1;
  }

  /** The next entry of each CPU may mean something. */
  unfollow(): void {
    this.bytes.fill(0, CPU_ON, CPU_ON + MAX_CPUS);
  }

  /** [rest, stop) is the name of an event, `name: `, that is none of ours. */
  learnOther(rest: number, stop: number): void {
    this.#wasm.learn(rest, stop, OTHER);
  }

  /** [rest, stop) is the head of a probe's event. */
  learnHead(rest: number, stop: number, binding: ProbeBinding | undefined): void {
    if (binding === undefined) this.#wasm.learn(rest, stop, FOREIGN);
    else if (!binding.wanted) this.#wasm.learn(rest, stop, COUNTED);
    else if (binding.reader === undefined) this.#learnShape(rest, stop, binding);
  }

  #learnShape(rest: number, stop: number, binding: ProbeBinding): void {
    let shape = this.#shapes.get(binding);
    if (shape === undefined) {
      shape = this.#bindings.length;
      if (shape === MAX_SHAPES) return;
      this.#bindings.push(binding);
      this.#shapes.set(binding, shape);
      this.#wasm.setShape(shape, binding.width, false);
      this.learnKeys(binding);
    }
    this.#wasm.learn(rest, stop, FIRST_SHAPE + shape);
  }

  /** The keys that are read of it may be others than before. */
  learnKeys(binding: ProbeBinding): void {
    const shape = this.#shapes.get(binding);
    if (shape === undefined || this.#keys[shape] === binding.keys) return;
    const { keys = [], width } = binding;
    this.#keys[shape] = binding.keys;
    const isReadable = binding.keys !== undefined && keys.length <= MAX_KEYS && keys.every(isReadableKey);
    this.#wasm.setShape(shape, width, isReadable);
    if (!isReadable) return;
    for (const { known, text, slot, kind } of keys) {
      this.bytes.set(ascii(` ${text}=`), this.#wasm.addKey(shape, known.length, slot, kind));
    }
  }
}

/** Texts are read by the one who stores them. */
function isReadableKey({ known, text, kind }: Key): boolean {
  return known.length <= MAX_KEY_LENGTH && text !== 'name' && kind !== KIND.str && kind !== KIND.hex;
}
