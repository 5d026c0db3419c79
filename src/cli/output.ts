// Where the result goes, and how it is coloured.
import { writeReport } from '../io/trace_file.ts';

export type ColorWhen = 'auto' | 'always' | 'never';

export interface OutputOptions {
  readonly output?: string;
  readonly color?: ColorWhen | true;
}

/** Writes to the file of `-o`, else to standard output. */
export function emit(text: string, options: OutputOptions): void {
  if (options.output === undefined || options.output === '-') process.stdout.write(text);
  else writeReport(options.output, text);
}

/** Colours on a terminal only, unless --color, FORCE_COLOR or NO_COLOR say otherwise; never in a file. */
export function isColored(options: OutputOptions): boolean {
  const { color, output } = options;
  if (color === 'always' || color === true) return true;
  if (color === 'never' || (output !== undefined && output !== '-')) return false;
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return process.stdout.isTTY === true && TERM !== 'dumb';
}

/** Lines are wrapped for a terminal only: in a file or a pipe each finding stays on one line. */
export function terminalWidth({ output }: OutputOptions): number | undefined {
  if (process.stdout.isTTY !== true || (output !== undefined && output !== '-')) return undefined;
  return Math.max(60, Math.min(process.stdout.columns, 120));
}
