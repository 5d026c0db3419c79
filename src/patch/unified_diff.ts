// Unified diffs as git and diff -u write them, and as mail programs leave them: blanks at the beginning of lines stripped,
// blank lines gone. Source: git-diff(1), POSIX diff -u, apply.c of git for what is corrupt.
import { UserError } from '../base/user_error.ts';
import type { SourceLine } from './mail.ts';

export interface DiffLine {
  readonly kind: ' ' | '+' | '-';
  readonly text: string;
  /** In the patch's file. */
  readonly line: number;
  /** Its first blank is lost: how far it was indented is not known. */
  readonly bare: boolean;
}

export interface Hunk {
  /** Of its `@@`. */
  readonly line: number;
  /** What stands behind the second `@@`: as a rule the function that it is in. */
  readonly section: string;
  readonly lines: readonly DiffLine[];
  /** Blanks are lost: context lines may be missing. */
  readonly damaged: boolean;
}

export interface FileDiff {
  /** Below the tree, of the new file, of the old one where it is deleted. */
  readonly path: string;
  readonly hunks: readonly Hunk[];
}

interface Header {
  readonly oldCount: number;
  readonly newCount: number;
  readonly section: string;
}

const HUNK = /^@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@(.*)$/;

/** Reads all diffs of a mail or a bare diff. Throws UserError, naming file and line, where one is damaged past reading. */
export function readDiffs(name: string, lines: readonly SourceLine[]): FileDiff[] {
  const files: { path: string; hunks: Hunk[] }[] = [];
  let at = 0;
  while (at < lines.length) {
    const text = lines[at]?.text ?? '';
    if (text.startsWith('diff --git ')) {
      files.push({ path: gitPath(text), hunks: [] });
      at++;
    } else if (isFileHeader(lines, at)) {
      const path = pathOf(lines, at);
      const open = files.at(-1);
      if (open !== undefined && open.hunks.length === 0 && lines[at - 1] !== undefined && isGitHeader(lines, at))
        open.path = path;
      else files.push({ path, hunks: [] });
      at += 2;
    } else if (text.startsWith('@@')) {
      const { hunk, end } = readHunk(name, lines, at);
      const open = files.at(-1);
      if (open === undefined) throw fault(name, lines[at], 'a hunk of no file: its --- and +++ lines are missing');
      open.hunks.push(hunk);
      at = end;
    } else {
      at++;
    }
  }
  return files;
}

function fault(name: string, at: SourceLine | undefined, what: string): UserError {
  return new UserError(`${name}: line ${at?.line ?? 0}: ${what}`);
}

/** `--- a/file` with `+++ b/file` behind it. */
function isFileHeader(lines: readonly SourceLine[], at: number): boolean {
  return (lines[at]?.text.startsWith('--- ') ?? false) && (lines[at + 1]?.text.startsWith('+++ ') ?? false);
}

/** The lines between `diff --git` and `---`: index, mode, similarity. */
function isGitHeader(lines: readonly SourceLine[], at: number): boolean {
  for (let p = at - 1; p >= 0 && at - p < 16; p--) {
    const text = lines[p]?.text ?? '';
    if (text.startsWith('diff --git ')) return true;
    if (!/^(?:index|old|new|deleted|similarity|dissimilarity|rename|copy)\b/.test(text)) return false;
  }
  return false;
}

/** `diff --git a/x b/x`: a name without blanks, or both the same. */
function gitPath(text: string): string {
  const names = text.slice('diff --git '.length);
  const half = (names.length - 1) / 2;
  if (names.slice(0, half).slice(2) === names.slice(half + 1).slice(2)) return names.slice(half + 1).slice(2);
  return stripped(names.split(' ').at(-1) ?? '');
}

function pathOf(lines: readonly SourceLine[], at: number): string {
  const [before = '', after = ''] = [lines[at]?.text.slice(4), lines[at + 1]?.text.slice(4)].map((one) =>
    one?.split('\t')[0]?.trim(),
  );
  return stripped(after === '/dev/null' ? before : after);
}

/** The first folder is `a/`, `b/`, or a name of the tree: what is left begins at a folder of the kernel's tree. */
function stripped(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(slash + 1);
}

