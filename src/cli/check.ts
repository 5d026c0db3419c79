// `check`: findings, for people and for CI.
import { Command, Option } from 'commander';
import type { Report } from '../analyze.ts';
import { UserError } from '../base/user_error.ts';
import { rules } from '../checks/index.ts';
import type { Finding } from '../findings/finding.ts';
import type { MmuMode } from '../replay/world.ts';
import type { CheckedTrace, CheckRun, FailOn, UnreadTrace } from '../reporters/checked_trace.ts';
import { printable } from '../reporters/escape.ts';
import { findingText } from '../reporters/finding_text.ts';
import type { TraceRecording } from '../reporters/html/recording.ts';
import type { RunResult, TraceResult } from '../reporters/trace_result.ts';
import { ShownFindings } from '../reporters/withdrawn.ts';
import type { RunOver } from './baseline.ts';
import { joinTexts, lookOf, textOf } from './check_text.ts';
import { CHECK_FORMATS, type CheckFormat, isForCi } from './format_names.ts';
import { hasLinks } from './hyperlink.ts';
import type { Moment } from './moment.ts';
import { atOption, explainOption, list, mmuOption, outputOption, positive } from './options.ts';
import { type ColorWhen, emit } from './output.ts';
import { reportOption, type Target } from './report_target.ts';
import { dumpsOf, followAnalysis, type RunOptions, runAnalysis } from './run_analysis.ts';
import { withMoment } from './run_until.ts';
import { addSelection, checkRuleNames, type Selection, wantsFinding, wantsJob } from './select.ts';
import { styleFor } from './style.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { fileOf, type MergeChoice, mergeOption, nameOf, type Trace, tracesOf } from './traces.ts';
import { exitCode } from './verdict.ts';
import { VERSION } from './version.ts';

