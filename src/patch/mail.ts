// What a patch comes in: a bare diff, a mail or a mailbox of them, in whatever transfer encoding. Each line keeps the number
// that it has in the file. Source: RFC 2045 (encodings), RFC 4155 (mbox), git-format-patch(1).
import { UserError } from '../base/user_error.ts';
import type { PatchText } from './effects.ts';

export interface SourceLine {
  readonly text: string;
  /** In the file, from 1. */
  readonly line: number;
}

export interface Mail {
  /** Without `[PATCH 1/2]`; empty for a bare diff. */
  readonly subject: string;
  readonly lines: readonly SourceLine[];
}

/** More than any patch of one series; the diff between two kernel releases is half as much. */
export const LARGEST_PATCH = 128 * 2 ** 20;
const DEEPEST = 4;
const HEADER = /^([A-Za-z][\w-]*):(?:\s|$)/;
const MBOX_FROM = /^From \S+.*\b\d{4}$/;

/** Throws UserError where the text is too large or an encoding is broken. */
export function mailsOf(patch: PatchText): Mail[] {
  if (patch.text.length > LARGEST_PATCH) throw new UserError(`${patch.name}: more than 128 MiB: not a patch`);
  const texts = patch.text.split('\n');
  if (texts.at(-1) === '') texts.pop();
  const lines = texts.map((text, at) => ({ text: text.endsWith('\r') ? text.slice(0, -1) : text, line: at + 1 }));
  const starts = lines.flatMap(({ text }, at) =>
    isMailStart(text, lines[at - 1]?.text, lines[at + 1]?.text) ? [at] : [],
  );
  if (starts[0] !== 0) starts.unshift(0);
  return starts.map((start, at) => readMail(patch.name, lines.slice(start, starts[at + 1])));
}

/** The line that begins each mail of a mailbox: behind a blank line, with headers behind it. */
function isMailStart(text: string, before: string | undefined, after: string | undefined): boolean {
  return MBOX_FROM.test(text) && (before === undefined || before === '') && after !== undefined && HEADER.test(after);
}

function readMail(name: string, lines: readonly SourceLine[]): Mail {
  const from = lines[0] !== undefined && MBOX_FROM.test(lines[0].text) ? 1 : 0;
  const headers = readHeaders(lines, from);
  // A text that happens to begin like a header, a bare diff's, is none of a mail.
  if (headers === undefined || !(headers.fields.has('subject') || headers.fields.has('content-transfer-encoding')))
    return { subject: '', lines };
  const subject = (headers.fields.get('subject') ?? '').replace(/^(?:\s*(?:\[[^\]]*\]|Re:|Fwd?:))+/i, '').trim();
  return { subject, lines: bodyOf(name, headers, lines, 0) };
}

interface Headers {
  /** By name in small letters, unfolded. */
  readonly fields: ReadonlyMap<string, string>;
  /** Where the body begins. */
  readonly end: number;
}

/** undefined where there are none. */
function readHeaders(lines: readonly SourceLine[], from: number): Headers | undefined {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (let at = from; at < lines.length; at++) {
    const text = lines[at]?.text ?? '';
    if (text === '') return { fields, end: at + 1 };
    const name = HEADER.exec(text)?.[1]?.toLowerCase();
    if (name !== undefined) {
      last = name;
      if (!fields.has(name)) fields.set(name, text.slice(name.length + 1).trim());
    } else if (last !== undefined && /^[ \t]/.test(text)) {
      fields.set(last, `${fields.get(last) ?? ''} ${text.trim()}`);
    } else {
      return undefined;
    }
  }
  return undefined;
}

function bodyOf(
  name: string,
  { fields, end }: Headers,
  lines: readonly SourceLine[],
  depth: number,
): readonly SourceLine[] {
  const body = lines.slice(end);
  const boundary = /boundary="?([^";]+)"?/i.exec(fields.get('content-type') ?? '')?.[1];
  if (boundary !== undefined && depth < DEEPEST)
    return partsOf(body, boundary).flatMap((part) => partBody(name, part, depth + 1));
  switch (fields.get('content-transfer-encoding')?.toLowerCase()) {
    case 'quoted-printable':
      return unquote(body);
    case 'base64':
      return unbase64(name, body);
    default:
      return body;
  }
}

function partBody(name: string, part: readonly SourceLine[], depth: number): readonly SourceLine[] {
  const headers = readHeaders(part, 0);
  return headers === undefined ? part : bodyOf(name, headers, part, depth);
}

/** The parts of a multipart body, without what stands before the first and behind the last. */
function partsOf(body: readonly SourceLine[], boundary: string): SourceLine[][] {
  const parts: SourceLine[][] = [];
  for (const line of body) {
    const mark = line.text.trimEnd();
    if (mark === `--${boundary}--`) return parts;
    if (mark === `--${boundary}`) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts;
}

/** A line that ends by `=` goes on in the next one. */
function unquote(body: readonly SourceLine[]): SourceLine[] {
  const lines: SourceLine[] = [];
  let open: { pieces: string[]; line: number } | undefined;
  for (const { text, line } of body) {
    open ??= { pieces: [], line };
    const soft = text.trimEnd();
    const more = soft.endsWith('=');
    open.pieces.push(more ? soft.slice(0, -1) : text);
    if (more) continue;
    lines.push(unquoted(open));
    open = undefined;
  }
  if (open !== undefined) lines.push(unquoted(open));
  return lines;
}

function unquoted({ pieces, line }: { pieces: readonly string[]; line: number }): SourceLine {
  const text = pieces
    .join('')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return { text: text.endsWith('\r') ? text.slice(0, -1) : text, line };
}

/** A decoded line has the number of the encoded one in which it begins. */
function unbase64(name: string, body: readonly SourceLine[]): SourceLine[] {
  const encoded = body.filter(({ text }) => text.trim() !== '');
  const ends: number[] = [];
  let length = 0;
  for (const { text } of encoded) {
    length += text.trim().length;
    ends.push(length);
  }
  let decoded: string;
  try {
    decoded = atob(encoded.map(({ text }) => text.trim()).join(''));
  } catch {
    throw new UserError(`${name}: line ${encoded[0]?.line ?? 0}: damaged base64`);
  }
  const lines: SourceLine[] = [];
  let [at, row] = [0, 0];
  for (const text of decoded.split('\n')) {
    while (row < ends.length - 1 && (ends[row] ?? 0) <= Math.floor(at / 3) * 4) row++;
    lines.push({ text: text.endsWith('\r') ? text.slice(0, -1) : text, line: encoded[row]?.line ?? 0 });
    at += text.length + 1;
  }
  return lines;
}
