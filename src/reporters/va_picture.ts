// Mappings and requests as boxes over one axis of addresses, in the way of the drawings in drm_gpuvm.c's comments.
import { add, hex, type U64 } from '../base/u64.ts';

/*
 * DOC: the drawing
 *
 *           0x110000     0x114000     0x118000     0x120000
 *           |            |            |            |
 *                                b
 *     old:  |xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|    (b.bo_offset=0x0)
 *                              d
 *     req:               |------------|                 (d.bo_offset=0x0)
 *                 b            d             b
 *     new:  |============|============|============|    (b.bo_offset=0x0, d.bo_offset=0x0, b.bo_offset=0x8000)
 *
 * Every address where something begins or ends is a column; columns are as far apart as their labels need, so the
 * drawing is not to scale. What does not fit goes below, as a further strip of the same axis. Where there are too many
 * columns, the middle ones are left out: `~` stands for what lies there.
 */

/** `gone` and `new`: the job took it away, put it there; `other`: somebody else did either. */
export type Mark = 'same' | 'gone' | 'new' | 'other';

export interface Box {
  readonly addr: U64;
  readonly range: U64;
  /** Short: the letter of its object. */
  readonly label: string;
  /** Undefined where it means nothing (NULL mappings) or is not known. */
  readonly offset: U64 | undefined;
  readonly mark: Mark;
}

export interface PictureRow {
  /** `old`, `req`, `new`. */
  readonly name: string;
  readonly boxes: readonly Box[];
}

const FILL: Record<Mark, string> = { same: '-', gone: 'x', new: '=', other: '%' };
const MAX_COLUMNS = 24;

/** A column of the drawing: an address, or (undefined) the place of those left out. */
type Column = U64 | undefined;

export function vaPicture(rows: readonly PictureRow[], width = 80): string[] {
  const all = borders(rows);
  if (all.length === 0) return [];
  const { columns, omitted } = folded(all);
  const visible = rows.map((row) => placed(row, columns));
  const margin = Math.max(...rows.map((row) => row.name.length)) + 3;
  const lines: string[] = [];
  for (const strip of strips(columns, gapFor(columns, visible), width - margin)) {
    if (lines.length > 0) lines.push('');
    lines.push(...drawStrip(strip, visible, margin, width));
  }
  if (omitted > 0) lines.push('', `${' '.repeat(margin)}~ : ${omitted} more places where mappings begin or end`);
  return lines;
}

/** A box by the columns where it begins and ends; `cut`: that end is among those left out. */
interface Placed {
  readonly box: Box;
  readonly from: number;
  readonly to: number;
  readonly cutFrom: boolean;
  readonly cutTo: boolean;
}

interface PlacedRow {
  readonly name: string;
  readonly placed: readonly Placed[];
  readonly empty: boolean;
}

function placed(row: PictureRow, columns: readonly Column[]): PlacedRow {
  const at = new Map(columns.map((column, i) => [column, i]));
  const fold = at.get(undefined) ?? -1;
  const result: Placed[] = [];
  let hidden: Placed | undefined;
  for (const box of row.boxes) {
    const from = at.get(box.addr);
    const to = at.get(add(box.addr, box.range));
    const one = { box, from: from ?? fold, to: to ?? fold, cutFrom: from === undefined, cutTo: to === undefined };
    if (from !== undefined || to !== undefined) result.push(one);
    else hidden ??= one;
  }
  if (hidden !== undefined) result.push({ ...hidden, box: { ...hidden.box, label: '', offset: undefined } });
  return { name: row.name, placed: result, empty: row.boxes.length === 0 };
}

function borders(rows: readonly PictureRow[]): U64[] {
  const set = new Set<U64>();
  for (const { boxes } of rows) for (const box of boxes) set.add(box.addr).add(add(box.addr, box.range));
  return [...set].sort((a, b) => (a < b ? -1 : 1));
}

function folded(all: readonly U64[]): { columns: Column[]; omitted: number } {
  if (all.length <= MAX_COLUMNS) return { columns: [...all], omitted: 0 };
  const half = MAX_COLUMNS / 2;
  return { columns: [...all.slice(0, half), undefined, ...all.slice(-half)], omitted: all.length - MAX_COLUMNS };
}

interface Strip {
  readonly columns: readonly Column[];
  /** The number of its first column. */
  readonly first: number;
  /** Addresses stand on two lines by turns, so columns can be closer. */
  readonly staggered: boolean;
  readonly gap: number;
}

/** Characters from column to column, by one line of addresses and by two. */
function gapFor(columns: readonly Column[], rows: readonly PlacedRow[]): { one: number; two: number } {
  const address = Math.max(...columns.map((column) => (column === undefined ? 1 : hex(column).length)));
  const label = Math.max(1, ...rows.flatMap((row) => row.placed.map(({ box }) => box.label.length)));
  return { one: Math.max(address, label) + 2, two: Math.max(Math.ceil(address / 2) + 1, label + 2) };
}

