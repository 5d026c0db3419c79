// The forms that `check` gives its findings in, but for the text: for programs, and for a browser.
import { findingObject, reportObject } from '../reporters/check_json.ts';
import type { CheckRun } from '../reporters/checked_trace.ts';
import { findingColumns } from '../reporters/columns.ts';
import { github } from '../reporters/github.ts';
import { gitlab } from '../reporters/gitlab.ts';
import { html } from '../reporters/html/html.ts';
import { junit } from '../reporters/junit.ts';
import { ktap } from '../reporters/ktap.ts';
import { sarif } from '../reporters/sarif.ts';
import { toCsv, toJson, toNdjson } from '../reporters/table.ts';
import { type RunResult, runResult } from '../reporters/trace_result.ts';
import { type CheckFormat, type CiFormat, isForCi, type ResultFormat } from './format_names.ts';
import { pageParts } from './page_parts.ts';
import { exitCode, VERDICTS } from './verdict.ts';

const CI_REPORTS: Readonly<Record<CiFormat, (run: RunResult) => string>> = { sarif, junit, gitlab, github, ktap };

export function renderCheck(format: Exclude<CheckFormat, 'text'>, run: CheckRun): string {
  return format === 'html' ? html(run, pageParts()) : renderResult(format, runResult(run));
}

/** What the results suffice for. */
export function renderResult(format: Exclude<ResultFormat, 'text'>, run: RunResult): string {
  if (isForCi(format)) return CI_REPORTS[format](run);
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
