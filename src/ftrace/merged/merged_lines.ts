// The numbers that events of merged files get: ascending in their common order, and which line of which file each is.
import type { LineNames, Place } from '../../events/lines.ts';

/** Where events of one file follow each other: their numbers grow as their lines do. 24 bytes each time the file changes. */
class Runs {
  readonly file: string;
  readonly numbers: number[] = [];
  /** Of the first and of the last event of each. */
  readonly lines: number[] = [];
  readonly lasts: number[] = [];

  constructor(file: string) {
    this.file = file;
  }

  /** The last run that begins at or before `value`; -1 where none does. */
  static last(starts: readonly number[], value: number): number {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

export class MergedLines implements LineNames {
  readonly files: readonly string[];
  readonly isMerged = true;
  readonly #runs: readonly Runs[];
  #latest: Runs | undefined;
  #number = 0;

  constructor(files: readonly string[]) {
    this.files = files;
    this.#runs = files.map((file) => new Runs(file));
  }

  /** The number of the event at this line of the file, which comes next. Lines of one file ascend. */
  next(file: number, line: number): number {
    const runs = this.#runs[file];
    if (runs === undefined) return 0;
    const { numbers, lines, lasts } = runs;
    const last = lasts.at(-1) ?? 0;
    if (runs === this.#latest && line >= last) {
      this.#number += line - last;
      lasts[lasts.length - 1] = line;
    } else {
      numbers.push(++this.#number);
      lines.push(line);
      lasts.push(line);
    }
    this.#latest = runs;
    return this.#number;
  }

  placeOf(number: number): Place {
    let found: Place | undefined;
    let latest = 0;
    for (const { file, numbers, lines } of this.#runs) {
      const i = Runs.last(numbers, number);
      const start = numbers[i] ?? 0;
      if (i < 0 || start <= latest) continue;
      latest = start;
      found = { file, line: (lines[i] ?? 0) + number - start };
    }
    return found ?? { file: this.files[0] ?? '', line: 0 };
  }

  name(number: number): string {
    const { file, line } = this.placeOf(number);
    return `${file}:${line}`;
  }

  cell(number: number): string {
    return this.name(number);
  }

  /** The number of the file's last event at or before a line of it; 0 where there is none. */
  before(file: number, line: number): number {
    const { numbers = [], lines = [], lasts = [] } = this.#runs[file] ?? {};
    const i = Runs.last(lines, line);
    return i < 0 ? 0 : numberIn(numbers[i], lines[i], Math.min(line, lasts[i] ?? 0));
  }

  /** The number of its first event at or behind a line; above all others where there is none. */
  behind(file: number, line: number): number {
    const { numbers = [], lines = [], lasts = [] } = this.#runs[file] ?? {};
    const i = Runs.last(lines, line);
    if (i >= 0 && line <= (lasts[i] ?? 0)) return numberIn(numbers[i], lines[i], line);
    return numbers[i + 1] ?? Number.POSITIVE_INFINITY;
  }
}

function numberIn(start = 0, first = 0, line = 0): number {
  return start + line - first;
}