function strips(columns: readonly Column[], gap: { one: number; two: number }, width: number): Strip[] {
  const room = width - gap.one; // the last address stands to the right of its column
  const fits = (each: number) => Math.max(2, 1 + Math.floor(room / each));
  if (columns.length <= fits(gap.one)) return [{ columns, first: 0, staggered: false, gap: gap.one }];
  const count = Math.ceil((columns.length - 1) / (fits(gap.two) - 1));
  const steps = Math.ceil((columns.length - 1) / count);
  const result: Strip[] = [];
  for (let first = 0; first < columns.length - 1; first += steps) {
    result.push({ columns: columns.slice(first, first + steps + 1), first, staggered: true, gap: gap.two });
  }
  return result;
}

function drawStrip(strip: Strip, rows: readonly PlacedRow[], margin: number, width: number): string[] {
  const lines = axis(strip, margin);
  for (const row of rows) {
    const name = `${row.name}:`.padEnd(margin);
    const { labels, boxes, begun } = drawRow(row, strip);
    if (boxes !== '') {
      lines.push((' '.repeat(margin) + labels).trimEnd(), ...withOffsets(name + boxes, begun, margin, width));
    } else if (row.empty && strip.first === 0) {
      lines.push('', `${name}(nothing is mapped here)`);
    }
  }
  return lines;
}

function axis(strip: Strip, margin: number): string[] {
  const text = (column: Column) => (column === undefined ? '~' : hex(column));
  const upper = new Canvas();
  const lower = new Canvas();
  strip.columns.forEach((column, i) => {
    const below = strip.staggered && i % 2 === 1;
    (below ? lower : upper).put(i * strip.gap, text(column));
  });
  const ticks = new Canvas();
  strip.columns.forEach((_, i) => {
    ticks.put(i * strip.gap, '|');
  });
  const lines = strip.staggered ? [upper, lower, ticks] : [upper, ticks];
  return lines.map((line) => ' '.repeat(margin) + line.text);
}

/** `begun`: the boxes that begin in this strip. */
function drawRow(row: PlacedRow, strip: Strip): { labels: string; boxes: string; begun: readonly Box[] } {
  const boxes = new Canvas();
  const labels = new Canvas();
  const begun: Box[] = [];
  const last = strip.first + strip.columns.length - 1;
  for (const { box, from, to, cutFrom, cutTo } of row.placed) {
    const start = Math.max(from, strip.first);
    const end = Math.min(to, last);
    if (start > end || (start === end && from !== to)) continue;
    const a = (start - strip.first) * strip.gap;
    const b = (end - strip.first) * strip.gap;
    for (let at = a; at <= b; at++) boxes.put(at, FILL[box.mark]);
    if (from >= strip.first) boxes.put(a, cutFrom ? '~' : '|');
    if (to <= last) boxes.put(b, cutTo ? '~' : '|');
    labels.put(a + Math.max(0, Math.floor((b - a - box.label.length + 1) / 2)), box.label);
    if (from >= strip.first) begun.push(box);
  }
  return { labels: labels.text, boxes: boxes.text, begun };
}

/** The boxes with what DOC comments write to their right; below them where there is no room. */
function withOffsets(line: string, boxes: readonly Box[], margin: number, width: number): string[] {
  const known = boxes.filter((box) => box.offset !== undefined);
  if (known.length === 0) return [line.trimEnd()];
  const parts = known.map((box) => `${box.label}.bo_offset=${hex(box.offset ?? 0)}`);
  const whole = `(${parts.join(', ')})`;
  if (line.length + 2 + whole.length <= width) return [`${line}  ${whole}`];
  const lines = [line];
  let current = '';
  for (const [i, part] of parts.entries()) {
    const piece = `${i === 0 ? '(' : ''}${part}${i === parts.length - 1 ? ')' : ','}`;
    if (current !== '' && margin + current.length + 1 + piece.length > width) {
      lines.push(' '.repeat(margin) + current);
      current = piece;
    } else {
      current = current === '' ? piece : `${current} ${piece}`;
    }
  }
  lines.push(' '.repeat(margin) + current);
  return lines;
}

/** A line to write on at any place. */
class Canvas {
  readonly #chars: string[] = [];

  put(at: number, text: string): void {
    for (let i = this.#chars.length; i < at; i++) this.#chars[i] = ' ';
    for (let i = 0; i < text.length; i++) this.#chars[at + i] = text[i] ?? ' ';
  }

  get text(): string {
    return this.#chars.join('');
  }
}
