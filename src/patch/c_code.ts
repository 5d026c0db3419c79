// One side of a hunk, before or after, as C code: which function each line is in, what is defined or declared, what is called.
import { membersSet, type RequestMember } from './map_requests.ts';
import { codeOf, type Token, tokensOf } from './tokens.ts';
import type { DiffLine, Hunk } from './unified_diff.ts';

/** Rows are indices into the side's lines. */
interface Rows {
  readonly first: number;
  readonly last: number;
}

export interface Declaration extends Rows {
  readonly name: string;
  readonly params: readonly string[];
  /** With a body; else a prototype. */
  readonly isDefinition: boolean;
}

export interface Call extends Rows {
  readonly callee: string;
  readonly args: readonly string[];
  /** undefined where the hunk does not show it. */
  readonly inFunction: string | undefined;
}

export interface CodeSide {
  readonly lines: readonly DiffLine[];
  /** By row: the function, its head included; undefined outside and where it is not known. */
  readonly owners: readonly (string | undefined)[];
  readonly declarations: readonly Declaration[];
  readonly calls: readonly Call[];
  /** In the order of the lines. */
  readonly requestMembers: readonly RequestMember[];
  /** Names that are given a value: enumerators, tables, variables. */
  readonly values: readonly { readonly name: string; readonly row: number }[];
}

const NOT_CALLED = new Set(['if', 'while', 'for', 'switch', 'return', 'sizeof', 'typeof', '__attribute__', 'defined']);
/** A call or a head that is longer is none. */
const LONGEST = 400;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

export function readSide(hunk: Hunk, without: '+' | '-'): CodeSide {
  const lines = hunk.lines.filter(({ kind }) => kind !== without);
  return new Reader(lines, tokensOf(lines), sectionFunction(hunk.section)).read();
}

