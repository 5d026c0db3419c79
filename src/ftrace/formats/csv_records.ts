// Cuts a stream of CSV into records: a line break within quotes ends none. What a record holds is csv-parse's business.
import { latin1 } from '../bytes.ts';

/** No event is longer, so a record that is has a quote that nobody closed. */
export const MAX_RECORD = 1 << 16;

const LF = 10;
const CR = 13;
const QUOTE = 34;

export interface CsvRecord {
  /** Latin1, without the line break that ends it. */
  readonly text: string;
  readonly line: number;
  /** Of its first byte in the input. */
  readonly byte: number;
}

/** start: at the first byte of a field. closed: behind a quote that closes the field, or is the first of two. */
type State = 'start' | 'plain' | 'quoted' | 'closed';

export class CsvRecords {
  readonly #delimiter: number;
  #tail: Uint8Array = new Uint8Array(0);
  /** How much of the tail was looked at. */
  #scanned = 0;
  #state: State = 'start';
  #line = 1;
  /** Line breaks within the record so far. */
  #inner = 0;
  /** Of the tail's first byte. */
  #byte = 0;
  /** The record that has no end yet is longer than any. */
  isOverlong = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** The records that end in these bytes; none behind one that is longer than any. */
  push(chunk: Uint8Array): CsvRecord[] {
    const bytes = joined(this.#tail, chunk);
    const records: CsvRecord[] = [];
    let start = 0;
    for (let p = this.#scanned; p < bytes.length; p++) {
      if (p - start === MAX_RECORD) {
        this.isOverlong = true;
        break;
      }
      const c = bytes[p] ?? 0;
      if (c === LF) this.#inner++;
      if (c !== LF || this.#state === 'quoted') {
        this.#state = this.#after(c);
        continue;
      }
      records.push({ text: latin1(bytes, start, bytes[p - 1] === CR ? p - 1 : p), line: this.#line, byte: this.#byte });
      this.#line += this.#inner;
      this.#byte += p + 1 - start;
      this.#inner = 0;
      this.#state = 'start';
      start = p + 1;
    }
    this.#tail = bytes.slice(start);
    this.#scanned = this.#tail.length;
    return records;
  }

  /** What has no end yet. */
  get rest(): CsvRecord {
    return { text: latin1(this.#tail, 0, Math.min(this.#tail.length, MAX_RECORD)), line: this.#line, byte: this.#byte };
  }

  get isQuoted(): boolean {
    return this.#state === 'quoted';
  }

  #after(c: number): State {
    if (this.#state === 'quoted') return c === QUOTE ? 'closed' : 'quoted';
    if (c === QUOTE && (this.#state === 'start' || this.#state === 'closed')) return 'quoted';
    return c === this.#delimiter ? 'start' : 'plain';
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
