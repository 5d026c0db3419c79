// `coverage`: what captures exercised, and what not.
import { Command, InvalidArgumentError } from 'commander';
import { rules } from '../checks/index.ts';
import { Coverage, type CoverageRow, coverageOf } from '../coverage/coverage.ts';
import { coverageColumns, coverageText, percentOf } from '../reporters/coverage.ts';
import type { Format } from '../reporters/formats.ts';
import { toFormat, toJson, toObject } from '../reporters/table.ts';
import { addInputOptions, type InputChoice, inputOf } from './input_options.ts';
import { readPatchFiles } from './kernel_options.ts';
import { formatOption, outputOption, probesOption } from './options.ts';
import { emit } from './output.ts';
import { runAnalysis } from './run_analysis.ts';
import { type MergeChoice, mergeOption, tracesOf } from './traces.ts';

interface CoverageOptions extends InputChoice, MergeChoice {
  readonly min?: number;
  readonly patch?: readonly string[];
  readonly format: Format;
  readonly output?: string;
  readonly probes?: string;
}

export function coverageCommand(): Command {
  const command = new Command('coverage')
    .description('say which cases of split and merge, of lock passes and of the rules the traces exercise')
    .argument('<trace...>', 'traces, taken together; - is standard input')
    .addOption(mergeOption())
    .option('--min <percent>', 'exit 1 where less is covered', percent)
    .option(
      '--patch <file>',
      'also whether they run through the functions that this patch touches (repeatable)',
      collect,
    )
    .addOption(probesOption());
  return addInputOptions(command)
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
state: covered (it happened, a rule fired), silent (a rule could have fired and did not),
idle (a function is probed and was not called), never, not known (of a rule). Covered and
silent count for the percentage. --probes tells which functions are probed.

Examples:
  gpuvm-trace coverage captures/*.txt.gz
  gpuvm-trace coverage captures/*.txt.gz --min 80%
  gpuvm-trace coverage trace.txt --patch fix.patch --probes saved.dynamic_events

Exit codes: 0, 1 less than --min is covered, 2 could not do the job.`,
    )
    .action(coverage);
}

async function coverage(files: readonly string[], options: CoverageOptions): Promise<void> {
  const { patch = [], min = 0, probes } = options;
  const touched = patch.length === 0 ? [] : (await readPatchFiles(patch)).touchedFunctions;
  const all = new Coverage();
  for (const trace of tracesOf(files, options))
    all.trace(await runAnalysis(trace, { ...inputOf(options), probes, onJob: (job) => all.job(job) }));
  const rows = all.rows(rules, touched);
  emit(renderCoverage(rows, options.format), options);
  process.exitCode = percentOf(rows) < min ? 1 : 0;
}

export function renderCoverage(rows: readonly CoverageRow[], format: Format): string {
  switch (format) {
    case 'text':
      return coverageText(rows);
    case 'json':
      return toJson({
        percent: percentOf(rows),
        ...coverageOf(rows),
        rows: rows.map((row) => toObject(coverageColumns, row)),
      });
    default:
      return toFormat(format, coverageColumns, rows, { all: 'rows', one: 'case' });
  }
}

function collect(file: string, before: readonly string[] = []): string[] {
  return [...before, file];
}

function percent(value: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%?$/.exec(value) ?? [];
  if (number === undefined || Number(number) > 100)
    throw new InvalidArgumentError('a percentage is expected, such as 80%.');
  return Number(number);
}
