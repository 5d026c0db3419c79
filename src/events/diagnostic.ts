// What is odd about a trace itself: data, counted, reported beside the findings.

export type DiagnosticKind =
  /** A line that no known layout explains. */
  | 'unparsed'
  /** An event of ours whose arguments could not be read, or a part of the file that could not. */
  | 'damaged'
  /** The input ends within a line, or a line is too long to be one. */
  | 'cut'
  /** By a checksum or the compressed form, what was read is not what was written; where it differs is not known. */
  | 'corrupt'
  /** A probe that lacks an argument which its meaning needs. */
  | 'incomplete-probe'
  /** The tracer says that it lost or overwrote events. */
  | 'lost'
  /** The file holds fewer or more entries than its header counts. */
  | 'entry-count'
  /** A call's entry without its return, or the other way round. */
  | 'unpaired'
  /** No task in the text (context-info off). */
  | 'no-task';

export interface Diagnostic {
  readonly kind: DiagnosticKind;
  /** First place; 0 where it concerns the file as a whole. */
  readonly line: number;
  readonly message: string;
  /** Of several that were merged. */
  readonly file?: string;
  count: number;
}
