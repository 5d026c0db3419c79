// `check`: findings, for people and for CI.
import { Command, Option } from 'commander';
import { type Finding, type MmuMode, parseDump, type Report, SEVERITIES, type Severity, UserError } from '../index.ts';
import { readFileSync } from '../io/text_file.ts';
import { checkText } from '../reporters/check_text.ts';
import { findingColumns } from '../reporters/columns.ts';
import { findingText } from '../reporters/finding_text.ts';
import { kernelObject } from '../reporters/kernel_text.ts';
import { type Format, toCsv, toJson, toNdjson, toObject } from '../reporters/table.ts';
import { type Moment, withMoment } from './moment.ts';
import { atOption, formatOption, list, mmuOption, outputOption } from './options.ts';
import { type ColorWhen, chalkFor, emit, terminalWidth } from './output.ts';
import { followAnalysis, type RunOptions, runAnalysis } from './run_analysis.ts';
import { addSelection, checkRuleNames, type Selection, wantsFinding, wantsJob } from './select.ts';
import { chalkStyle } from './style.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';

type FailOn = Severity | 'never';

/** They end --follow. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

interface CheckOptions extends Selection, TraceChoice {
  readonly format: Format;
  readonly output?: string;
  readonly color?: ColorWhen | true;
  readonly failOn: FailOn;
  readonly mmu: MmuMode;
  readonly expectState?: string;
  readonly at: Moment;
  readonly follow?: true;
}

/** One trace with the findings that were asked for. */
interface Checked {
  readonly report: Report;
  readonly findings: readonly Finding[];
  /** Why the verdict on what was asked is not a whole one. */
  readonly doubts: readonly string[];
}

export function checkCommand(): Command {
  const command = new Command('check')
    .description('report what the traces show to be wrong')
    .argument('<trace...>', 'traces; - is standard input')
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 from this severity on')
        .choices(['error', 'warning', 'never'])
        .default('error'),
    )
    .option('-f, --follow', 'go on where the trace ends: a file that grows, trace_pipe, a pipe; findings as they come')
    .option('--rule <rules>', 'only these rules (repeatable, comma-separated)', list)
    .option('--ignore <rules>', 'leave these rules out (repeatable, comma-separated)', list);
  addTraceOptions(addSelection(command))
    .option(
      '--expect-state <file>',
      'the mappings that the trace should lead to: debugfs gpuvas, msm’s devcoredump, or what `state` prints',
    )
    .addOption(atOption('when --expect-state holds: '))
    .addOption(mmuOption())
    .addOption(formatOption())
    .addOption(outputOption())
    .addOption(new Option('--color [when]', 'colours: auto, always, never').choices(['auto', 'always', 'never']))
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace check trace.txt
  gpuvm-trace check trace.txt --rule missing-lock --job 26
  gpuvm-trace check *.txt.gz --format csv -o findings.csv --fail-on warning
  cat /sys/kernel/tracing/trace | gpuvm-trace check -
  sudo gpuvm-trace check --follow /sys/kernel/tracing/trace_pipe      until Ctrl-C, which gives the report
  gpuvm-trace check late.txt --initial-state state.json       a trace that begins where state.json was taken
  gpuvm-trace check trace.txt --expect-state gpuvas.txt --at last-job

A trace often ends behind the teardown of its VMs: a dump taken before that is of --at last-job.