function readHunk(name: string, lines: readonly SourceLine[], at: number): { hunk: Hunk; end: number } {
  const head = lines[at];
  const match = HUNK.exec(head?.text ?? '');
  if (head === undefined || match === null) {
    const what =
      head?.text.startsWith('@@@') === true
        ? 'a merge’s combined diff, which is not understood'
        : 'not the head of a hunk';
    throw fault(name, head, `${what}: expected @@ -from,count +from,count @@`);
  }
  const [, oldCount = '1', newCount = '1', section = ''] = match;
  const header = { oldCount: Number(oldCount), newCount: Number(newCount), section: section.trim() };
  const whole = readWhole(lines, at, header);
  if (typeof whole === 'number') {
    const mended = readDamaged(lines, at, header);
    if (mended === undefined) throw whyNot(name, lines, at, whole);
    return mended;
  }
  return whole;
}

/** Where the head's counts and the lines agree; else the index of the line that does not fit. */
function readWhole(lines: readonly SourceLine[], at: number, header: Header): { hunk: Hunk; end: number } | number {
  let { oldCount: old, newCount: now } = header;
  const own: DiffLine[] = [];
  let end = at + 1;
  for (; old > 0 || now > 0; end++) {
    const line = lines[end];
    const kind = line === undefined ? undefined : line.text === '' ? ' ' : line.text[0];
    if (line === undefined || kind === undefined) return end;
    if (kind === '\\') continue;
    if (kind !== ' ' && kind !== '+' && kind !== '-') return end;
    if (kind !== '+' && old-- === 0) return end;
    if (kind !== '-' && now-- === 0) return end;
    own.push({ kind, text: line.text.slice(1), line: line.line, bare: false });
  }
  while (lines[end]?.text.startsWith('\\')) end++;
  if (isMore(lines, end)) return end;
  const line = lines[at]?.line ?? 0;
  return { hunk: { line, section: header.section, lines: own, damaged: false }, end };
}

/** A line that is added or removed behind the last one that the head counts. */
function isMore(lines: readonly SourceLine[], at: number): boolean {
  const text = lines[at]?.text ?? '';
  return /^\+|^-(?!-)/.test(text);
}

/**
 * A hunk of which a mail program has taken all first blanks, and whole blank lines: what is added and removed must still
 * add up, and not more context may stand there than was. undefined where that is not so, or a first blank is left.
 */
function readDamaged(
  lines: readonly SourceLine[],
  at: number,
  header: Header,
): { hunk: Hunk; end: number } | undefined {
  const own: DiffLine[] = [];
  let [added, removed, context, bare] = [0, 0, 0, 0];
  let end = at + 1;
  for (; end < lines.length; end++) {
    const line = lines[end];
    const text = line?.text ?? '';
    const balanced = added - removed === header.newCount - header.oldCount;
    if (line === undefined || isHunkEnd(lines, end, balanced)) break;
    const mark = text[0] ?? ' ';
    if (mark === '\\') continue;
    const kind = mark === '+' || mark === '-' ? mark : ' ';
    if (balanced && kind === ' ' && context + removed === header.oldCount) break;
    if (kind === '+') added++;
    else if (kind === '-') removed++;
    else context++;
    if (kind === ' ' && /^\s/.test(text)) return undefined;
    const lost = kind === ' ' && text !== '';
    if (lost) bare++;
    if (removed + context > header.oldCount || added + context > header.newCount) return undefined;
    own.push({ kind, text: lost ? text : text.slice(1), line: line.line, bare: lost });
  }
  if (bare === 0 || added - removed !== header.newCount - header.oldCount) return undefined;
  const line = lines[at]?.line ?? 0;
  return { hunk: { line, section: header.section, lines: own, damaged: true }, end };
}

function isHunkEnd(lines: readonly SourceLine[], at: number, balanced: boolean): boolean {
  const text = lines[at]?.text ?? '';
  if (text.startsWith('diff --git ') || text.startsWith('@@ ') || isFileHeader(lines, at)) return true;
  return balanced && (/^-- ?$/.test(text) || text.startsWith('>') || /^On .*wrote:/.test(text));
}

function whyNot(name: string, lines: readonly SourceLine[], at: number, wrong: number): UserError {
  const begun = `the hunk of line ${lines[at]?.line ?? 0}`;
  const line = lines[wrong];
  if (line === undefined) return fault(name, lines.at(-1), `the patch ends within ${begun}`);
  if (isMore(lines, wrong)) return fault(name, line, `${begun} has another number of lines than its head says`);
  return fault(name, line, `no line of a hunk, but ${begun} should go on`);
}
