// `--baseline` and `--update-baseline`: the file of known findings.

import { UserError } from '../base/user_error.ts';
import { Baseline, type BaselineEntry } from '../findings/baseline.ts';
import type { Finding } from '../findings/finding.ts';
import { isThere, readFileSync } from '../io/text_file.ts';
import { writeReport } from '../io/trace_file.ts';
import type { CheckedTrace, CheckRun } from '../reporters/checked_trace.ts';
import { toJson } from '../reporters/table.ts';
import { isXfails, readXfails, updatedXfails, xfailLine } from './xfails.ts';

type Trace = Pick<CheckedTrace, 'findings' | 'known' | 'doubts'>;

/** A run over traces of which more may be told. */
export type RunOver<T extends Trace> = Omit<CheckRun, 'traces'> & { readonly traces: readonly T[] };

/** Of the file's own form: JSON, or drm-ci's *-fails.txt. `run`: where what it has left is to be told. */
export function readBaseline(file: string, run?: RunOver<Trace>): Baseline {
  const text = readFileSync(file);
  return new Baseline(isXfails(file) ? readXfails(file, text, run && findingsOf(run)) : readEntries(file, text));
}

function readEntries(file: string, text: string): readonly BaselineEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${file}: not JSON; expected what --update-baseline writes`);
  }
  const entries: unknown = isObject(value) && value['schema'] === 1 ? value['baseline'] : undefined;
  if (!Array.isArray(entries)) throw new UserError(`${file}: not a baseline; expected what --update-baseline writes`);
  return entries.map((entry: unknown, i) => {
    if (isEntry(entry)) return entry;
    throw new UserError(`${file}: entry ${i + 1} of baseline is not one of rule, fingerprint and count`);
  });
}

/** Never over a file that is something else: its name may come from a configuration file. */
export function writeBaseline(file: string, run: RunOver<Trace>): void {
  const { entries } = Baseline.of(findingsOf(run));
  const before = isThere(file) ? readFileSync(file) : '';
  if (isXfails(file)) {
    writeReport(file, updatedXfails(before, entries), 'latin1');
    return;
  }
  if (before !== '') readEntries(file, before);
  writeReport(file, toJson({ baseline: entries }));
}

function findingsOf({ traces }: RunOver<Trace>): Finding[] {
  return traces.flatMap(({ findings }) => findings);
}

/** The run without the findings that are known, which are taken out of the baseline. */
export function withoutKnown<T extends Trace>(run: RunOver<T>, baseline: Baseline): RunOver<T> {
  const traces = run.traces.map((trace) => {
    const findings = trace.findings.filter((finding) => !baseline.takes(finding));
    return { ...trace, findings, known: trace.findings.length - findings.length };
  });
  return { ...run, traces };
}

/** Why entries are there in vain, in one line; nothing where what they speak of may not have been seen. */
export function unusedText(
  file: string,
  { traces, unread, rules }: RunOver<Trace>,
  left: Baseline,
): string | undefined {
  if (unread.length > 0 || traces.some(({ doubts }) => doubts.length > 0)) return undefined;
  const unused = left.entries.filter(({ rule }) => rules.some(({ id }) => id === rule));
  if (unused.length === 0) return undefined;
  if (isXfails(file)) {
    const lines = unused.slice(0, 5).map((entry) => xfailLine(entry).replace(/,Fail$/, ''));
    return `${file}: UnexpectedImprovement: ${lines.join(', ')}${others(unused, lines)}; --update-baseline removes them`;
  }
  const some = unused.slice(0, 5).map(({ rule, fingerprint, count }) => `${rule} ${fingerprint} (${count})`);
  return `${file}: no longer found: ${some.join(', ')}${others(unused, some)}; --update-baseline removes them`;
}

function others(all: readonly unknown[], some: readonly unknown[]): string {
  return all.length > some.length ? `, and ${all.length - some.length} more` : '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isEntry(value: unknown): value is BaselineEntry {
  if (!isObject(value)) return false;
  const { rule, fingerprint, count } = value;
  return (
    typeof rule === 'string' && typeof fingerprint === 'string' && Number.isSafeInteger(count) && Number(count) > 0
  );
}
