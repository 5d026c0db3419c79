// Parquet files, a row group at a time: what is kept of a table is at most one group.
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { type Cell, type ColumnType, cellOf, type Table } from './table.ts';

/** What writes the format: an ES module, which its importer loads as one. */
export interface Parquet {
  readonly ByteWriter: typeof ByteWriter;
  readonly ParquetWriter: typeof ParquetWriter;
}

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'];

/** Counted up where a column changes its meaning or goes away. */
export const TABLES_SCHEMA = 1;

const GROUP_ROWS = 8192;
/** Characters of text in a group. */
const GROUP_TEXT = 4_000_000;

/**
 * Unsigned 64-bit numbers are decimals of 20 digits: DuckDB, Spark and Trino read these exactly, while of Parquet's own
 * unsigned type each makes something else.
 */
const ELEMENTS: Readonly<Record<ColumnType, Omit<Schema[number], 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int: { type: 'INT64' },
  u64: {
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 9,
    converted_type: 'DECIMAL',
    precision: 20,
    scale: 0,
    logical_type: { type: 'DECIMAL', precision: 20, scale: 0 },
  },
  flag: { type: 'BOOLEAN' },
};

export class ParquetTable<Row> {
  readonly #table: Table<Row>;
  readonly #bytes: ByteWriter;
  readonly #writer: ParquetWriter;
  #columns: Cell[][];
  #text = 0;

  /** `write` gets the bytes of the file in order and must not keep them. */
  constructor(
    { ByteWriter, ParquetWriter }: Parquet,
    table: Table<Row>,
    write: (bytes: Uint8Array) => void,
    metadata: Readonly<Record<string, string>> = {},
  ) {
    this.#table = table;
    this.#bytes = new ByteWriter();
    this.#columns = table.columns.map(() => []);
    const drain = () => {
      write(this.#bytes.getBytes());
      this.#bytes.index = 0;
    };
    const writer = Object.assign(this.#bytes, { flush: drain, finish: drain });
    const told = { 'gpuvm-trace.schema': String(TABLES_SCHEMA), 'gpuvm-trace.table': table.name, ...metadata };
    this.#writer = new ParquetWriter({
      writer,
      schema: [
        { name: 'root', num_children: table.columns.length },
        ...table.columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...ELEMENTS[type] })),
      ],
      kvMetadata: Object.entries(told).map(([key, value]) => ({ key, value })),
      createdBy: 'gpuvm-trace',
    });
  }

  add(row: Row): void {
    this.#table.columns.forEach((column, i) => {
      const cell = cellOf(column, row);
      if (typeof cell === 'string') this.#text += cell.length;
      this.#columns[i]?.push(cell);
    });
    if ((this.#columns[0]?.length ?? 0) >= GROUP_ROWS || this.#text >= GROUP_TEXT) this.#writeGroup();
  }

  finish(): void {
    this.#writeGroup();
    this.#writer.finish();
  }

  #writeGroup(): void {
    const [first = []] = this.#columns;
    if (first.length === 0) return;
    const columnData = this.#table.columns.map(({ name }, i) => ({ name, data: this.#columns[i] ?? [] }));
    this.#writer.write({ columnData, rowGroupSize: first.length });
    this.#columns = this.#table.columns.map(() => []);
    this.#text = 0;
  }
}
