// babeltrace2's text of a CTF trace (perf data convert --to-ctf, LTTng): `[time] (+delta) event: { cpu_id = 1 }, { k = v }`.
// Source: babeltrace plugins/text/pretty/print.c.
import { latin1 } from '../bytes.ts';
import { LineReader, type LineSink } from '../line_reader.ts';
import { unescapeC } from './escapes.ts';
import type { ByteReader, Format, Targets } from './format.ts';
import type { RowField } from './row_decoder.ts';
import { secondsOf } from './time_text.ts';

/** What stands before the first brace: with --fields, the names of trace, host, domain and process too. */
const HEAD = /^\[([\d:. -]+)\] (?:\(\+[\d.?]+\) )?(?:[^{}"]{0,200} )?([\w:.-]{1,200}): (?=\{)/;
/** A time of the kernel's log, in microseconds. */
const LOGGED = /^\[ *\d+\.\d{6}\]/;
const DISCARDED = /^(?:WARNING:|\[warning\]) Tracer (?:may have )?discarded (?:(\d+) )?/;
const FIELD = /\s*([\w:.]+) = /y;
/** Anything between quotes, with its escapes. */
const QUOTED = /"(?:[^"\\]|\\.)*"/sy;
const STRING = /^"(.*)"$/s;
const NUMBER = /^(?:-?\d+|0x[0-9a-fA-F]+|0b[01]+)$/;
/** An enumeration: its names, then its value. */
const ENUM = /^\( .* : container = (-?\w+) \)$/s;

export const babeltrace: Format = {
  name: 'babeltrace',
  what: 'the text that babeltrace2 prints of a CTF trace (perf data convert --to-ctf, LTTng)',
  sign: 'the first line is `[time] (+delta) event: { ... }, { name = value, ... }`',
  recognise: (line) => (HEAD.test(line) && !LOGGED.test(line)) || DISCARDED.test(line),
  open: (targets) => new Babeltrace(targets),
};

class Babeltrace implements ByteReader, LineSink {
  readonly #targets: Targets;
  readonly #lines = new LineReader(this);

  constructor(targets: Targets) {
    this.#targets = targets;
    targets.rows.stats.layouts.add('babeltrace');
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
  }

  line(buf: Uint8Array, start: number, end: number, number: number, cut: boolean): void {
    const { rows } = this.#targets;
    rows.stats.lines = number;
    const text = latin1(buf, start, end);
    if (text.trim() === '') return;
    const discarded = DISCARDED.exec(text);
    if (discarded !== null) {
      rows.lost(-1, discarded[1] === undefined ? undefined : Number(discarded[1]), number);
      return;
    }
    const byte = this.#lines.offset;
    const [head, stamp = '', name = ''] = cut ? [] : (HEAD.exec(text) ?? []);
    const blocks = head === undefined ? undefined : parseBlocks(text, head.length);
    const payload = blocks?.at(-1);
    const time = secondsOf(stamp);
    if (blocks === undefined || payload === undefined || time === undefined) {
      rows.damaged({ line: number, byte, cpu: -1 }, cut ? 'the line is cut off' : 'it is no event of babeltrace2');
      return;
    }
    const value = (name: string) => firstValue(blocks, name);
    const cpu = Number(value('cpu_id') ?? -1);
    const pid = Number(value('perf_tid') ?? value('tid') ?? value('vtid') ?? value('common_pid') ?? -1);
    rows.row({ line: number, byte, cpu, pid, time, comm: value('procname') ?? '<...>', name, fields: payload });
  }
}

/** The first of this name. */
function firstValue(blocks: readonly (readonly RowField[])[], name: string): string | undefined {
  for (const fields of blocks) for (const field of fields) if (field.name === name) return field.value;
  return undefined;
}

/** `{ a = 1 }, { b = 2 }` from `at` to the end of the line; undefined where it is something else. */
function parseBlocks(text: string, at: number): RowField[][] | undefined {
  const blocks: RowField[][] = [];
  let p = at;
  while (text[p] === '{') {
    const fields: RowField[] = [];
    p = parseBlock(text, p + 1, fields);
    if (p < 0) return undefined;
    blocks.push(fields);
    if (p === text.length) return blocks;
    if (!text.startsWith(', ', p)) return undefined;
    p += 2;
  }
  return undefined;
}

/** Fields up to the closing brace; returns the place behind it, or -1. */
function parseBlock(text: string, at: number, fields: RowField[]): number {
  let p = at;
  while (!text.startsWith(' }', p)) {
    const name = match(FIELD, text, p);
    if (name === null) return -1;
    const start = p + name[0].length;
    const end = valueEnd(text, start);
    if (end < 0) return -1;
    const value = scalar(text.slice(start, end));
    if (value !== undefined) fields.push({ name: name[1] ?? '', value });
    p = text[end] === ',' ? end + 1 : end;
  }
  return p + 2;
}

/** Undefined for structures and arrays. */
function scalar(text: string): string | undefined {
  const string = STRING.exec(text)?.[1];
  if (string !== undefined) return unescapeC(string);
  if (NUMBER.test(text)) return text.startsWith('0b') ? `${BigInt(text)}` : text;
  return ENUM.exec(text)?.[1];
}

/** Behind the value at `at`, whatever it is: number, text, enumeration, structure or array; -1 where it does not end. */
function valueEnd(text: string, at: number): number {
  let depth = 0;
  let p = at;
  while (p < text.length) {
    const c = text[p];
    if (c === '"') {
      const string = match(QUOTED, text, p);
      if (string === null) return -1;
      p += string[0].length;
      continue;
    }
    if (depth === 0 && (c === ',' || (c === ' ' && text[p + 1] === '}'))) return p;
    if (c === '{' || c === '[' || c === '(') depth++;
    else if (c === '}' || c === ']' || c === ')') depth--;
    p++;
  }
  return -1;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
