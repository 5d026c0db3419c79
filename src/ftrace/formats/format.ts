// What a form in which traces come is to the rest: a name, how its content tells it, and a reader of its bytes.
import type { TextDecoder } from '../text_decoder.ts';
import type { ColumnNames } from './csv_columns.ts';
import type { RowDecoder } from './row_decoder.ts';

export const INPUT_NAMES = [
  'ftrace',
  'trace.dat',
  'perf',
  'bpftrace-json',
  'babeltrace',
  'csv',
  'perfetto',
  'systrace-html',
  'dmesg',
] as const;

export type InputName = (typeof INPUT_NAMES)[number];

/** Takes a trace's bytes in their order. */
export interface ByteReader {
  push(chunk: Uint8Array): void;
  /** The input is over. */
  end(): void;
}

/** Where a reader hands on what it found: lines or entries of the tracer's text, or rows of named values. */
export interface Targets {
  readonly text: TextDecoder;
  readonly rows: RowDecoder;
  /** What the user calls the columns of a table. */
  readonly columns: ColumnNames;
  /** As messages name it. */
  readonly file: string;
}

export interface Format {
  readonly name: InputName;
  /** What it is, and which program writes it. */
  readonly what: string;
  /** By which of its content it is known. */
  readonly sign: string;
  /** Is this (latin1, cut to some length) the first line of such a file that is not blank? None: the tracer's text decides. */
  readonly recognise?: (line: string, columns: ColumnNames) => boolean;
  /** `line`: the first one that is not blank, as above; its bytes come again. */
  readonly open: (targets: Targets, line: string) => ByteReader;
}
