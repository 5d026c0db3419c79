// The tables that `check`, `jobs`, `state` and `mmu` give: named columns of typed cells, and their CSV and JSON forms.
import { stringify } from 'csv-stringify/sync';
import { hex, type Ptr, ptrHex, type U64 } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import { json, printable, printablePath } from './escape.ts';
import type { Format } from './formats.ts';

/** Missing values are undefined: an empty CSV cell, null in JSON. */
export type Cell = string | number | boolean | undefined;

/**
 * text: from the trace, to be made harmless; unicode: likewise, but no bytes of a trace; hex: 0x text already; count and
 * flag: as they are.
 */
export type CellKind = 'text' | 'unicode' | 'hex' | 'count' | 'flag';

export interface Column<Row> {
  readonly name: string;
  readonly kind: CellKind;
  readonly cell: (row: Row) => Cell;
}

export const SCHEMA = 1;

export function address(value: U64 | undefined): string | undefined {
  return value === undefined ? undefined : hex(value);
}

/** NULL and unknown pointers give an empty cell unless `zero` asks for 0x0. */
export function pointer(value: Ptr, zero?: '0x0'): string | undefined {
  return value === 0 ? zero : ptrHex(value);
}

function harmless(kind: CellKind, text: string): string {
  return kind === 'unicode' ? printablePath(text) : printable(text);
}

/** A spreadsheet takes these at the front of a cell for a formula, some also their full-width forms. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

function csvCell(kind: CellKind, cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  const text = String(cell);
  if (kind !== 'text' && kind !== 'unicode') return text;
  const safe = harmless(kind, text);
  return FORMULA.test(safe) ? `'${safe}` : safe;
}

/** Of files that were merged, `line` is that of its file, which a column more names. */
export function placed<Row>(columns: readonly Column<Row>[], names: LineNames): readonly Column<Row>[] {
  const numbers = columns.find(({ name }) => name === 'line');
  if (!names.isMerged || numbers === undefined) return columns;
  const place = (row: Row) => {
    const number = numbers.cell(row);
    return typeof number === 'number' ? names.placeOf(number) : undefined;
  };
  const lines: Column<Row> = { ...numbers, cell: (row) => place(row)?.line };
  const files: Column<Row> = { name: 'file', kind: 'text', cell: (row) => place(row)?.file };
  return [...columns.map((column) => (column === numbers ? lines : column)), files];
}

/** RFC 4180 with LF, header row. */
export function toCsv<Row>(columns: readonly Column<Row>[], rows: Iterable<Row>): string {
  const records: string[][] = [columns.map((column) => column.name)];
  for (const row of rows) records.push(columns.map((column) => csvCell(column.kind, column.cell(row))));
  return stringify(records, { record_delimiter: 'unix' });
}

export function toObject<Row>(columns: readonly Column<Row>[], row: Row): Record<string, Cell | null> {
  const object: Record<string, Cell | null> = {};
  for (const { name, kind, cell } of columns) {
    const value = cell(row);
    object[name] = typeof value === 'string' && kind !== 'hex' ? harmless(kind, value) : (value ?? null);
  }
  return object;
}

export function toJson(head: Readonly<Record<string, unknown>>): string {
  return `${json({ schema: SCHEMA, ...head }, 2)}\n`;
}

/** One object a line, each with its schema and what it is. */
export function toNdjson(kind: string, objects: Iterable<Readonly<Record<string, unknown>>>): string {
  let text = '';
  for (const object of objects) text += `${json({ schema: SCHEMA, kind, ...object })}\n`;
  return text;
}

/** Aligned columns for people: numbers to the right, text to the left. */
export function toText<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ kind, cell }) => harmless(kind, textCell(cell(row)))));
  const widths = columns.map((column, i) => Math.max(column.name.length, ...widthsOf(cells, i)));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (columns[i]?.kind === 'count' ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${[line(columns.map((column) => column.name)), ...cells.map(line)].join('\n')}\n`;
}

function* widthsOf(cells: readonly (readonly string[])[], column: number): Iterable<number> {
  for (const row of cells) yield row[column]?.length ?? 0;
}

function textCell(cell: Cell): string {
  if (cell === undefined) return '-';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return String(cell);
}

/** What a JSON document calls the rows together, and an NDJSON line calls one of them. */
export interface RowNames {
  readonly all: string;
  readonly one: string;
}

/** The rows in any format; `object` may add to what the columns give of a row. */
export function toFormat<Row>(
  format: Format,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  names: RowNames,
  object = (row: Row): Readonly<Record<string, unknown>> => toObject(columns, row),
): string {
  switch (format) {
    case 'text':
      return toText(columns, rows);
    case 'csv':
      return toCsv(columns, rows);
    case 'json':
      return toJson({ [names.all]: rows.map(object) });
    case 'ndjson':
      return toNdjson(names.one, rows.map(object));
  }
}
