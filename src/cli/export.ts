// `export`: what a trace shows, in the formats of other programs.
import { Command, Option } from 'commander';
import type { Report } from '../analyze.ts';
import { UserError } from '../base/user_error.ts';
import { Contention } from '../export/contention.ts';
import { toDot } from '../export/dot.ts';
import { LineTimes, nanoseconds } from '../export/line_times.ts';
import { Timeline } from '../export/timeline.ts';
import { OutputFile } from '../io/output_file.ts';
import { exportTables } from './export_tables.ts';
import { emit } from './output.ts';
import { type RunOptions, runAnalysis } from './run_analysis.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { traceOf } from './traces.ts';

const EXPORT_FORMATS = ['parquet', 'perfetto', 'dot'] as const;

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
      new Option('--format <format>', 'parquet: tables; perfetto: a time line; dot: who waited for whom')
        .choices(EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .option('-o, --output <place>', 'parquet: the folder; otherwise a file instead of standard output')
    .option('--capture <name>', 'what the tables call this capture; default: the trace’s name as given');
  return addTraceOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace export --format parquet -o tables *.txt.gz
  gpuvm-trace export --format parquet -o tables trace.txt --capture "$CI_PIPELINE_ID/$CI_NODE_INDEX"
  gpuvm-trace export --format perfetto -o trace.json trace.txt      open it in ui.perfetto.dev
  gpuvm-trace export --format dot trace.txt | dot -Tsvg > contention.svg

parquet: tables jobs, steps, locks, mappings and findings, in files
TABLE/driver=D/kernel=K/capture=C/part-0.parquet; an export of the same capture takes the place of
the one before. docs/tables.md has their columns; \`query\` reads them. The others take one trace.

Exit codes: 0, 2 could not do the job, 3 events are missing.`,
    )
    .action(exportTraces);
}

async function exportTraces(files: readonly string[], options: ExportOptions): Promise<void> {
  if (options.capture !== undefined && (files.length > 1 || options.format !== 'parquet'))
    throw new UserError('--capture names one trace, for --format parquet');
  const reports = options.format === 'parquet' ? await tables(files, options) : [await one(files, options)];
  if (reports.some(({ doubts }) => doubts.length > 0)) process.exitCode = 3;
}

async function tables(files: readonly string[], options: ExportOptions): Promise<Report[]> {
  const { output, capture } = options;
  if (output === undefined) throw new UserError('--format parquet needs -o FOLDER');
  const reports: Report[] = [];
  for (const file of files) {
    const name = capture ?? captureName(file);
    const { report, replaced } = await exportTables(file, output, name, await traceOptionsOf(options));
    if (replaced.length > 0)
      console.error(`gpuvm-trace: ${report.file}: replaced the ${replaced.length} files of an export before`);
    reports.push(report);
  }
  return reports;
}

async function one(files: readonly string[], options: ExportOptions): Promise<Report> {
  const [file] = files;
  if (file === undefined || files.length > 1) throw new UserError(`--format ${options.format} takes one trace`);
  const run = await traceOptionsOf(options);
  return options.format === 'dot' ? contention(file, run, options) : timeline(file, run, options.output);
}

async function contention(file: string, options: RunOptions, target: ExportOptions): Promise<Report> {
  const times = new LineTimes(nanoseconds);
  const graph = new Contention(times);
  const report = await runAnalysis(traceOf([file], {}), {
    ...options,
    until: (where) => times.note(where),
    onJob: (job) => graph.job(job),
  });
  emit(
    toDot(report.file, graph.edges, (pid) => times.nameOf(pid)),
    target,
  );
  return report;
}

async function timeline(file: string, options: RunOptions, output: string | undefined): Promise<Report> {
  const target = output === undefined || output === '-' ? undefined : new OutputFile(output);
  const write = (text: string) => (target === undefined ? process.stdout.write(text) : target.write(text));
  try {
    const made = new Timeline(write);
    const report = await runAnalysis(traceOf([file], {}), { ...options, ...made.hooks, quiet: target === undefined });
    made.finish(report);
    target?.close();
    return report;
  } catch (error) {
    target?.discard();
    throw error;
  }
}

export function captureName(file: string): string {
  return file === '-' ? 'stdin' : file;
}
