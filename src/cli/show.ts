// `show`: one job in full.
import { Command, Option } from 'commander';
import { UserError } from '../base/user_error.ts';
import type { Job } from '../replay/job.ts';
import { showJob } from '../reporters/show.ts';
import { fitted } from './fitted.ts';
import { hasLinks } from './hyperlink.ts';
import { explainOption, integer, outputOption } from './options.ts';
import { type ColorWhen, emit, terminalWidth } from './output.ts';
import { explanations } from './rules.ts';
import { runAnalysis } from './run_analysis.ts';
import { styleFor } from './style.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { type MergeChoice, mergeOption, traceOf } from './traces.ts';

interface ShowOptions extends TraceChoice, MergeChoice {
  readonly job: number;
  readonly explain?: true;
  readonly output?: string;
  readonly color?: ColorWhen | true;
}

export function showCommand(): Command {
  const command = new Command('show')
    .description('print one job in full: ops, lock attempts, steps, and the VA space before and after')
    .argument('<trace...>', 'a trace; - is standard input; several files of one run with --merge')
    .addOption(mergeOption())
    .requiredOption('--job <id>', 'the job, as `jobs` lists it', integer);
  return addTraceOptions(command)
    .addOption(explainOption())
    .addOption(outputOption())
    .addOption(new Option('--color [when]', 'colours: auto, always, never').choices(['auto', 'always', 'never']))
    .addHelpText('after', '\nExample:\n  gpuvm-trace show trace.txt --job 26 | less -R')
    .action(show);
}

async function show(files: readonly string[], options: ShowOptions): Promise<void> {
  const jobs: Job[] = [];
  const report = await runAnalysis(traceOf(files, options), {
    ...(await traceOptionsOf(options)),
    onJob(job) {
      if (job.id === options.job) jobs.push(job);
    },
  });
  if (jobs.length === 0) throw new UserError(`${report.file}: no job ${options.job} (gpuvm-trace jobs lists them)`);
  const style = await styleFor(options, hasLinks(options));
  const width = terminalWidth(options);
  const texts: string[] = [];
  for (const job of jobs) {
    const row = report.jobs.find((one) => one.job === job.id && one.line === job.line);
    if (row !== undefined)
      texts.push(showJob(job, row, report.findings, { file: report.file, lines: report.lines, style, width }));
  }
  const ids = new Set(jobs.map(({ id }) => id));
  const own = report.findings.filter(({ job }) => job !== undefined && ids.has(job));
  emit(fitted(texts.join('\n'), width) + (options.explain ? explanations(own) : ''), options);
}
