// SQL over tables in Parquet files, by DuckDB, which can reach nothing else.
import type { DuckDBConnection, DuckDBResultReader, Json } from '@duckdb/node-api';
import { UserError } from '../base/user_error.ts';
import { TABLE_NAMES } from '../export/table.ts';
import type { Cell, Column } from '../reporters/table.ts';

export type SqlRow = readonly Cell[];

export interface SqlResult {
  readonly columns: readonly Column<SqlRow>[];
  readonly rows: readonly SqlRow[];
}

type Duckdb = typeof import('@duckdb/node-api');

/** Asks one question of the tables that lie below the folders. */
export async function ask(folders: readonly string[], sql: string, memory: string): Promise<SqlResult> {
  const duckdb = await loaded();
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    memory_limit: memory,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    await told(async () => {
      for (const statement of views(folders)) await connection.run(statement);
    });
    return await told(async () => resultOf(duckdb, await onlyRead(duckdb, connection, sql)));
  } finally {
    instance.closeSync();
  }
}

async function loaded(): Promise<Duckdb> {
  try {
    return await import('@duckdb/node-api');
  } catch {
    throw new UserError(
      'query needs the package @duckdb/node-api, which is not installed: npm install @duckdb/node-api',
    );
  }
}

/** The views, and behind them the doors shut: no other file, no network, no extension, and no way to open one. */
function views(folders: readonly string[]): string[] {
  const created = TABLE_NAMES.map((name) => {
    const files = folders.map((folder) => quoted(`${unglobbed(folder)}/${name}/*/*/*/*.parquet`)).join(', ');
    return `CREATE VIEW ${name} AS SELECT * FROM read_parquet([${files}], hive_partitioning = true, hive_types_autocast = false)`;
  });
  const allowed = [...new Set(folders.flatMap((folder) => [folder, unglobbed(folder)]))]; // patterns are held against it, too
  return [
    ...created,
    "CREATE MACRO to_0x(number) AS '0x' || lower(hex(number::UBIGINT))",
    `SET allowed_directories = [${allowed.map((folder) => quoted(`${folder}/`)).join(', ')}]`,
    'SET enable_external_access = false',
    'SET lock_configuration = true',
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function unglobbed(folder: string): string {
  return folder.replace(/[*?[]/g, '[$&]');
}

/** Even where it is allowed to write, it must not. */
async function onlyRead(duckdb: Duckdb, connection: DuckDBConnection, sql: string): Promise<DuckDBResultReader> {
  if (sql.trim() === '') throw new UserError('SQL: the SELECT is empty');
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw new UserError(`SQL: one statement is expected, and these are ${statements.count}`);
  const statement = await statements.prepare(0);
  const { SELECT, EXPLAIN } = duckdb.StatementType;
  if (statement.statementType !== SELECT && statement.statementType !== EXPLAIN)
    throw new UserError('SQL: only SELECT is answered');
  return statement.runAndReadAll();
}

async function told<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const lines = (error instanceof Error ? error.message : String(error)).split('\n').map((line) => line.trim());
    throw new UserError(`SQL: ${lines.filter((line) => line !== '' && !/^(LINE \d|\^)/.test(line)).join(' ')}`);
  }
}

function resultOf(duckdb: Duckdb, reader: DuckDBResultReader): SqlResult {
  const names = reader.deduplicatedColumnNames();
  const numeric = reader.columnTypes().map(({ typeId }) => isNumber(duckdb, typeId));
  const columns = names.map(
    (name, i): Column<SqlRow> => ({ name, kind: numeric[i] ? 'count' : 'unicode', cell: (row) => row[i] }),
  );
  const rows = reader.getRowsJson().map((row) => row.map((value, i) => cellOf(value, numeric[i] === true)));
  return { columns, rows };
}

const NUMBERS = [
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'HUGEINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
] as const;

function isNumber({ DuckDBTypeId }: Duckdb, type: number): boolean {
  return NUMBERS.some((name) => DuckDBTypeId[name] === type);
}

/** A number that JavaScript cannot hold stays the text of its digits. */
function cellOf(value: Json, numeric: boolean): Cell {
  if (value === null) return undefined;
  if (typeof value === 'object') return JSON.stringify(value);
  if (!numeric || typeof value !== 'string') return value;
  return String(Number(value)) === value ? Number(value) : value;
}
