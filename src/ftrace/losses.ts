// Where the tracer lost events: between which entries of a CPU, how many, and what buffer would have held them.
import { latin1 } from './bytes.ts';

export interface Place {
  readonly line: number;
  /** As the trace shows it; empty where it shows none. */
  readonly time: string;
}

export interface LossWindow {
  /** -1: it may be any. */
  readonly cpu: number;
  /** Undefined: the tracer does not tell. */
  readonly count: number | undefined;
  /** The last entry of that CPU before it; undefined: the trace begins within it. */
  readonly from: Place | undefined;
  /** Where the trace tells of it. */
  readonly line: number;
  /** The first entry of that CPU behind it; undefined: there is none, or it is not known which. */
  to: Place | undefined;
  /** Whose lines these are, of several files that were merged. */
  readonly file?: string;
}

export interface CpuLoss {
  readonly cpu: number;
  readonly times: number;
  /** Those that were counted. */
  readonly count: number;
}

/** What would have held all events of each CPU until they were read. */
export interface BufferSize {
  /** To be written to buffer_size_kb. */
  readonly kb: number;
  readonly events: number;
  /** False: more were lost than were counted, so that it takes more. */
  readonly isWhole: boolean;
  readonly bytesPerEvent: number;
  /** Of a trace.dat the records themselves, of a text what its fields take at most. */
  readonly how: 'measured' | 'estimated';
}

/** Kept one by one; of more only totals. */
const MAX_WINDOWS = 100;
/** Kept apart for judging; beyond that the last one grows over what lies between. */
const MAX_SPANS = 100_000;
/** NR_CPUS is 8192 at most. Of others no last entry is kept: all before may be their loss. */
export const MAX_CPUS = 8192;
const MAX_TIME = 32;
const SAMPLES = 4096;
/** Data of a 4096-byte page of the ring buffer: kernel/trace/ring_buffer.c, struct buffer_data_page. */
const PAGE_DATA = 4080;
const PAGE_KB = 4;
/** What is lost at the ends of pages, what readers hold, time extends, and some reserve. */
const RESERVE = 1.25;

/** The last entry of one CPU. */
class CpuEntries {
  readonly buffer: string;
  readonly cpu: number;
  line = 0;
  times = 0;
  lost = 0;
  /** Most entries between two losses. */
  longest = 0;
  open: LossWindow | undefined;
  #since = 0;
  readonly #time = new Uint8Array(MAX_TIME);
  #length = 0;
  #sec = -1;
  #nsec = 0;

  constructor(buffer: string, cpu: number) {
    this.buffer = buffer;
    this.cpu = cpu;
  }

  /** An entry at a time that stands in the bytes of a text; or so many, the last one of which is this. */
  atText(line: number, buf: Uint8Array, start: number, end: number, count = 1): void {
    const length = Math.min(end - start, MAX_TIME);
    for (let i = 0; i < length; i++) this.#time[i] = buf[start + i] ?? 0;
    this.#length = length;
    this.#next(line, count);
  }

