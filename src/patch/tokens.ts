// C code of one side of a hunk as tokens: enough to tell functions, calls and arguments, without comments and directives.
import type { DiffLine } from './unified_diff.ts';

export interface Token {
  /** An identifier, a number, one character of punctuation, `->`, or a literal. */
  readonly text: string;
  /** Index into the side's lines. */
  readonly row: number;
  /** It begins its line, with nothing before it. */
  readonly flush: boolean;
}

const WORD = /[A-Za-z_]\w*/y;
const NUMBER = /[0-9][\w.]*/y;
const STRING = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?/y;
const ARROW = /->/y;

/** A hunk may begin and end anywhere, also within a comment. */
export function tokensOf(lines: readonly DiffLine[]): Token[] {
  const tokens: Token[] = [];
  let comment = beginsInComment(lines);
  let directive = false;
  for (const [row, { text, bare }] of lines.entries()) {
    if (directive || (!comment && text.trimStart().startsWith('#'))) {
      directive = text.endsWith('\\');
      continue;
    }
    // A line of a kernel-doc comment whose beginning is not shown.
    if (!comment && /^\s*\*(?:\s|$)/.test(text)) continue;
    let at = 0;
    while (at < text.length) {
      if (comment) {
        const end = text.indexOf('*/', at);
        comment = end < 0;
        at = end < 0 ? text.length : end + 2;
      } else if (text.startsWith('/*', at)) {
        comment = true;
        at += 2;
      } else if (text.startsWith('//', at)) {
        break;
      } else if (text[at] === ' ' || text[at] === '\t') {
        at++;
      } else {
        const token = tokenAt(text, at);
        tokens.push({ text: token, row, flush: at === 0 && !bare });
        at += token.length;
      }
    }
  }
  return tokens;
}

/** A comment ends before one begins. */
function beginsInComment(lines: readonly DiffLine[]): boolean {
  for (const { text } of lines) {
    const [begin, end] = [text.indexOf('/*'), text.indexOf('*/')];
    if (end >= 0 && (begin < 0 || end < begin)) return true;
    if (begin >= 0) return false;
  }
  return false;
}

function tokenAt(text: string, at: number): string {
  for (const form of [WORD, NUMBER, STRING, ARROW]) {
    form.lastIndex = at;
    const match = form.exec(text);
    if (match !== null) return match[0];
  }
  return text[at] ?? '';
}

/** Tokens as code with single blanks, as the kernel sets them. */
export function codeOf(tokens: readonly Token[]): string {
  let code = '';
  let before = '';
  for (const { text } of tokens) {
    if (code !== '' && isSpaced(before, text)) code += ' ';
    code += text;
    before = text;
  }
  return code;
}

function isSpaced(before: string, after: string): boolean {
  if (/^(?:[,;)\].]|->)$/.test(after) || /^(?:[([.!~&]|->)$/.test(before)) return false;
  if (after === '(' || after === '[') return !/^[\w)\]]/.test(before);
  return before !== '*' || !/^[\w(*]/.test(after);
}
