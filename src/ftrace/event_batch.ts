// Probes with their values as rows of numbers, so that one thread can read a trace while another replays it.
import type { Args } from '../events/probe.ts';
import type { Where } from '../events/vm_event.ts';
import type { ProbeSink } from './event_decoder.ts';
import type { ProbeBinding } from './probe_binding.ts';
import type { ProbeTable } from './probe_table.ts';

/** A row: number of the binding (or LOSS), line, pid, cpu, time, digits behind the time's dot, then the values. */
const HEAD = 6;
const LOSS = -1;
/** The longest row: the head and as many arguments as any probe has. */
const LONGEST = HEAD + 24;
/** Rows of a batch fit into this many numbers (2 MB): large enough that handing over costs nothing. */
const CAPACITY = 1 << 18;

/** Values that are no doubles, by their place in `data`: bigints, texts, task names, odd time stamps. */
export type Special = readonly [place: number, value: bigint | string];

export interface EventBatch {
  readonly data: Float64Array<ArrayBuffer>;
  readonly length: number;
  readonly specials: readonly Special[];
}

/** Digits that a double holds exactly. */
const EXACT_DIGITS = 15;

/** Collects what a decoder reads and hands it on in batches. */
export class BatchWriter implements ProbeSink {
  readonly #full: (batch: EventBatch) => void;
  readonly #numbers: ReadonlyMap<ProbeBinding, number>;
  /** The task's name is wanted only of probes that may begin a job. */
  readonly #named: (binding: ProbeBinding) => boolean;
  #data = new Float64Array(CAPACITY);
  #length = 0;
  #specials: [number, bigint | string][] = [];

  constructor(table: ProbeTable, named: (binding: ProbeBinding) => boolean, full: (batch: EventBatch) => void) {
    this.#numbers = new Map(table.bindings.map((binding, i) => [binding, i]));
    this.#named = named;
    this.#full = full;
  }

  probe(binding: ProbeBinding, _values: Args, where: Where): void {
    const at = this.#row(this.#numbers.get(binding) ?? 0, where.line, where.pid, where.cpu);
    this.#time(at, where.time());
    if (this.#named(binding)) this.#specials.push([at, where.comm()]);
    const count = binding.spec.args.length;
    binding.values.copyTo(this.#data, at + HEAD, count, this.#specials);
    this.#length += count;
  }

  loss(cpu: number, count: number | undefined, line: number): void {
    const at = this.#row(LOSS, line, 0, cpu);
    this.#data[at + 4] = count ?? Number.NaN;
  }

  /** Hands on what is there. */
  flush(): void {
    if (this.#length > 0) this.#full({ data: this.#data, length: this.#length, specials: this.#specials });
    this.#data = new Float64Array(CAPACITY);
    this.#length = 0;
    this.#specials = [];
  }

  #row(what: number, line: number, pid: number, cpu: number): number {
    if (this.#length + LONGEST > CAPACITY) this.flush();
    const at = this.#length;
    this.#data[at] = what;
    this.#data[at + 1] = line;
    this.#data[at + 2] = pid;
    this.#data[at + 3] = cpu;
    this.#length = at + HEAD;
    return at;
  }

  #time(at: number, text: string): void {
    const dot = text.indexOf('.');
    const digits = dot < 0 ? text : text.slice(0, dot) + text.slice(dot + 1);
    if (digits.length > 0 && digits.length <= EXACT_DIGITS && (text[0] !== '0' || dot === 1)) {
      this.#data[at + 4] = Number(digits);
      this.#data[at + 5] = dot < 0 ? 0 : text.length - dot - 1;
    } else {
      this.#data[at + 4] = Number.NaN;
      this.#specials.push([at + 4, text]);
    }
  }
}

/** The values of one row. */
class RowArgs implements Args {
  data = new Float64Array(0);
  at = 0;
  specials: ReadonlyMap<number, bigint | string> = new Map();

  ptr(index: number): number | bigint | undefined {
    return this.u64(index);
  }

  u64(index: number): number | bigint | undefined {
    const n = this.data[this.at + index] ?? Number.NaN;
    if (!Number.isNaN(n)) return n;
    const special = this.specials.get(this.at + index);
    return typeof special === 'bigint' ? special : undefined;
  }

  int(index: number): number | undefined {
    const n = this.data[this.at + index];
    return n === undefined || Number.isNaN(n) ? undefined : n;
  }

  str(index: number): string | undefined {
    const special = this.specials.get(this.at + index);
    return typeof special === 'string' ? special : undefined;
  }
}

class RowWhere implements Where {
  readonly #args: RowArgs;
  row = 0;
  line = 0;
  pid = -1;
  cpu = -1;

  constructor(args: RowArgs) {
    this.#args = args;
  }

  time(): string {
    const { data, specials } = this.#args;
    const [digits = Number.NaN, decimals = 0] = [data[this.row + 4], data[this.row + 5]];
    if (Number.isNaN(digits)) return String(specials.get(this.row + 4) ?? '');
    const text = String(digits).padStart(decimals + 1, '0');
    return decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
  }

  comm(): string {
    return String(this.#args.specials.get(this.row) ?? '');
  }
}

/** Gives a batch's rows to a sink in their order, with the bindings of this thread's table. */
export class BatchReader {
  readonly #table: ProbeTable;
  readonly #sink: ProbeSink;
  readonly #args = new RowArgs();
  readonly #where = new RowWhere(this.#args);

  constructor(table: ProbeTable, sink: ProbeSink) {
    this.#table = table;
    this.#sink = sink;
  }

  read({ data, length, specials }: EventBatch): void {
    const args = this.#args;
    const where = this.#where;
    args.data = data;
    args.specials = new Map(specials);
    const { bindings } = this.#table;
    for (let at = 0; at < length; ) {
      const what = data[at] ?? LOSS;
      where.row = at;
      where.line = data[at + 1] ?? 0;
      where.pid = data[at + 2] ?? -1;
      where.cpu = data[at + 3] ?? -1;
      args.at = at + HEAD;
      const binding = bindings[what];
      if (binding === undefined) {
        const count = data[at + 4] ?? Number.NaN;
        this.#sink.loss(where.cpu, Number.isNaN(count) ? undefined : count, where.line);
        at += HEAD;
      } else {
        this.#sink.probe(binding, args, where);
        at += HEAD + binding.spec.args.length;
      }
    }
  }
}