  atString(line: number, time: string): void {
    this.#length = Math.min(time.length, MAX_TIME);
    for (let i = 0; i < this.#length; i++) this.#time[i] = time.charCodeAt(i);
    this.#next(line);
  }

  at(line: number, sec: number, nsec: number): void {
    this.#sec = sec;
    this.#nsec = nsec;
    this.#next(line);
  }

  #next(line: number, count = 1): void {
    this.line = line;
    this.#since += count;
    if (this.#since > this.longest) this.longest = this.#since;
    if (this.open === undefined) return;
    this.open.to = this.place;
    this.open = undefined;
  }

  begin(window: LossWindow): void {
    this.open = window;
    this.times++;
    this.lost += window.count ?? 0;
    this.#since = 0;
  }

  /** Undefined before the first entry. */
  get place(): Place | undefined {
    if (this.line === 0) return undefined;
    const { line } = this;
    if (this.#sec >= 0) return { line, time: `${this.#sec}.${String(this.#nsec).padStart(9, '0')}` };
    return { line, time: latin1(this.#time, 0, this.#length) };
  }
}

/** Where losses lie, as lines or numbers of events, both ends not part of them. */
export class Gaps {
  /** Of the same length, in order and apart. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  /** In the order of `to`. */
  cover(from: number, to: number): void {
    let first = from;
    while (this.#to.length > 0 && ((this.#to.at(-1) ?? 0) > first || this.#to.length >= MAX_SPANS)) {
      this.#to.pop();
      first = Math.min(first, this.#from.pop() ?? 0);
    }
    this.#from.push(first);
    this.#to.push(to);
  }

  /** Does one lie between these, both included? */
  touches(first: number, last: number): boolean {
    let low = 0;
    let high = this.#from.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#from[middle] ?? 0) < last) low = middle + 1;
      else high = middle;
    }
    return low > 0 && (this.#to[low - 1] ?? 0) > first;
  }

  *[Symbol.iterator](): Generator<readonly [number, number]> {
    for (const [i, from] of this.#from.entries()) yield [from, this.#to[i] ?? 0];
  }
}

/** What is known of the events that a tracer lost. */
export interface LossPlaces {
  readonly windows: readonly LossWindow[];
  readonly times: number;
  readonly byCpu: readonly CpuLoss[];
  readonly bufferSize: BufferSize | undefined;
  /** May events be missing between these, both included? */
  touches(first: number, last: number): boolean;
  /** Between which events the window lies, both not part of it. */
  extentOf(window: LossWindow): { readonly after: number; readonly before: number };
}

export class Losses implements LossPlaces {
  /** The first ones. */
  readonly windows: LossWindow[] = [];
  times = 0;
  /** Overwritten before the trace was read, on whatever CPU. */
  overwritten = 0;
  readonly #buffers = new Map<string, Map<number, CpuEntries>>();
  #latest = new CpuEntries('', -1);
  #cpus = 0;
  #line = 0;
  readonly gaps = new Gaps();
  /** Lines are not in the order of time, so that they do not tell what a loss touches. */
  #unordered = false;
  #anywhere = false;
  #uncounted = false;
  #ofAnyCpu = 0;
  #samples = 0;
  #sampled = 0;
  #how: BufferSize['how'] = 'estimated';

  /** Whose entry stands at this line; its time is to be told to what is returned. */
  entry(cpu: number, line: number, buffer = ''): CpuEntries {
    if (line < this.#line) this.#unordered = true;
    this.#line = line;
    const latest = this.#latest;
    if (latest.cpu === cpu && latest.buffer === buffer && this.#cpus > 0) return latest;
    this.#latest = this.#of(buffer, cpu);
    return this.#latest;
  }

  /** The same of the last one of several entries of a CPU; those of other CPUs between them are told before or after. */
  lastEntry(cpu: number, line: number): CpuEntries {
    this.#line = Math.max(this.#line, line);
    return this.#of('', cpu);
  }

  #of(buffer: string, cpu: number): CpuEntries {
    let cpus = this.#buffers.get(buffer);
    if (cpus === undefined) {
      cpus = new Map();
      this.#buffers.set(buffer, cpus);
    }
    let entries = cpus.get(cpu);
    if (entries === undefined) {
      entries = new CpuEntries(buffer, cpu);
      if (this.#cpus++ < MAX_CPUS) cpus.set(cpu, entries);
    }
    return entries;
  }

  *#all(): Generator<CpuEntries> {
    for (const cpus of this.#buffers.values()) yield* cpus.values();
  }

  /** The tracer tells at this line that the CPU lost events; with -1, that any may have. */
  lost(cpu: number, count: number | undefined, line: number, buffer = ''): void {
    const entries = cpu < 0 ? this.#longestSilent() : this.#of(buffer, cpu);
    if (cpu >= 0 && entries?.open !== undefined && count === undefined) return;
    const window: LossWindow = { cpu, count, from: entries?.place, line, to: undefined };
    this.#keep(window);
    if (cpu < 0) this.#ofAnyCpu += count ?? 0;
    else entries?.begin(window);
    this.gaps.cover(window.from?.line ?? 0, line);
  }

  /** Events were lost, and nothing tells when. */
  lostAnywhere(count: number, line: number): void {
    this.#anywhere = true;
    this.#keep({ cpu: -1, count, from: undefined, line, to: undefined });
  }

  #keep(window: LossWindow): void {
    this.times++;
    if (window.count === undefined) this.#uncounted = true;
    if (this.windows.length < MAX_WINDOWS) this.windows.push(window);
  }

  /** Any CPU may have lost events since its last entry. */
  #longestSilent(): CpuEntries | undefined {
    let first: CpuEntries | undefined;
    for (const entries of this.#all()) if (first === undefined || entries.line < first.line) first = entries;
    return first;
  }

  /** They may be anywhere, as far as the lines tell. */
  get areAnywhere(): boolean {
    return this.#anywhere || (this.#unordered && this.times > 0);
  }

  touches(first: number, last: number): boolean {
    return this.areAnywhere || this.gaps.touches(first, last);
  }

  extentOf({ from, line }: LossWindow): { readonly after: number; readonly before: number } {
    return { after: from?.line ?? 0, before: line };
  }

  get byCpu(): CpuLoss[] {
    const lossy = [...this.#all()].filter(({ times }) => times > 0).sort((a, b) => a.cpu - b.cpu);
    return lossy.map(({ cpu, times, lost }) => ({ cpu, times, count: lost }));
  }

  /** Bytes that an entry takes in the ring buffer are wanted of so many more. */
  get samples(): number {
    return SAMPLES - this.#samples;
  }

  /** Of one entry, or of so many together. */
  sample(bytes: number, how: BufferSize['how'], count = 1): void {
    this.#samples += count;
    this.#sampled += bytes;
    this.#how = how;
  }

  /**
   * A slow reader is behind by what the buffer held, at most the entries between two losses, and by all that was lost.
   * Undefined where no lost event was counted, or the tracer has no such buffer.
   */
  get bufferSize(): BufferSize | undefined {
    if (this.#anywhere || this.#samples === 0) return undefined;
    const ofAny = this.overwritten + this.#ofAnyCpu;
    const lossy = [...this.#all()].filter(({ lost }) => ofAny + lost > 0);
    if (lossy.length === 0) return undefined;
    const events = ofAny + lossy.reduce((most, { longest, lost }) => Math.max(most, longest + lost), 0);
    const isWhole = !this.#uncounted || this.overwritten > 0;
    const bytesPerEvent = Math.ceil(this.#sampled / this.#samples);
    const pages = Math.ceil((events * bytesPerEvent) / PAGE_DATA);
    return { kb: rounded(pages * PAGE_KB * RESERVE), events, isWhole, bytesPerEvent, how: this.#how };
  }
}

/** Up to two digits that are not zero, and whole pages. */
function rounded(kb: number): number {
  const unit = Math.max(PAGE_KB, 10 ** (Math.floor(Math.log10(kb)) - 1));
  return Math.ceil(kb / unit) * unit;
}
