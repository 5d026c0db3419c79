// `--baseline` and `--update-baseline`: the file of known findings.
import { Baseline, type BaselineEntry, UserError } from '../index.ts';
import { readFileSync } from '../io/text_file.ts';
import { writeReport } from '../io/trace_file.ts';
import type { CheckedTrace, CheckRun } from '../reporters/checked_trace.ts';
import { toJson } from '../reporters/table.ts';

type Trace = Pick<CheckedTrace, 'findings' | 'known' | 'doubts'>;

/** A run over traces of which more may be told. */
export type RunOver<T extends Trace> = Omit<CheckRun, 'traces'> & { readonly traces: readonly T[] };

export function readBaseline(file: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file}: not JSON; expected what --update-baseline writes`);
  }
  const entries: unknown = isObject(value) && value['schema'] === 1 ? value['baseline'] : undefined;
  if (!Array.isArray(entries)) throw new UserError(`${file}: not a baseline; expected what --update-baseline writes`);
  return new Baseline(
    entries.map((entry: unknown, i) => {
      if (isEntry(entry)) return entry;
      throw new UserError(`${file}: entry ${i + 1} of baseline is not one of rule, fingerprint and count`);
    }),
  );
}

export function writeBaseline(file: string, { traces }: RunOver<Trace>): void {
  const { entries } = Baseline.of(traces.flatMap(({ findings }) => findings));
  writeReport(file, toJson({ baseline: entries }));
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
  const some = unused.slice(0, 5).map(({ rule, fingerprint, count }) => `${rule} ${fingerprint} (${count})`);
  const more = unused.length > some.length ? `, and ${unused.length - some.length} more` : '';
  return `${file}: no longer found: ${some.join(', ')}${more}; --update-baseline removes them`;
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
