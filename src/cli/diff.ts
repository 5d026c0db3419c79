// `diff`: two captures of one workload, before and after a change.
import { Command, Option } from 'commander';
import { UserError } from '../base/user_error.ts';
import { rules } from '../checks/index.ts';
import type { Change } from '../diff/change.ts';
import { type Diff, diffOf } from '../diff/diff.ts';
import { Texts } from '../diff/texts.ts';
import { type TraceDigest, TraceDigester } from '../diff/trace_digest.ts';
import { SEVERITIES } from '../findings/finding.ts';
import type { FailOn } from '../reporters/checked_trace.ts';
import { diffColumns, diffObject } from '../reporters/diff_columns.ts';
import { diffText } from '../reporters/diff_text.ts';
import type { Format } from '../reporters/formats.ts';
import { toFormat, toJson } from '../reporters/table.ts';
import { addInputOptions, type InputChoice, inputOf } from './input_options.ts';
import { explainOption, formatOption, outputOption, probesOption } from './options.ts';
import { type ColorWhen, emit, terminalWidth } from './output.ts';
import { explanations } from './rules.ts';
import { runAnalysis } from './run_analysis.ts';
import { styleFor } from './style.ts';
import { traceOf } from './traces.ts';

interface DiffOptions extends InputChoice {
  readonly failOn: FailOn;
  readonly all?: true;
  readonly explain?: true;
  readonly format: Format;
  readonly output?: string;
  readonly color?: ColorWhen | true;
  readonly probes?: string;
}

export function diffCommand(): Command {
  const command = new Command('diff')
    .description('compare two captures of one workload in meaning, before and after a change of the driver')
    .argument('<before>', 'a trace; - is standard input')
    .argument('<after>', 'a trace of the same workload')
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 where findings from this severity on are new')
        .choices(['error', 'warning', 'never'])
        .default('warning'),
    )
    .option('--all', 'print every job that differs, and all of it')
    .addOption(explainOption());
  return addInputOptions(command)
    .addOption(probesOption())
    .addOption(formatOption())
    .addOption(outputOption())
    .addOption(new Option('--color [when]', 'colours: auto, always, never').choices(['auto', 'always', 'never']))
    .addHelpText(
      'after',
      `
VMs, tasks and objects are matched by what they are for, jobs by what they ask for in the
order of their task and VM: pointers, pids, times and how tasks take turns do not matter.
Objects go by the order of their first use in <before>; one that is in <after> only has a ′.
locks: the dma_resvs that a job needed, held, missed and held in vain. Notes of \`check\` are
left out. How long locks are held is told where that is more than noise, and fails nothing.

Examples:
  gpuvm-trace diff before.txt after.txt
  gpuvm-trace diff before.txt after.txt --format csv -o changes.csv
  gpuvm-trace diff good.txt.gz bad.dat --fail-on error

how: new, gone, changed, or unclear where events are missing that could explain it.

Exit codes: 0 nothing new is wrong, 1 new findings, 2 could not do the job, 3 inconclusive.`,
    )
    .action(diff);
}

async function diff(before: string, after: string, options: DiffOptions): Promise<void> {
  if (before === '-' && after === '-') throw new UserError('standard input can be one of the two traces only');
  const texts = new Texts();
  const compared = diffOf(await digest(before, texts, options), await digest(after, texts, options), texts);
  const failing = compared.changes.filter((change) => fails(change, options.failOn));
  const changed = compared.changes.flatMap(({ kind, what }) => (kind === 'finding' ? [{ rule: what }] : []));
  const told = options.explain && options.format === 'text' ? explanations(changed) : '';
  emit((await render(compared, failing, options)) + told, options);
  process.exitCode = exitCode(compared, failing, options);
}

async function digest(file: string, texts: Texts, options: DiffOptions): Promise<TraceDigest> {
  const digester = new TraceDigester(texts);
  const report = await runAnalysis(traceOf([file], {}), {
    ...inputOf(options),
    probes: options.probes,
    passes: true,
    onJob: (job, world) => digester.job(job, world),
  });
  return digester.finish(report, rules);
}

function fails({ kind, how, severity }: Change, failOn: FailOn): boolean {
  if (kind !== 'finding' || how !== 'new' || severity === undefined || failOn === 'never') return false;
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(failOn);
}

function exitCode({ before, after, changes }: Diff, failing: readonly Change[], { failOn }: DiffOptions): number {
  if (failing.length > 0) return 1;
  const doubts = [...before.doubts, ...after.doubts];
  return failOn !== 'never' && (doubts.length > 0 || changes.some(({ how }) => how === 'unclear')) ? 3 : 0;
}

const VERDICTS = ['nothing new', 'new findings', 'unreadable', 'inconclusive'] as const;

async function render(compared: Diff, failing: readonly Change[], options: DiffOptions): Promise<string> {
  const { format } = options;
  const width = terminalWidth(options);
  switch (format) {
    case 'text':
      return diffText(compared, {
        style: await styleFor(options),
        all: options.all === true,
        failing,
        ...(width === undefined ? {} : { width }),
      });
    case 'json':
      return toJson({ verdict: VERDICTS[exitCode(compared, failing, options)], ...diffObject(compared) });
    default:
      return toFormat(format, diffColumns, compared.changes, { all: 'changes', one: 'change' });
  }
}