/** They end --follow. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface CheckOptions extends Selection, TraceChoice, MergeChoice {
  readonly format: CheckFormat;
  readonly report?: readonly Target[];
  readonly baseline?: string;
  readonly updateBaseline?: true;
  readonly output?: string;
  readonly color?: ColorWhen | true;
  readonly failOn: FailOn;
  readonly mmu: MmuMode;
  readonly expectState?: string;
  readonly at: Moment;
  readonly explain?: true;
  readonly follow?: true;
  readonly jobs: number;
}

export function checkCommand(): Command {
  const command = new Command('check')
    .description('report what the traces show to be wrong')
    .argument('<trace...>', 'traces; - is standard input')
    .addOption(mergeOption())
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 from this severity on')
        .choices(['error', 'warning', 'never'])
        .default('error'),
    )
    .option('-f, --follow', 'go on where the trace ends: a file that grows, trace_pipe, a pipe; findings as they come')
    .addOption(
      new Option('-j, --jobs <n>', 'so many traces at once, each by a thread of its own')
        .argParser(positive)
        .default(1),
    )
    .option('--rule <rules>', 'only these rules (repeatable, comma-separated)', list)
    .option('--ignore <rules>', 'leave these rules out (repeatable, comma-separated)', list);
  addTraceOptions(addSelection(command))
    .option(
      '--expect-state <file>',
      'the mappings that the trace should lead to: debugfs gpuvas, msm’s devcoredump, or what `state` prints',
    )
    .addOption(atOption('when --expect-state holds: '))
    .addOption(mmuOption())
    .addOption(new Option('--format <format>', 'output format').choices(CHECK_FORMATS).default('text'))
    .addOption(explainOption())
    .addOption(outputOption())
    .addOption(reportOption(CHECK_FORMATS))
    .option('--baseline <file>', 'known findings, which do not count: JSON, or drm-ci’s form in a *-fails.txt')
    .option('--update-baseline', 'write what is found to the file of --baseline')
    .addOption(new Option('--color [when]', 'colours: auto, always, never').choices(['auto', 'always', 'never']))
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace check trace.txt
  gpuvm-trace check trace.txt --rule missing-lock --job 26
  gpuvm-trace check *.txt.gz --format csv -o findings.csv --fail-on warning
  gpuvm-trace check *.txt.gz --baseline known.json            only what is new; the first time with --update-baseline
  gpuvm-trace check -j 4 *.txt.gz --format json -o report.json      by four threads; see also merge
  gpuvm-trace check *.txt.gz --report sarif=out.sarif --report junit=out.xml
  gpuvm-trace check 'captures/**/*.txt'                       patterns that the shell leaves are expanded
  gpuvm-trace check --merge per_cpu/*/trace                   the files of one run as one trace
  cat /sys/kernel/tracing/trace | gpuvm-trace check -
  sudo gpuvm-trace check --follow /sys/kernel/tracing/trace_pipe      until Ctrl-C, which gives the report
  gpuvm-trace check late.txt --initial-state state.json       a trace that begins where state.json was taken
  gpuvm-trace check lossy.txt --snapshot gpuvas.txt@57.727300  a trace that lost events, and gpuvas as it was then
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
  const targets = [options, ...(options.report ?? [])];
  const outcome =
    options.jobs > 1 && !wantsPage(options)
      ? await checkAtOnce(files, options, targets)
      : await checkInOrder(files, options, targets);
  const [unread] = outcome.unread;
  if (unread !== undefined) throw new UserError(unread.message);
  process.exitCode = exitCode(outcome);
}

type Targets = readonly (CheckOptions | Target)[];

async function checkInOrder(files: readonly string[], options: CheckOptions, targets: Targets): Promise<CheckRun> {
  const run = await knowing(await runOn(files, options), options);
  for (const target of targets) emit(await rendered(run, target, options), target);
  return run;
}

async function rendered(run: CheckRun, target: CheckOptions | Target, options: CheckOptions): Promise<string> {
  if (target.format !== 'text') return (await import('./check_formats.ts')).renderCheck(target.format, run);
  const texts = run.traces.map(await textOf(run, lookOf({ ...options, ...target })));
  return joinTexts(texts) + (await explained(run, options));
}

/** The same by several threads; texts are made where the traces are. Not for the page: what it shows stays in them. */
async function checkAtOnce(files: readonly string[], options: CheckOptions, targets: Targets): Promise<RunResult> {
  const asked = tracesOf(files, options);
  if (asked.flat().some(({ path }) => path === '-')) throw new UserError('-j takes files, and - is standard input');
  if (options.follow) throw new UserError('--follow takes one trace, and no -j');
  const { baseline: known, updateBaseline } = options;
  const baseline =
    known === undefined || updateBaseline ? undefined : (await import('./baseline.ts')).readBaseline(known);
  const looks = targets.filter(({ format }) => format === 'text').map((target) => lookOf({ ...options, ...target }));
  const { checkByThreads } = await import('./check_threads.ts');
  const { renderResult } = await import('./check_formats.ts');
  const { runResult } = await import('../reporters/trace_result.ts');
  const { traces, unread, printed } = await checkByThreads(asked, {
    options,
    threads: options.jobs,
    goesOn: goesOn(options),
    looks,
    isShown: (finding) => !updateBaseline && baseline?.takes(finding) !== true,
  });
  // No baseline is written then, and what the texts left out as known may be new.
  if (updateBaseline && unread.length > 0) return runResult(await checkInOrder(files, options, targets));
  const run = await knowing({ ...runOf(options), traces, unread }, options);
  const texts = printed.values();
  for (const target of targets) {
    const { format } = target;
    if (format === 'text') emit(joinTexts(texts.next().value ?? []) + (await explained(run, options)), target);
    else if (format !== 'html') emit(renderResult(format, run), target);
  }
  return run;
}

async function explained({ traces }: CheckRun | RunResult, { explain }: CheckOptions): Promise<string> {
  if (explain !== true) return '';
  const { explanations } = await import('./rules.ts');
  return explanations(traces.flatMap((trace): readonly Pick<Finding, 'rule'>[] => trace.findings));
}

/** The run as the baseline lets it be. */
async function knowing<T extends TraceResult | CheckedTrace>(
  run: RunOver<T>,
  options: CheckOptions,
): Promise<RunOver<T>> {
  const { baseline: file, updateBaseline } = options;
  if (file === undefined) {
    if (updateBaseline) throw new UserError('--update-baseline needs --baseline FILE');
    return run;
  }
  if (options.follow) throw new UserError('--follow takes no --baseline: run check again without it');
  const { readBaseline, unusedText, withoutKnown, writeBaseline } = await import('./baseline.ts');
  const narrowed = isNarrowed(options);
  if (updateBaseline) {
    if (narrowed || options.rule !== undefined || options.ignore !== undefined)
      throw new UserError('--update-baseline takes no selection: what is left out would be lost from the file');
    if (run.traces.some(({ doubts }) => doubts.length > 0))
      throw new UserError('--update-baseline: events are missing; what they hide would be lost from the file');
    if (run.unread.length === 0) writeBaseline(file, run);
  }
  const baseline = readBaseline(file, run);
  const fresh = withoutKnown(run, baseline);
  const unused = narrowed ? undefined : unusedText(file, fresh, baseline);
  if (unused !== undefined) console.error(`gpuvm-trace: ${printable(unused)}`);
  return fresh;
}

