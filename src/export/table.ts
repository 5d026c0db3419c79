// A table of an export: named columns with what they mean, and the values that Parquet and SQL get of them.
import { printable } from '../reporters/escape.ts';

/** What is not known is undefined, and null in the table. */
export type Value = string | number | bigint | boolean | undefined;

/**
 * text: UTF-8, what the trace wrote made harmless as in JSON; int: a signed 64-bit number; u64: an address or a size, up to
 * 2^64 - 1; flag: true or false.
 */
export type ColumnType = 'text' | 'int' | 'u64' | 'flag';

export interface TableColumn<Row> {
  readonly name: string;
  readonly type: ColumnType;
  /** With the unit, where it has one. */
  readonly meaning: string;
  readonly value: (row: Row) => Value;
}

export interface Table<Row> {
  readonly name: TableName;
  /** What a row is. */
  readonly meaning: string;
  readonly columns: readonly TableColumn<Row>[];
}

export const TABLE_NAMES = ['jobs', 'steps', 'locks', 'mappings', 'findings'] as const;
export type TableName = (typeof TABLE_NAMES)[number];

/** A cell of Parquet. */
export type Cell = string | bigint | boolean | null;

export function cellOf<Row>({ type, value }: TableColumn<Row>, row: Row): Cell {
  const given = value(row);
  if (given === undefined) return null;
  switch (type) {
    case 'text':
      return printable(String(given));
    case 'flag':
      return given === true;
    case 'int':
    case 'u64':
      return BigInt(given);
  }
}
