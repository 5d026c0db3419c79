// `export`: what a trace shows, in the formats of other programs.
import { Command, Option } from 'commander';
import { UserError } from '../index.ts';
import { exportTables } from './export_tables.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';

const EXPORT_FORMATS = ['parquet'] as const;

interface ExportOptions extends TraceChoice {
  readonly format: (typeof EXPORT_FORMATS)[number];
  readonly output?: string;
  readonly capture?: string;
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('write what traces show in the formats of other programs')
    .argument('<trace...>', 'traces; - is standard input')
    .addOption(
      new Option('--format <format>', 'parquet: tables in a folder').choices(EXPORT_FORMATS).makeOptionMandatory(),
    )
    .option('-o, --output <place>', 'the folder')
    .option('--capture <name>', 'what the tables call this capture; default: the trace’s name as given');
  return addTraceOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace export --format parquet -o tables *.txt.gz
  gpuvm-trace export --format parquet -o tables trace.txt --capture "$CI_PIPELINE_ID/$CI_NODE_INDEX"

Tables jobs, steps, locks, mappings and findings, in files TABLE/driver=D/kernel=K/capture=C/part-0.parquet; an
export of the same capture takes the place of the one before. docs/tables.md has their columns; \`query\` reads them.

Exit codes: 0, 2 could not do the job, 3 events are missing.`,
    )
    .action(exportTraces);
}

async function exportTraces(files: readonly string[], options: ExportOptions): Promise<void> {
  const { output, capture } = options;
  if (output === undefined) throw new UserError('--format parquet needs -o FOLDER');
  if (capture !== undefined && files.length > 1)
    throw new UserError('--capture names one trace, and several are given');
  for (const file of files) {
    const { report, replaced } = await exportTables(
      file,
      output,
      capture ?? captureName(file),
      traceOptionsOf(options),
    );
    if (replaced.length > 0)
      console.error(`gpuvm-trace: ${report.file}: replaced the ${replaced.length} files of an export before`);
    if (report.doubts.length > 0) process.exitCode = 3;
  }
}

export function captureName(file: string): string {
  return file === '-' ? 'stdin' : file;
}
