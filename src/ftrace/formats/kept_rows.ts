// Rows that can be put into the order of time only when the input is over: until then as text, outside of V8's heap.
import { TextLog } from '../../base/text_log.ts';
import type { Row, RowField } from './row_decoder.ts';
import { nanoseconds } from './time_text.ts';

/** A row, and what is known of it when the input is over. */
export interface KeptRow {
  readonly row: Row;
  /** Events of its CPU are missing before it. */
  readonly isBehindLoss: boolean;
}

/** Names that are kept once: of fields there are some hundred in a trace. */
const MAX_NAMES = 4096;

/** By its number, or as it is. */
type Name = number | string;

/** As JSON has it: the time in nanoseconds, names and values of fields by turns. */
type Text = readonly [
  line: number,
  byte: number,
  pid: number,
  cpu: number,
  isBehindLoss: boolean,
  time: string,
  name: Name,
  fields: readonly Name[],
];

export class KeptRows {
  readonly #texts = new TextLog();
  readonly #places: number[] = [];
  /** Nanoseconds are counted beyond what a number holds. */
  readonly #seconds: number[] = [];
  readonly #rest: number[] = [];
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.#places.length;
  }

  /** `time`: digits of a count of nanoseconds. */
  add({ line, byte, pid, cpu, name, fields }: Omit<Row, 'time' | 'comm'>, time: string, isBehindLoss: boolean): void {
    const flat: Name[] = [];
    for (const field of fields) flat.push(this.#numbered(field.name), field.value);
    const text: Text = [line, byte, pid, cpu, isBehindLoss, time, this.#numbered(name), flat];
    this.#places.push(this.#texts.add(JSON.stringify(text)));
    this.#seconds.push(Number(time.slice(0, -9)));
    this.#rest.push(Number(time.slice(-9)));
  }

  /** All of them in the order of time; of one time, in that in which they were added. */
  *inOrder(commOf: (pid: number) => string): Generator<KeptRow> {
    const seconds = this.#seconds;
    const rest = this.#rest;
    const order = Uint32Array.from(this.#places.keys());
    order.sort((a, b) => at(seconds, a) - at(seconds, b) || at(rest, a) - at(rest, b) || a - b);
    for (const index of order) yield this.#read(at(this.#places, index), commOf);
  }

  #read(place: number, commOf: (pid: number) => string): KeptRow {
    const [line, byte, pid, cpu, isBehindLoss, time, name, flat] = JSON.parse(this.#texts.text(place)) as Text;
    const fields: RowField[] = [];
    for (let i = 0; i < flat.length; i += 2) fields.push({ name: this.#named(flat[i]), value: String(flat[i + 1]) });
    const row = { line, byte, pid, cpu, time: nanoseconds(time), comm: commOf(pid), name: this.#named(name), fields };
    return { row, isBehindLoss };
  }

  #numbered(name: string): Name {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#names.length === MAX_NAMES) return name;
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  #named(name: Name = ''): string {
    return typeof name === 'number' ? (this.#names[name] ?? '') : name;
  }
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}
