// One file of a trace to events, whatever it is: bytes of any format in their order, or a trace.dat at any place.
import type { Diagnostic } from '../events/diagnostic.ts';
import { DatDecoder } from './dat_decoder.ts';
import { EventDecoder } from './event_decoder.ts';
import { type ByteReader, type ColumnNames, type InputName, InputReader, RowDecoder } from './formats/index.ts';
import type { ProbeTable } from './probe_table.ts';
import { type EventSink, TextDecoder, type TraceStats } from './text_decoder.ts';
import { type ByteSource, type Decompressors, TraceDat } from './trace_dat/index.ts';

export interface ReaderOptions {
  /** As messages name it. */
  readonly file: string;
  readonly table: ProbeTable;
  readonly sink: EventSink;
  /** The format of what push() gets, where its content must not tell. */
  readonly input?: InputName | undefined;
  /** What the columns of a CSV are called. */
  readonly columns?: ColumnNames | undefined;
}

export class TraceReader {
  readonly file: string;
  readonly stats: TraceStats;
  readonly diagnostics: Diagnostic[];
  /** Of a trace.dat, which names it. */
  clock: string | undefined;
  readonly #table: ProbeTable;
  readonly #text: TextDecoder;
  readonly #events: EventDecoder;
  readonly #input: ByteReader;
  #dat: DatDecoder | undefined;

  constructor({ file, table, sink, input, columns = {} }: ReaderOptions) {
    this.file = file;
    this.#table = table;
    this.#text = new TextDecoder(table, sink);
    this.stats = this.#text.stats;
    this.diagnostics = this.#text.diagnostics;
    this.#events = new EventDecoder(sink, this.diagnostics);
    const rows = new RowDecoder(table, this.#events, this.stats, this.diagnostics);
    this.#input = new InputReader({ text: this.#text, rows, columns, file }, input);
  }

  /** It is a trace.dat, which readSome() reads; a sentence where it is none. */
  openTraceDat(source: ByteSource, decompressors: Decompressors): string | undefined {
    const dat = TraceDat.open(source, decompressors);
    if (!(dat instanceof TraceDat)) return `byte ${dat.offset}: ${dat.message}`;
    this.clock = dat.clock;
    this.#dat = new DatDecoder(dat, this.#table, this.#events, this.stats);
    return undefined;
  }

  /** So many records of a trace.dat; false: there are no more. */
  readSome(limit: number): boolean {
    return this.#dat?.run(limit) === true;
  }

  /** The next bytes of anything else. */
  push(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  /** All was read. */
  end(): void {
    if (this.#dat !== undefined) this.diagnostics.push(...this.#dat.finish());
    this.#input.end();
    this.#text.finish();
  }
}