/** Reports for CI and JSON tell of an input that cannot be read; without one, it ends the command. */
function goesOn({ follow, format, report = [] }: CheckOptions): boolean {
  const formats = [format, ...report.map((target) => target.format)];
  return !follow && formats.some((one) => one === 'json' || one === 'html' || isForCi(one));
}

function wantsPage({ format, report = [] }: CheckOptions): boolean {
  return format === 'html' || report.some((target) => target.format === 'html');
}

async function runOn(files: readonly string[], options: CheckOptions): Promise<CheckRun> {
  const traces: CheckedTrace[] = [];
  const unread: UnreadTrace[] = [];
  for (const trace of tracesOf(files, options)) {
    try {
      const recording = wantsPage(options) ? await newRecording() : undefined;
      const read = options.follow ? follow(files, options, recording) : analyze(trace, options, recording);
      traces.push(checked(options, await read, recording));
    } catch (error) {
      if (!goesOn(options) || !(error instanceof UserError)) throw error;
      unread.push({ file: nameOf(trace), message: error.message });
    }
  }
  return { ...runOf(options), traces, unread };
}

async function newRecording(): Promise<TraceRecording> {
  const { TraceRecording } = await import('../reporters/html/recording.ts');
  return new TraceRecording();
}

function runOf({ rule, ignore, failOn }: CheckOptions): Pick<CheckRun, 'rules' | 'failOn' | 'version'> {
  const asked = rules.filter(({ id }) => rule?.includes(id) !== false && ignore?.includes(id) !== true);
  return { rules: asked, failOn, version: VERSION };
}

export async function checkOne(trace: Trace, options: CheckOptions): Promise<CheckedTrace> {
  return checked(options, await analyze(trace, options, undefined), undefined);
}

function checked(options: CheckOptions, report: Report, recording: TraceRecording | undefined): CheckedTrace {
  const findings = report.findings.filter((finding) => wantsFinding(options, report, finding));
  const jobs = report.jobs.filter((row) => wantsJob(options, report, row));
  return { report, jobs, findings, known: 0, doubts: doubtsOf(options, report), recording };
}

/** Prints each finding when it is made, where the format lets it stand alone, and in the end gives the report. */
async function follow(
  files: readonly string[],
  options: CheckOptions,
  recording: TraceRecording | undefined,
): Promise<Report> {
  const [file = '', ...more] = files;
  if (more.length > 0) throw new UserError('--follow takes one trace');
  if (options.expectState !== undefined)
    throw new UserError('--follow takes no --expect-state: run check again without it');
  const end = new AbortController();
  const stop = () => end.abort();
  for (const signal of SIGNALS) process.once(signal, stop);
  const style = await styleFor(options, hasLinks(options));
  const isLive = options.format === 'text' && (options.output === undefined || options.output === '-');
  const shown = new ShownFindings();
  try {
    const report = await followAnalysis(
      fileOf(file),
      { ...(await traceOptionsOf(options)), mmu: options.mmu, ...recording?.options },
      end.signal,
      (analysis, fresh) => {
        if (!isLive) return;
        for (const finding of fresh.filter((one) => wantsFinding(options, analysis, one))) {
          process.stdout.write(`${findingText(finding, style).join('\n')}\n`);
          shown.add(finding);
        }
      },
    );
    process.stdout.write(shown.withdrawn(report.findings));
    return report;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

async function analyze(trace: Trace, options: CheckOptions, recording: TraceRecording | undefined): Promise<Report> {
  const { mmu, expectState, at } = options;
  const run: RunOptions = { ...(await traceOptionsOf(options)), mmu };
  const recorded = { ...run, ...recording?.options };
  if (expectState === undefined) return runAnalysis(trace, recorded);
  const dumps = await dumpsOf(expectState);
  return withMoment(trace, at, run, (copy, until) => runAnalysis(copy, { ...recorded, expect: { dumps, until } }));
}

/** Findings of some VMs, jobs or times only. */
function isNarrowed({ vm, pid, job, since, until }: Selection): boolean {
  return [vm, pid, job, since, until].some((one) => one !== undefined);
}

/** With --job, --vm or --pid, other jobs' gaps do not matter. */
function doubtsOf(options: CheckOptions, report: Report): readonly string[] {
  if (options.job === undefined && options.vm === undefined && options.pid === undefined) return report.doubts;
  const unsure = report.jobs.filter((row) => wantsJob(options, report, row) && row.unknown.length > 0);
  return unsure.map((row) => `job ${row.job}: ${row.unknown.join('; ')}`);
}