Exit codes: 0 clean, 1 findings, 2 could not do the job, 3 inconclusive.`,
    )
    .action(check);
  return command;
}

async function check(files: readonly string[], options: CheckOptions): Promise<void> {
  checkRuleNames(options.rule);
  checkRuleNames(options.ignore);
  const all: Checked[] = [];
  for (const file of files) {
    const report = await (options.follow ? follow(file, files, options) : analyze(file, options));
    const findings = report.findings.filter((finding) => wantsFinding(options, report, finding));
    all.push({ report, findings, doubts: doubtsOf(options, report) });
  }
  emit(render(all, options), options);
  process.exitCode = exitCode(all, options.failOn);
}

/** Prints each finding when it is made, where the format lets it stand alone, and in the end gives the report. */
async function follow(file: string, files: readonly string[], options: CheckOptions): Promise<Report> {
  if (files.length > 1) throw new UserError('--follow takes one trace');
  if (options.expectState !== undefined)
    throw new UserError('--follow takes no --expect-state: run check again without it');
  const end = new AbortController();
  const stop = () => end.abort();
  for (const signal of SIGNALS) process.once(signal, stop);
  const style = chalkStyle(chalkFor(options));
  try {
    return await followAnalysis(
      file,
      { ...traceOptionsOf(options), mmu: options.mmu },
      end.signal,
      (analysis, fresh) => {
        const findings = fresh.filter((finding) => wantsFinding(options, analysis, finding));
        if (options.format !== 'text' || (options.output !== undefined && options.output !== '-')) return;
        for (const finding of findings) process.stdout.write(`${findingText(finding, style).join('\n')}\n`);
      },
    );
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

async function analyze(file: string, options: CheckOptions): Promise<Report> {
  const { mmu, expectState, at } = options;
  const run: RunOptions = { ...traceOptionsOf(options), mmu };
  if (expectState === undefined) return runAnalysis(file, run);
  const dumps = parseDump(readFileSync(expectState), expectState);
  return withMoment(file, at, run, (path, until) => runAnalysis(path, { ...run, expect: { dumps, until } }));
}

/** With --job, --vm or --pid, other jobs' gaps do not matter. */
function doubtsOf(options: CheckOptions, report: Report): readonly string[] {
  const narrowed = options.job !== undefined || options.vm !== undefined || options.pid !== undefined;
  if (!narrowed) return report.doubts;
  const unsure = report.jobs.filter((row) => wantsJob(options, report, row) && row.unknown.length > 0);
  return unsure.map((row) => `job ${row.job}: ${row.unknown.join('; ')}`);
}

function exitCode(all: readonly Checked[], failOn: FailOn): number {
  const from = failOn === 'never' ? SEVERITIES.length : SEVERITIES.indexOf(failOn);
  const failing = all.flatMap(({ findings }) =>
    findings.filter((finding) => SEVERITIES.indexOf(finding.severity) >= from),
  );
  if (failing.some((finding) => finding.confidence !== 'inconclusive')) return 1;
  return failOn !== 'never' && (failing.length > 0 || all.some(({ doubts }) => doubts.length > 0)) ? 3 : 0;
}

const VERDICTS = ['clean', 'findings', '', 'inconclusive'] as const;

function render(all: readonly Checked[], options: CheckOptions): string {
  const findings = all.flatMap((one) => one.findings);
  switch (options.format) {
    case 'csv':
      return toCsv(findingColumns, findings);
    case 'ndjson':
      return toNdjson('finding', findings.map(findingObject));
    case 'json':
      return toJson({
        verdict: VERDICTS[exitCode(all, options.failOn)],
        traces: all.map(traceObject),
        findings: findings.map(findingObject),
      });
    case 'text': {
      const style = chalkStyle(chalkFor(options));
      const width = terminalWidth(options);
      const layout = {
        failOn: options.failOn,
        allNotes: options.rule !== undefined,
        ...(width === undefined ? {} : { width }),
      };
      return all
        .map((one) => checkText({ ...one.report, doubts: one.doubts }, one.findings, { style, ...layout }))
        .join('\n');
    }
  }
}

function findingObject(finding: Finding): Record<string, unknown> {
  return { ...toObject(findingColumns, finding), evidence: finding.evidence };
}

function traceObject({ report, doubts }: Checked): Record<string, unknown> {
  const { file, stats, kernel, jobs, diagnostics, world } = report;
  return {
    file,
    lines: stats.lines,
    events: stats.events,
    jobs: jobs.length,
    lost: stats.lost,
    losses: report.losses,
    kernel: kernelObject(kernel),
    drivers: [...world.drivers],
    doubts,
    diagnostics: diagnostics.map(({ kind, line, message, count }) => ({ kind, line, message, count })),
  };
}
