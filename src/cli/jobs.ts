// `jobs`: one row a VM_BIND job.
import { Command } from 'commander';
import type { JobRow } from '../replay/job_row.ts';
import { jobColumns } from '../reporters/columns.ts';
import type { Format } from '../reporters/formats.ts';
import { placed, toFormat, toObject } from '../reporters/table.ts';
import { formatOption, outputOption } from './options.ts';
import { emit } from './output.ts';
import { runAnalysis } from './run_analysis.ts';
import { addSelection, type Selection, wantsJob } from './select.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { type MergeChoice, mergeOption, traceOf } from './traces.ts';

interface JobsOptions extends Selection, TraceChoice, MergeChoice {
  readonly format: Format;
  readonly output?: string;
}

export function jobsCommand(): Command {
  const command = new Command('jobs')
    .description('list the VM_BIND jobs of a trace, a row each')
    .argument('<trace...>', 'a trace; - is standard input; several files of one run with --merge')
    .addOption(mergeOption());
  return addTraceOptions(addSelection(command))
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace jobs trace.txt
  gpuvm-trace jobs --merge cpu0.txt cpu1.txt
  gpuvm-trace jobs trace.txt --format csv | column -s, -t | less -S
  gpuvm-trace jobs trace.txt --format ndjson --vm '#2'

An empty cell is a count that the trace cannot tell. verdict: ok, failed (returned an error),
wasteful (locks too many), bad (something is broken), unknown (not seen whole).

Exit codes: 0, 2 could not do the job, 3 some job was not seen whole.`,
    )
    .action(jobs);
}

async function jobs(files: readonly string[], options: JobsOptions): Promise<void> {
  const report = await runAnalysis(traceOf(files, options), await traceOptionsOf(options));
  const rows = report.jobs.filter((row) => wantsJob(options, report, row));
  const columns = placed(jobColumns, report.lines);
  const object = (row: JobRow) => ({ ...toObject(columns, row), unknown: row.unknown });
  emit(toFormat(options.format, columns, rows, { all: 'jobs', one: 'job' }, object), options);
  if (rows.some((row) => row.unknown.length > 0)) process.exitCode = 3;
}
