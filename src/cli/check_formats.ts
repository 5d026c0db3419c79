// The forms that `check` gives its findings in, and the exit code that they agree with.
import type { Finding } from '../index.ts';
import { checkText } from '../reporters/check_text.ts';
import { type CheckedTrace, type CheckRun, fails, isSevere } from '../reporters/checked_trace.ts';
import { findingColumns } from '../reporters/columns.ts';
import { github } from '../reporters/github.ts';
import { gitlab } from '../reporters/gitlab.ts';
import { junit } from '../reporters/junit.ts';
import { kernelObject } from '../reporters/kernel_text.ts';
import { ktap } from '../reporters/ktap.ts';
import { sarif } from '../reporters/sarif.ts';
import { FORMATS, type Format, toCsv, toJson, toNdjson, toObject } from '../reporters/table.ts';
import { chalkFor, type OutputOptions, terminalWidth } from './output.ts';
import { chalkStyle } from './style.ts';

const CI_FORMATS = { sarif, junit, gitlab, github, ktap } as const;
type CiFormat = keyof typeof CI_FORMATS;

export type CheckFormat = Format | CiFormat;

export const CHECK_FORMATS: readonly CheckFormat[] = [...FORMATS, 'sarif', 'junit', 'gitlab', 'github', 'ktap'];

export function isForCi(format: CheckFormat): format is CiFormat {
  return Object.hasOwn(CI_FORMATS, format);
}

export function exitCode({ traces, unread, failOn }: CheckRun): keyof typeof VERDICTS {
  if (unread.length > 0) return 2;
  const findings = traces.flatMap((trace) => trace.findings);
  if (findings.some((finding) => fails(finding, failOn))) return 1;
  const unsure =
    findings.some((finding) => isSevere(finding, failOn)) || traces.some(({ doubts }) => doubts.length > 0);
  return failOn !== 'never' && unsure ? 3 : 0;
}

const VERDICTS = { 0: 'clean', 1: 'findings', 2: 'unreadable', 3: 'inconclusive' } as const;

export function renderCheck(format: CheckFormat, run: CheckRun, output: CheckOutput): string {
  if (isForCi(format)) return CI_FORMATS[format](run);
  const findings = run.traces.flatMap((trace) => trace.findings);
  switch (format) {
    case 'csv':
      return toCsv(findingColumns, findings);
    case 'ndjson':
      return toNdjson('finding', findings.map(findingObject));
    case 'json':
      return toJson({
        verdict: VERDICTS[exitCode(run)],
        traces: run.traces.map(traceObject),
        findings: findings.map(findingObject),
      });
    case 'text':
      return run.traces.map((trace) => textOf(trace, run, output)).join('\n');
  }
}

/** `rule`: the user asked for rules by name. */
export interface CheckOutput extends OutputOptions {
  readonly rule?: readonly string[];
}

function textOf({ report, findings, known, doubts }: CheckedTrace, { failOn }: CheckRun, output: CheckOutput): string {
  const width = terminalWidth(output);
  return checkText({ ...report, doubts }, findings, {
    style: chalkStyle(chalkFor(output)),
    failOn,
    known: known.length,
    allNotes: output.rule !== undefined,
    ...(width === undefined ? {} : { width }),
  });
}

function findingObject(finding: Finding): Record<string, unknown> {
  return { ...toObject(findingColumns, finding), evidence: finding.evidence.map(({ order: _, ...one }) => one) };
}

function traceObject({ report, known, doubts }: CheckedTrace): Record<string, unknown> {
  const { file, stats, kernel, jobs, diagnostics, world } = report;
  return {
    file,
    lines: stats.lines,
    events: stats.events,
    jobs: jobs.length,
    lost: stats.lost,
    known: known.length,
    losses: report.losses,
    kernel: kernelObject(kernel),
    drivers: [...world.drivers],
    doubts,
    diagnostics: diagnostics.map(({ kind, line, message, count }) => ({ kind, line, message, count })),
  };
}
