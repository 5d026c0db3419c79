// All forms in which traces come, and which of them an input is in.
import { latin1 } from '../bytes.ts';
import { babeltrace } from './babeltrace.ts';
import { bpftraceJson } from './bpftrace_json.ts';
import { csv } from './csv.ts';
import type { ByteReader, Format, InputName, Targets } from './format.ts';
import { perfettoText } from './perfetto_text.ts';
import { systraceHtml } from './systrace_html.ts';
import { dmesg, ftrace, perf, traceDat } from './text_formats.ts';

export { COLUMN_ROLES, type ColumnNames, type ColumnRole } from './csv_columns.ts';
export { type ByteReader, INPUT_NAMES, type InputName } from './format.ts';
export { RowDecoder } from './row_decoder.ts';

/** Those that a stream of bytes is read as; in the order in which they are tried. */
const streamed: readonly Format[] = [bpftraceJson, systraceHtml, perfettoText, babeltrace, csv, ftrace, perf, dmesg];

/** A sentence each, for people. */
export const formats: readonly Pick<Format, 'name' | 'what' | 'sign'>[] = [
  ftrace,
  traceDat,
  perf,
  bpftraceJson,
  babeltrace,
  csv,
  perfettoText,
  systraceHtml,
  dmesg,
];

/** Where it does not end in so many bytes, it is none of a format that its first line tells. */
const MAX_FIRST_LINE = 1 << 16;
/** So much of it is looked at. */
const MAX_LOOK = 4096;
const LF = 10;

/** Reads an input as `name` says, or as its first line that is not blank tells. */
export class InputReader implements ByteReader {
  readonly #targets: Targets;
  readonly #name: InputName | undefined;
  #reader: ByteReader | undefined;
  #head: Uint8Array = new Uint8Array(0);

  constructor(targets: Targets, name: InputName | undefined) {
    this.#targets = targets;
    this.#name = name;
  }

  push(chunk: Uint8Array): void {
    if (this.#reader !== undefined) {
      this.#reader.push(chunk);
      return;
    }
    const grown = this.#head.length === 0 ? chunk : this.#grown(chunk);
    const line = firstLine(grown.subarray(0, MAX_FIRST_LINE));
    if (line === undefined && grown.length < MAX_FIRST_LINE) this.#head = grown === chunk ? chunk.slice() : grown;
    else this.#begin(line ?? '', chunk);
  }

  end(): void {
    if (this.#reader === undefined) this.#begin(latin1(this.#head, 0, MAX_LOOK).trim(), new Uint8Array(0));
    this.#reader?.end();
  }

  #grown(chunk: Uint8Array): Uint8Array {
    const grown = new Uint8Array(this.#head.length + chunk.length);
    grown.set(this.#head);
    grown.set(chunk, this.#head.length);
    return grown;
  }

  #begin(line: string, chunk: Uint8Array): void {
    const format = streamed.find(({ name, recognise }) =>
      this.#name === undefined ? recognise?.(line, this.#targets.columns) : name === this.#name,
    );
    this.#reader = format?.open(this.#targets, line) ?? this.#targets.text.reader();
    if (this.#head.length > 0) this.#reader.push(this.#head);
    this.#head = new Uint8Array(0);
    this.#reader.push(chunk);
  }
}

/** The first line with something in it, cut to some length; undefined where none ends in these bytes. */
function firstLine(bytes: Uint8Array): string | undefined {
  let start = 0;
  for (;;) {
    const lf = bytes.indexOf(LF, start);
    if (lf < 0) return undefined;
    const line = latin1(bytes, start, Math.min(lf, start + MAX_LOOK)).trimEnd();
    if (line.trim() !== '') return line;
    start = lf + 1;
  }
}
