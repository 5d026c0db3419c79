// The reader of text with somebody who looks on: at each line, and at each entry of the tracer's ring buffer.
import type { ProbeSink } from '../ftrace/event_decoder.ts';
import { LineReader } from '../ftrace/line_reader.ts';
import type { ProbeTable } from '../ftrace/probe_table.ts';
import type { FtraceRecord } from '../ftrace/record.ts';
import { TextDecoder } from '../ftrace/text_decoder.ts';

export interface TextWatcher {
  /** `read` decodes the line; its last one may be cut off. */
  line(read: () => void, cut: boolean): void;
  /** Within a line, or alone where a format takes its entries apart itself. */
  entry(rec: FtraceRecord, read: () => void): void;
}

export class WatchedText extends TextDecoder {
  readonly #watcher: TextWatcher;

  constructor(table: ProbeTable, probes: ProbeSink, watcher: TextWatcher) {
    super(table, { event: () => {}, loss: () => {} }, probes);
    this.#watcher = watcher;
  }

  /** Each line is looked at. */
  override reader(): LineReader {
    return new LineReader(this);
  }

  override line(buf: Uint8Array, start: number, end: number, number: number, cut: boolean): void {
    this.#watcher.line(() => super.line(buf, start, end, number, cut), cut);
  }

  override entry(rec: FtraceRecord): void {
    this.#watcher.entry(rec, () => super.entry(rec));
  }
}
