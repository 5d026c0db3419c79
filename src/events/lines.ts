// What the lines of a trace are called where a reader is told of them: it may be one file, or several that were merged.

export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Events carry numbers that ascend in the order of the trace; of one file they are its lines. */
export interface LineNames {
  readonly files: readonly string[];
  /** Is there more than one file? */
  readonly isMerged: boolean;
  placeOf(line: number): Place;
  /** As it stands in a sentence: `line 12`, or with the file where there are several. */
  name(line: number): string;
  /** As it stands in a column of lines. */
  cell(line: number): string;
}

export function linesOf(file: string): LineNames {
  return {
    files: [file],
    isMerged: false,
    placeOf: (line) => ({ file, line }),
    name: (line) => `line ${line}`,
    cell: String,
  };
}
