// Finds the binding of a traced event: by the probed symbol where the text carries it, else by the event's name. The
// kernel's own events, tracepoints, have no more than their name: their text must be looked at too.
import type { ProbeSpec } from '../events/probe.ts';
import { ascii, latin1, PAREN_CLOSE, PLUS, SPACE } from './bytes.ts';
import type { ProbeDefinition } from './dynamic_events.ts';
import { type IsWanted, ProbeBinding } from './probe_binding.ts';

type At = ProbeSpec['at'];

/** What one event name stands for: usually one probe; several where groups share a name or both ends carry it. */
export class EventName {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly #table: ProbeTable;
  readonly #bound: ProbeBinding[] = [];
  readonly #foreign = new Set<string>();

  constructor(text: string, bytes: Uint8Array, table: ProbeTable) {
    this.text = text;
    this.bytes = bytes;
    this.#table = table;
  }

  /** The binding for the symbol that begins at `pos`; undefined for a function that means nothing to us. */
  bindingOf(at: At, buf: Uint8Array, pos: number, end: number): ProbeBinding | undefined {
    for (const binding of this.#bound) {
      if (binding.spec.at === at && symbolIs(binding.symbol, buf, pos, end)) return binding;
    }
    return this.#bind(at, latin1(buf, pos, symbolStop(buf, pos, end)));
  }

  /** The binding where the text shows addresses only. */
  bindingByName(at: At): ProbeBinding | undefined {
    return this.#table.byEventName(this.text, at);
  }

  #bind(at: At, symbol: string): ProbeBinding | undefined {
    if (this.#foreign.has(symbol)) return undefined;
    const binding = /^(0x)?[0-9a-f]{8,16}$/.test(symbol) ? this.bindingByName(at) : this.#table.bySymbol(symbol, at);
    if (binding === undefined) {
      if (this.#foreign.size < MAX_FOREIGN_OF_NAME && symbol.length <= MAX_SYMBOL) this.#foreign.add(symbol);
      this.#table.meetForeign(symbol);
    } else if (binding.spec.symbol === symbol) {
      this.#bound.push(binding);
    }
    return binding;
  }
}

/** Functions that mean nothing to us, by one event name. */
const MAX_FOREIGN_OF_NAME = 8;
/** KSYM_NAME_LEN: include/linux/kallsyms.h. What is longer is no function. */
const MAX_SYMBOL = 512;

/** The hash of an event name with one more byte, from 0 on. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

function isSymbolStop(c: number | undefined): boolean {
  return c === PLUS || c === PAREN_CLOSE || c === SPACE || c === undefined;
}

function symbolStop(buf: Uint8Array, pos: number, end: number): number {
  let p = pos;
  while (p < end && !isSymbolStop(buf[p])) p++;
  return p;
}

function symbolIs(symbol: Uint8Array, buf: Uint8Array, pos: number, end: number): boolean {
  const stop = pos + symbol.length;
  if (stop > end || !isSymbolStop(stop < end ? buf[stop] : undefined)) return false;
  for (let i = 0; i < symbol.length; i++) if (buf[pos + i] !== symbol[i]) return false;
  return true;
}

/** The tracepoints of one event name: several where texts of different meaning share it (printk:console). */
interface TracepointName {
  readonly bytes: Uint8Array;
  readonly bindings: ProbeBinding[];
  /** The next one in the same slot. */
  readonly sibling: TracepointName | undefined;
}

/** Nearly all names that are looked up are of events that mean nothing to us: an empty slot must tell most of them. */
const TRACEPOINT_SLOTS = 256;
/** Functions that mean nothing to us, by name. */
const MAX_FOREIGN = 4096;
/** Event names kept, and of these with one hash; their longest, MAX_EVENT_NAME_LEN with some reserve. What is not kept is just read anew. */
const MAX_NAMES = 8192;
const MAX_ALIKE = 8;
const MAX_NAME = 256;

export class ProbeTable {
  readonly #bySymbol = new Map<string, ProbeBinding>();
  readonly #byEvent = new Map<string, ProbeBinding>();
  readonly #names = new Map<number, EventName[]>();
  #namesKept = 0;
  /** Probed functions that no dialect knows. */
  readonly #foreign = new Set<string>();
  readonly #tracepoints: (TracepointName | undefined)[] = new Array(TRACEPOINT_SLOTS).fill(undefined);
  readonly bindings: readonly ProbeBinding[];
  #messages: readonly ProbeBinding[] | undefined;

