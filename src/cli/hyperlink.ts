// Links of a terminal (OSC 8) to the lines of traces, where the terminal is known to understand them.
import { hostname } from 'node:os';
import { pathToFileURL } from 'node:url';
import { isColored, type OutputOptions } from './output.ts';

const PROGRAMS: ReadonlySet<string | undefined> = new Set(['iTerm.app', 'WezTerm', 'vscode', 'ghostty']);
const TERMS = /^(?:xterm-kitty|xterm-ghostty|alacritty|foot)(?:-|$)/;

/** The first VTE that knows links and does not fall over them. */
const VTE = 5000;

/** Never in a file or a pipe; on a terminal FORCE_HYPERLINK=1 or 0 overrides what is known of it. */
export function hasLinks(options: OutputOptions): boolean {
  const { output } = options;
  if (process.stdout.isTTY !== true || (output !== undefined && output !== '-')) return false;
  const { FORCE_HYPERLINK: forced = '' } = process.env;
  return forced === '' ? isColored(options) && isKnown(process.env) : forced !== '0' && forced !== 'false';
}

function isKnown({ TERM = '', TERM_PROGRAM, VTE_VERSION, WT_SESSION = '' }: NodeJS.ProcessEnv): boolean {
  if (/^(?:screen|tmux|dumb)/.test(TERM)) return false; // the variables may be those of the terminal around
  return PROGRAMS.has(TERM_PROGRAM) || TERMS.test(TERM) || Number(VTE_VERSION) >= VTE || WT_SESSION !== '';
}

/** The text as a link to a line of a file. Whatever the file's name is, the URL holds printable ASCII only. */
export function linked(text: string, file: string, line: number): string {
  if (file === '-' || line === 0) return text;
  const url = pathToFileURL(file);
  return `\u001b]8;;file://${encodeURIComponent(hostname())}${url.pathname}#${line}\u001b\\${text}\u001b]8;;\u001b\\`;
}
