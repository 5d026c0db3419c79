// `merge`: the JSON reports of a run in pieces, as one.
import { Command, Option } from 'commander';
import { readJson } from '../base/json_reader.ts';
import { rules } from '../checks/index.ts';
import { readBytesSync } from '../io/text_file.ts';
import type { FailOn } from '../reporters/checked_trace.ts';
import { mergeText } from '../reporters/merge_text.ts';
import { mergedRuns } from '../reporters/merged.ts';
import { readReport } from '../reporters/read_report.ts';
import type { RunResult } from '../reporters/trace_result.ts';
import { renderResult } from './check_formats.ts';
import { RESULT_FORMATS, type ResultFormat } from './format_names.ts';
import { explainOption, outputOption } from './options.ts';
import { type ColorWhen, emit, type OutputOptions } from './output.ts';
import { reportOption, type Target } from './report_target.ts';
import { explanations } from './rules.ts';
import { styleFor } from './style.ts';
import { exitCode } from './verdict.ts';

interface MergeOptions {
  readonly explain?: true;
  readonly failOn?: FailOn;
  readonly format: ResultFormat;
  readonly report?: readonly Target<ResultFormat>[];
  readonly output?: string;
  readonly color?: ColorWhen | true;
}

export function mergeCommand(): Command {
  return new Command('merge')
    .description('make one report of the JSON reports of `check` on many traces, such as the shards of a CI run')
    .argument('<report...>', 'files that `check --format json` or `merge --format json` wrote')
    .addOption(
      new Option(
        '--fail-on <severity>',
        'exit 1 from this severity on; the strictest of the reports’ own otherwise',
      ).choices(['error', 'warning', 'never']),
    )
    .addOption(new Option('--format <format>', 'output format').choices(RESULT_FORMATS).default('text'))
    .addOption(explainOption())
    .addOption(outputOption())
    .addOption(reportOption(RESULT_FORMATS))
    .addOption(new Option('--color [when]', 'colours: auto, always, never').choices(['auto', 'always', 'never']))
    .addHelpText(
      'after',
      `
The text is a table by driver, kernel and rule; all other formats are those of \`check\` on
all of the traces, in the order of the reports. What merge writes as JSON can be merged
again, with the same result in whatever groups the reports are merged.

Examples:
  gpuvm-trace check shard1/*.txt.gz --format json -o shard1.json       in each job
  gpuvm-trace merge shard*.json --report junit=out.xml --report sarif=out.sarif
  gpuvm-trace merge night1.json night2.json --format json -o nights.json

Exit codes: as check's for all traces: 0 clean, 1 findings, 2 a report or one of its traces
could not be read, 3 inconclusive.`,
    )
    .action(merge);
}

async function merge(files: readonly string[], options: MergeOptions): Promise<void> {
  const { failOn } = options;
  const runs = files.map((file) => readReport(readJson(file, readBytesSync(file)), rules));
  const merged = mergedRuns(runs, rules);
  const run = failOn === undefined ? merged : { ...merged, failOn };
  for (const target of [options, ...(options.report ?? [])])
    emit(await render(target.format, run, files.length, { ...options, ...target }), target);
  process.exitCode = exitCode(run);
}

async function render(
  format: ResultFormat,
  run: RunResult,
  reports: number,
  { explain, ...output }: OutputOptions & Pick<MergeOptions, 'explain'>,
): Promise<string> {
  if (format !== 'text') return renderResult(format, run);
  const told = explain ? explanations(run.traces.flatMap(({ findings }) => findings)) : '';
  return mergeText(run, reports, await styleFor(output)) + told;
}