  /**
   * `definitions`: a saved dynamic_events file, which says which symbol a user's event name stands for. `isWanted`: all are
   * listened to where it is not given.
   */
  constructor(
    specs: readonly ProbeSpec[],
    definitions: readonly ProbeDefinition[] = [],
    isWanted: IsWanted = () => true,
  ) {
    this.bindings = specs.map((spec) => new ProbeBinding(spec, isWanted));
    for (const binding of this.bindings) {
      if (binding.spec.at === 'tracepoint') {
        this.#addTracepoint(binding);
        continue;
      }
      const key = `${binding.spec.at} ${binding.spec.symbol}`;
      if (this.#bySymbol.has(key)) throw new Error(`gpuvm-trace bug: two probes claim ${key}`);
      this.#bySymbol.set(key, binding);
      // Drivers' probe sets share names: where no symbol tells them apart, the first dialect's is taken.
      const event = `${binding.spec.at} ${binding.spec.event}`;
      if (!this.#byEvent.has(event)) this.#byEvent.set(event, binding);
    }
    for (const { event, symbol, at, fetched } of definitions) {
      const binding = this.bySymbol(symbol, at);
      for (const name of fetched) binding?.shown.add(name);
      const key = `${at} ${event}`;
      if (binding !== undefined) this.#byEvent.set(key, binding);
      else this.#byEvent.delete(key);
    }
  }

  #addTracepoint(binding: ProbeBinding): void {
    const bytes = ascii(binding.spec.event);
    const hash = bytes.reduce(hashStep, 0);
    const slot = hash & (TRACEPOINT_SLOTS - 1);
    const known = this.#tracepointName(hash, bytes, 0, bytes.length);
    if (known !== undefined) known.bindings.push(binding);
    else this.#tracepoints[slot] = { bytes, bindings: [binding], sibling: this.#tracepoints[slot] };
  }

  meetForeign(symbol: string): void {
    if (this.#foreign.size < MAX_FOREIGN && symbol.length <= MAX_SYMBOL) this.#foreign.add(symbol);
  }

  /** Events by function that a probe of the trace is on; undefined where they mean nothing to us and are not counted. */
  get probed(): Map<string, number | undefined> {
    const probed = new Map<string, number | undefined>([...this.#foreign].map((symbol) => [symbol, undefined]));
    for (const { spec, count } of this.bindings)
      if (count > 0) probed.set(spec.symbol, (probed.get(spec.symbol) ?? 0) + count);
    return probed;
  }

  bySymbol(symbol: string, at: At): ProbeBinding | undefined {
    const dot = symbol.indexOf('.');
    const binding =
      this.#bySymbol.get(`${at} ${symbol}`) ??
      (dot > 0 ? this.#bySymbol.get(`${at} ${symbol.slice(0, dot)}`) : undefined);
    if (binding !== undefined) binding.met = true;
    return binding;
  }

  byEventName(event: string, at: At): ProbeBinding | undefined {
    return this.#byEvent.get(`${at} ${event}`);
  }

  /** The tracepoints of a trace.dat's event `system:event`. */
  tracepointsOf(symbol: string): readonly ProbeBinding[] {
    return this.bindings.filter(({ spec }) => spec.at === 'tracepoint' && spec.symbol === symbol);
  }

  /** Messages of the kernel's log, which it may also print into the trace. */
  get messages(): readonly ProbeBinding[] {
    this.#messages ??= this.tracepointsOf('printk:console');
    return this.#messages;
  }

  /** The tracepoints that may be meant by the event name at buf[start, end), whose hash the caller computed. */
  tracepoints(hash: number, buf: Uint8Array, start: number, end: number): readonly ProbeBinding[] | undefined {
    return this.#tracepointName(hash, buf, start, end)?.bindings;
  }

  #tracepointName(hash: number, buf: Uint8Array, start: number, end: number): TracepointName | undefined {
    let known = this.#tracepoints[hash & (TRACEPOINT_SLOTS - 1)];
    while (known !== undefined && !(known.bytes.length === end - start && sameName(known.bytes, buf, start)))
      known = known.sibling;
    return known;
  }

  /** The event name at buf[start, end), whose hash the caller computed while scanning it. */
  name(hash: number, buf: Uint8Array, start: number, end: number): EventName {
    const alike = this.#names.get(hash) ?? [];
    for (const known of alike) {
      if (known.bytes.length === end - start && sameName(known.bytes, buf, start)) return known;
    }
    const name = new EventName(latin1(buf, start, end), buf.slice(start, end), this);
    if (this.#namesKept < MAX_NAMES && alike.length < MAX_ALIKE && end - start <= MAX_NAME) {
      this.#namesKept++;
      this.#names.set(hash, [...alike, name]);
    }
    return name;
  }
}

function sameName(name: Uint8Array, buf: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== buf[start + i]) return false;
  return true;
}
