// The forms that `check` gives its findings in, and the exit code that they agree with.

import { findingObject, reportObject } from '../reporters/check_json.ts';
import { checkText } from '../reporters/check_text.ts';
import { type CheckedTrace, type CheckRun, fails, isSevere } from '../reporters/checked_trace.ts';
import { findingColumns } from '../reporters/columns.ts';
import { github } from '../reporters/github.ts';
import { gitlab } from '../reporters/gitlab.ts';
import { html } from '../reporters/html/html.ts';
import { junit } from '../reporters/junit.ts';
import { ktap } from '../reporters/ktap.ts';
import { sarif } from '../reporters/sarif.ts';
import { FORMATS, type Format, toCsv, toJson, toNdjson } from '../reporters/table.ts';
import { type RunResult, runResult } from '../reporters/trace_result.ts';
import { hasLinks } from './hyperlink.ts';
import { chalkOf, isColored, type OutputOptions, terminalWidth } from './output.ts';
import { pageParts } from './page_parts.ts';
import { chalkStyle } from './style.ts';

const CI_FORMATS = { sarif, junit, gitlab, github, ktap } as const;
type CiFormat = keyof typeof CI_FORMATS;

/** What the results of a run suffice for. */
export type ResultFormat = Format | CiFormat;
/** The page shows more of a trace than its results. */
export type CheckFormat = ResultFormat | 'html';

export const RESULT_FORMATS: readonly ResultFormat[] = [...FORMATS, 'sarif', 'junit', 'gitlab', 'github', 'ktap'];
export const CHECK_FORMATS: readonly CheckFormat[] = [...RESULT_FORMATS, 'html'];

export function isForCi(format: CheckFormat): format is CiFormat {
  return Object.hasOwn(CI_FORMATS, format);
}

/** What the exit code hangs on. */
interface Outcome extends Pick<CheckRun, 'unread' | 'failOn'> {
  readonly traces: readonly Pick<CheckedTrace, 'findings' | 'doubts'>[];
}

export function exitCode({ traces, unread, failOn }: Outcome): keyof typeof VERDICTS {
  if (unread.length > 0) return 2;
  const findings = traces.flatMap((trace) => trace.findings);
  if (findings.some((finding) => fails(finding, failOn))) return 1;
  const unsure =
    findings.some((finding) => isSevere(finding, failOn)) || traces.some(({ doubts }) => doubts.length > 0);
  return failOn !== 'never' && unsure ? 3 : 0;
}

const VERDICTS = { 0: 'clean', 1: 'findings', 2: 'unreadable', 3: 'inconclusive' } as const;

export function renderCheck(format: CheckFormat, run: CheckRun, output: CheckOutput): string {
  if (format === 'html') return html(run, pageParts());
  if (format !== 'text') return renderResult(format, runResult(run));
  const look = lookOf(output);
  return joinTexts(run.traces.map((trace) => checkedText(trace, run, look)));
}

/** All but the text for people, which tells of each trace more than its result. */
export function renderResult(format: Exclude<ResultFormat, 'text'>, run: RunResult): string {
  if (isForCi(format)) return CI_FORMATS[format](run);
  const findings = run.traces.flatMap((trace) => trace.findings);
  switch (format) {
    case 'csv':
      return toCsv(findingColumns, findings);
    case 'ndjson':
      return toNdjson('finding', findings.map(findingObject));
    case 'json':
      return toJson(reportObject(run, VERDICTS[exitCode(run)]));
  }
}

/** `rule`: the user asked for rules by name. */
export interface CheckOutput extends OutputOptions {
  readonly rule?: readonly string[];
}

/** How a text is to look, whoever makes it. */
export interface TextLook {
  readonly colors: boolean;
  readonly links: boolean;
  readonly width: number | undefined;
  readonly allNotes: boolean;
}

export function lookOf(output: CheckOutput): TextLook {
  return {
    colors: isColored(output),
    links: hasLinks(output),
    width: terminalWidth(output),
    allNotes: output.rule !== undefined,
  };
}

export function checkedText(
  { report, findings, known, doubts }: CheckedTrace,
  { failOn }: Pick<CheckRun, 'failOn'>,
  { colors, links, width, allNotes }: TextLook,
): string {
  return checkText({ ...report, doubts }, findings, {
    style: chalkStyle(chalkOf(colors), links),
    failOn,
    known,
    allNotes,
    ...(width === undefined ? {} : { width }),
  });
}

export function joinTexts(texts: readonly string[]): string {
  return texts.join('\n');
}