/** `drm_gpuvm_sm_unmap(struct drm_gpuvm *gpuvm, void *priv,` names a function, `struct drm_gpuvm_ops {` none. */
function sectionFunction(section: string): string | undefined {
  return section.includes('=') ? undefined : /\b([A-Za-z_]\w*)\(/.exec(section)?.[1];
}

class Reader {
  readonly #lines: readonly DiffLine[];
  readonly #tokens: readonly Token[];
  readonly #owners: (string | undefined)[];
  readonly #declarations: Declaration[] = [];
  readonly #calls: Call[] = [];
  /** The closing bracket of each opening one, by index of the token. */
  readonly #closing: ReadonlyMap<number, number>;
  /** A hunk begins within a function until something shows that it does not. */
  #topLevel = false;
  /** The function that the next token is in, where its name is known. */
  #inside: string | undefined;
  /** Braces since its body began; undefined where it began before the hunk. */
  #depth: number | undefined;
  #ownedTo = 0;

  constructor(lines: readonly DiffLine[], tokens: readonly Token[], section: string | undefined) {
    this.#lines = lines;
    this.#tokens = tokens;
    this.#owners = new Array<string | undefined>(lines.length).fill(undefined);
    this.#closing = closingBrackets(tokens);
    this.#inside = section;
  }

  read(): CodeSide {
    const tokens = this.#tokens;
    let at = 0;
    while (at < tokens.length) {
      if (!this.#topLevel && this.#isTopLevel(at)) this.#leave(tokens[at]?.row ?? 0);
      if (this.#topLevel) at = this.#declaration(at);
      else this.#statement(at++);
    }
    this.#own(this.#lines.length);
    const values = tokens.flatMap(({ text, row }, index) => (this.#isValued(index) ? [{ name: text, row }] : []));
    return {
      lines: this.#lines,
      owners: this.#owners,
      declarations: this.#declarations,
      calls: this.#calls,
      requestMembers: membersSet(tokens),
      values,
    };
  }

  #isValued(at: number): boolean {
    const [name, sign, value] = [this.#tokens[at], this.#tokens[at + 1], this.#tokens[at + 2]];
    return sign?.text === '=' && value?.text !== '=' && IDENTIFIER.test(name?.text ?? '');
  }

  /** The rows up to this one belong to the function that is open. */
  #own(end: number): void {
    if (this.#inside !== undefined) this.#owners.fill(this.#inside, this.#ownedTo, end);
    this.#ownedTo = Math.max(this.#ownedTo, end);
  }

  #leave(end: number): void {
    this.#own(end);
    this.#topLevel = true;
    this.#inside = undefined;
    this.#depth = undefined;
  }

  /** In kernel style a body is indented, its braces and labels aside. */
  #isTopLevel(at: number): boolean {
    const [token, next] = [this.#tokens[at], this.#tokens[at + 1]];
    if (token === undefined || this.#tokens[at - 1]?.row === token.row || !IDENTIFIER.test(token.text)) return false;
    if (token.flush) return next?.text !== ':';
    return this.#lines[token.row]?.bare === true && /^(?:static|extern|EXPORT_SYMBOL\w*)$/.test(token.text);
  }

  /** One token within a function: a call, a brace, or anything else. */
  #statement(at: number): void {
    const token = this.#tokens[at];
    if (token === undefined) return;
    if (token.text === '{' && this.#depth !== undefined) this.#depth++;
    if (token.text === '}') {
      if (this.#depth !== undefined) this.#depth--;
      if (this.#depth === 0 || (token.flush && this.#depth === undefined)) this.#leave(token.row + 1);
    }
    const close = this.#tokens[at + 1]?.text === '(' ? this.#closing.get(at + 1) : undefined;
    if (close === undefined || close - at > LONGEST) return;
    if (!IDENTIFIER.test(token.text) || NOT_CALLED.has(token.text)) return;
    this.#calls.push({
      callee: token.text,
      args: this.#list(at + 1, close),
      inFunction: this.#inside,
      first: token.row,
      last: this.#tokens[close]?.row ?? token.row,
    });
  }

  /** At the top level: one declaration or definition; returns where the next begins. */
  #declaration(start: number): number {
    const tokens = this.#tokens;
    let name = -1;
    let valued = false;
    for (let at = start; at < tokens.length; at++) {
      const text = tokens[at]?.text;
      if (text === '=') valued = true;
      if (text === '(') {
        const close = this.#closing.get(at);
        if (close === undefined) return at + 1;
        if (name < 0 && !valued && at > start && IDENTIFIER.test(tokens[at - 1]?.text ?? '')) name = at - 1;
        at = close;
      } else if (text === ';' || text === '}') {
        // A macro, such as EXPORT_SYMBOL(), has no type before it; the type of a head may stand above the hunk.
        if (text === ';' && name > start) this.#declare(name, start, false);
        return at + 1;
      } else if (text === '{') {
        return name < 0 ? this.#skipBraces(at) : this.#body(name, start, at);
      }
    }
    // Cut off by the end of the hunk, behind a whole head.
    if (name > start) this.#declare(name, start, true);
    return tokens.length;
  }

  #declare(name: number, start: number, isDefinition: boolean): void {
    const close = this.#closing.get(name + 1);
    const token = this.#tokens[name];
    if (close === undefined || token === undefined || close - start > LONGEST) return;
    const rows = { first: this.#tokens[start]?.row ?? 0, last: this.#tokens[close]?.row ?? 0 };
    this.#declarations.push({ name: token.text, params: this.#list(name + 1, close), isDefinition, ...rows });
  }

  #body(name: number, start: number, brace: number): number {
    this.#declare(name, start, true);
    this.#own(this.#tokens[start]?.row ?? 0);
    this.#topLevel = false;
    this.#inside = this.#tokens[name]?.text;
    this.#depth = 1;
    return brace + 1;
  }

  /** Behind the body of a struct, an enum or a table. */
  #skipBraces(open: number): number {
    let depth = 0;
    for (let at = open; at < this.#tokens.length; at++) {
      const text = this.#tokens[at]?.text;
      if (text === '{') depth++;
      if (text === '}' && --depth === 0) return at + 1;
    }
    return this.#tokens.length;
  }

  /** What stands between two brackets, divided by commas. */
  #list(open: number, close: number): string[] {
    const parts: string[] = [];
    let from = open + 1;
    for (let at = from; at <= close; at++) {
      const inner = this.#closing.get(at);
      if (inner !== undefined && at < close) at = inner;
      else if (at === close || this.#tokens[at]?.text === ',') {
        parts.push(codeOf(this.#tokens.slice(from, at)));
        from = at + 1;
      }
    }
    return parts.length === 1 && (parts[0] === '' || parts[0] === 'void') ? [] : parts;
  }
}

function closingBrackets(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const closing = new Map<number, number>();
  const open: number[] = [];
  for (const [at, { text }] of tokens.entries()) {
    if (text === '(') open.push(at);
    const begun = text === ')' ? open.pop() : undefined;
    if (begun !== undefined) closing.set(begun, at);
  }
  return closing;
}
