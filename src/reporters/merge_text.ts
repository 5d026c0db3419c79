// What `merge` prints for people: a table by driver, kernel and rule, the traces that fail, the verdict.
import { SEVERITIES } from '../findings/finding.ts';
import { fails, isSevere } from './checked_trace.ts';
import { printable, printablePath } from './escape.ts';
import { counted, grouped, type Style } from './style.ts';
import { type Column, toText } from './table.ts';
import type { FoundInVm, RunResult, TraceResult } from './trace_result.ts';

interface MergeRow {
  readonly driver: string;
  readonly kernel: string;
  /** '-' for traces in which nothing was found. */
  readonly rule: string;
  traces: number;
  readonly findings: FoundInVm[];
}

const count = (severity: FoundInVm['severity']): Column<MergeRow> => ({
  name: `${severity}s`,
  kind: 'count',
  cell: ({ findings }) =>
    none(findings.filter((one) => one.severity === severity && one.confidence !== 'inconclusive').length),
});

const COLUMNS: readonly Column<MergeRow>[] = [
  { name: 'driver', kind: 'text', cell: (row) => row.driver },
  { name: 'kernel', kind: 'text', cell: (row) => row.kernel },
  { name: 'rule', kind: 'text', cell: (row) => row.rule },
  { name: 'traces', kind: 'count', cell: (row) => row.traces },
  ...SEVERITIES.toReversed().map(count),
  {
    name: 'inconclusive',
    kind: 'count',
    cell: ({ findings }) => none(findings.filter(({ confidence }) => confidence === 'inconclusive').length),
  },
];

const MANY_TRACES = 20;

function none(number: number): number | undefined {
  return number === 0 ? undefined : number;
}

/** `reports`: so many were merged. */
export function mergeText(run: RunResult, reports: number, style: Style): string {
  const { traces, unread } = run;
  const [head = '', ...rows] = toText(COLUMNS, rowsOf(traces)).trimEnd().split('\n');
  const sections = [
    traces.length === 0 ? [] : [style.bold(head), ...rows],
    some(traces.flatMap((trace) => traceLine(trace, run, style))),
    some(unread.map(({ message }) => `${style.error('not read:')} ${printablePath(message)}`)),
    [verdict(run, reports, style)],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function rowsOf(traces: readonly TraceResult[]): MergeRow[] {
  const rows = new Map<string, MergeRow>();
  const rowOf = ({ drivers, kernel }: TraceResult, rule: string): MergeRow => {
    const driver = drivers.join(', ') || '-';
    const key = [driver, kernel, rule].join('\u0000');
    const row = rows.get(key) ?? { driver, kernel: kernel || '-', rule, traces: 0, findings: [] };
    rows.set(key, row);
    return row;
  };
  for (const trace of traces) {
    for (const rule of new Set(trace.findings.map((one) => one.rule))) rowOf(trace, rule).traces++;
    for (const finding of trace.findings) rowOf(trace, finding.rule).findings.push(finding);
    if (trace.findings.length === 0) rowOf(trace, '-').traces++;
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Of traces that are not clean. */
function traceLine({ file, findings, doubts }: TraceResult, { failOn }: RunResult, style: Style): string[] {
  const sure = findings.filter((finding) => fails(finding, failOn)).length;
  if (sure > 0) return [`${printablePath(file)}: ${style.error(counted(sure, 'finding'))}`];
  const unsure = failOn !== 'never' && findings.some((finding) => isSevere(finding, failOn));
  if (!unsure && (doubts.length === 0 || failOn === 'never')) return [];
  const why = unsure ? 'findings that missing events could excuse' : printable(doubts[0] ?? '');
  return [`${printablePath(file)}: ${style.warning(`inconclusive: ${why}`)}`];
}

function some(lines: readonly string[]): string[] {
  const more = lines.length - MANY_TRACES;
  return more > 0 ? [...lines.slice(0, MANY_TRACES), `... and ${grouped(more)} more`] : [...lines];
}

/** One line; it agrees with the exit code. */
function verdict(run: RunResult, reports: number, style: Style): string {
  const { traces, unread, failOn } = run;
  const of = `${counted(traces.length, 'trace')} of ${counted(reports, 'report')}`;
  const failing = traces.flatMap(({ findings }) => findings.filter((finding) => fails(finding, failOn)));
  const known = traces.reduce((sum, trace) => sum + trace.known, 0);
  const beside = known === 0 ? '' : `; ${counted(known, 'finding')} in the baseline`;
  const parts = [
    ...(unread.length > 0 ? [`${counted(unread.length, 'trace')} not read`] : []),
    ...(failing.length > 0 ? [counted(failing.length, 'finding')] : []),
  ];
  if (parts.length > 0) return `${of}: ${style.error(parts.join(', '))}${beside}`;
  const unsure = traces.filter((trace) => traceLine(trace, run, style).length > 0).length;
  return `${of}: ${unsure > 0 ? style.warning(`${grouped(unsure)} inconclusive`) : style.good('clean')}${beside}`;
}
