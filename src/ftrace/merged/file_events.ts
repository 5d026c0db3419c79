// One of several files that are merged: read as far as its next event, which waits there for its turn.
import { UserError } from '../../base/user_error.ts';
import type { VmEvent, Where } from '../../events/vm_event.ts';
import type { EventSink } from '../text_decoder.ts';
import type { ByteSource, Decompressors } from '../trace_dat/index.ts';
import { type ReaderOptions, TraceReader } from '../trace_reader.ts';
import { type Stamp, stampOf } from './stamp.ts';

/** A file as it is handed over: its bytes in pieces that are asked for, or at any place. */
export interface MergeInput {
  readonly file: string;
  readonly from:
    | { readonly chunks: AsyncIterator<Uint8Array> }
    | { readonly random: ByteSource; readonly decompressors: Decompressors };
}

interface Loss {
  readonly cpu: number;
  readonly count: number | undefined;
  readonly line: number;
}

export interface Waiting {
  readonly event: VmEvent;
  readonly where: Where & { line: number };
  readonly stamp: Stamp;
  /** Told in front of it. */
  readonly losses: readonly Loss[];
}

/** Records of a trace.dat that are read at a time. */
const RECORDS = 1000;
/** Those of trace-cmd that count no nanoseconds. */
const COUNTING = /^(x86-tsc|counter|uptime)$/;
const NONE: readonly Loss[] = [];

export class FileEvents implements EventSink {
  readonly reader: TraceReader;
  bytes = 0;
  /** The first one's; it tells which clock the file is of. */
  stamp: Stamp | undefined;
  readonly #from: MergeInput['from'];
  readonly #file: string;
  #waiting: Waiting[] = [];
  #at = 0;
  #losses: Loss[] = [];
  #ended = false;

  constructor({ file, from }: MergeInput, options: Omit<ReaderOptions, 'file' | 'sink'>) {
    this.#file = file;
    this.#from = from;
    this.reader = new TraceReader({ ...options, file, sink: this });
    if (!('random' in from)) return;
    this.bytes = from.random.size;
    const damage = this.reader.openTraceDat(from.random, from.decompressors);
    if (damage !== undefined) throw new UserError(`${file}: ${damage}`);
  }

  event(event: VmEvent, where: Where): void {
    const { line, pid, cpu } = where;
    const [time, comm] = [where.time(), where.comm()];
    const stamp = this.#stampOf(time, line);
    const losses = this.#losses.length === 0 ? NONE : this.#losses.splice(0);
    this.#waiting.push({ event, where: { line, pid, cpu, time: () => time, comm: () => comm }, stamp, losses });
  }

  loss(cpu: number, count: number | undefined, line: number): void {
    this.#losses.push({ cpu, count, line });
  }

  #stampOf(time: string, line: number): Stamp {
    const stamp = stampOf(time);
    if (stamp === undefined) {
      const what = time === '' ? 'has no time stamps' : `line ${line}: ${JSON.stringify(time)} is no time stamp`;
      throw new UserError(`${this.#file}: ${what}: it cannot be merged with other files`);
    }
    const { clock } = this.reader;
    const known = clock !== undefined && COUNTING.test(clock) ? { ...stamp, unit: 'count' as const, step: 1 } : stamp;
    this.stamp ??= known;
    if (this.stamp.unit !== known.unit)
      throw new UserError(`${this.#file}: line ${line}: its time stamps are of another clock than those before`);
    return known;
  }

  /** Undefined where it has to be read on, or is over. */
  get head(): Waiting | undefined {
    return this.#waiting[this.#at];
  }

  take(): void {
    if (++this.#at < this.#waiting.length) return;
    this.#waiting = [];
    this.#at = 0;
  }

  /** Reads until an event waits, or to the end. */
  async fill(): Promise<void> {
    while (!this.#ended && this.head === undefined) {
      if (await this.#readOn()) continue;
      this.#ended = true;
      this.reader.end();
    }
  }

  /** Losses behind the last event, of a file that is over. */
  rest(): readonly Loss[] {
    return this.#losses.splice(0);
  }

  async #readOn(): Promise<boolean> {
    if ('random' in this.#from) return this.reader.readSome(RECORDS);
    const { done, value } = await this.#from.chunks.next();
    if (done === true) return false;
    this.bytes += value.length;
    this.reader.push(value);
    return true;
  }
}
