// `query`: SQL over the tables of traces, or of exports.
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { UserError } from '../base/user_error.ts';
import { filesIn, isFolder, withTemporaryFolder } from '../io/folder.ts';
import { printable } from '../reporters/escape.ts';
import type { Format } from '../reporters/formats.ts';
import { toFormat, toObject } from '../reporters/table.ts';
import { captureName } from './export.ts';
import { exportTables } from './export_tables.ts';
import { formatOption, outputOption } from './options.ts';
import { emit } from './output.ts';
import { ask } from './sql.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';

interface QueryOptions extends TraceChoice {
  readonly format: Format;
  readonly output?: string;
  readonly memory: string;
}

export function queryCommand(): Command {
  const command = new Command('query')
    .description('ask the tables of traces, or of exports, in SQL')
    .usage('[options] <trace|folder...> <select>')
    .argument('<input...>', 'traces, folders of traces, folders that export wrote; last the SELECT');
  return addTraceOptions(command)
    .addOption(formatOption())
    .addOption(outputOption())
    .option('--memory <size>', 'the most that DuckDB may use, such as 4GB', size, '1GB')
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace query trace.txt 'SELECT verdict, count(*) FROM jobs GROUP BY ALL'
  gpuvm-trace query tables "SELECT kernel, rule, count(*) FROM findings WHERE driver = 'msm' GROUP BY ALL"
  gpuvm-trace query trace.txt 'SELECT to_0x(addr), type FROM steps WHERE keep' --format csv

Tables jobs, steps, locks, mappings and findings, each with driver, kernel and capture; docs/tables.md has their
columns. Needs the optional package @duckdb/node-api. The SELECT sees these tables and no file besides.

Exit codes: 0, 2 could not do the job.`,
    )
    .action(query);
}

function size(value: string): string {
  if (!/^\d+(MB|GB)$/.test(value)) throw new InvalidArgumentError('a size such as 500MB or 4GB is expected.');
  return value;
}

async function query(given: readonly string[], options: QueryOptions): Promise<void> {
  const sql = given.at(-1);
  const inputs = given.slice(0, -1);
  if (sql === undefined || inputs.length === 0)
    throw new UserError("query needs a trace or folder and a SELECT: query trace.txt 'SELECT * FROM jobs'");
  const { columns, rows } = await withTemporaryFolder(async (temporary) => {
    const exports = inputs.filter(isExport);
    const traces = inputs.filter((input) => !isExport(input));
    for (const trace of traces) await take(trace, temporary, options);
    const folders = [...exports, ...(traces.length > 0 ? [temporary] : [])];
    return ask(
      folders.map((folder) => path.resolve(folder)),
      sql,
      options.memory,
    );
  });
  emit(
    toFormat(options.format, columns, rows, { all: 'rows', one: 'row' }, (row) => toObject(columns, row)),
    options,
  );
}

function isExport(input: string): boolean {
  return isFolder(path.join(input, 'jobs'));
}

/** A trace, or those of the files in a folder that are traces. */
async function take(input: string, folder: string, options: QueryOptions): Promise<void> {
  const run = await traceOptionsOf(options);
  const one = (file: string) => exportTables(file, folder, captureName(file), run);
  if (!isFolder(input)) {
    await one(input);
    return;
  }
  let taken = 0;
  for (const file of filesIn(input)) {
    try {
      await one(file);
      taken++;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      console.error(`gpuvm-trace: left out: ${printable(error.message)}`);
    }
  }
  if (taken === 0) throw new UserError(`${input}: no trace lies in this folder, nor what export wrote`);
}
