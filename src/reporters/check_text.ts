// What `gpuvm-trace check` prints for people: findings by job, what could not be judged, a summary, the verdict.
import type { Report } from '../analyze.ts';
import type { Diagnostic } from '../events/diagnostic.ts';
import type { LineNames } from '../events/lines.ts';
import { type Finding, SEVERITIES, type Severity } from '../findings/finding.ts';
import { FindingJobs } from '../findings/finding_job.ts';
import type { JobRow } from '../replay/job_row.ts';
import { printable, printablePath, quoted } from './escape.ts';
import { findingText } from './finding_text.ts';
import { driverLine, kernelLine } from './kernel_text.ts';
import { lossLines } from './loss_text.ts';
import { counted, grouped, type Style, wrapped } from './style.ts';

export interface CheckTextOptions {
  readonly style: Style;
  readonly failOn: Severity | 'never';
  /** Columns to wrap at; without it each finding stays on one line, for grep and editors. */
  readonly width?: number;
  /** So many findings are in the baseline. */
  readonly known?: number;
  /** Print every note, however many there are. */
  readonly allNotes?: boolean;
}

/** More notes of a rule than this are counted only. */
const MANY_NOTES = 20;
const MANY_DIAGNOSTICS = 20;
const MANY_REASONS = 10;

/** `findings` are those that were asked for, which may be fewer than the report's. */
export function checkText(report: Report, findings: readonly Finding[], options: CheckTextOptions): string {
  const collapsed = options.allNotes === true ? new Map<string, Finding[]>() : manyNotes(findings);
  const shown = findings.filter((finding) => finding.severity !== 'note' || !collapsed.has(finding.rule));
  const sections = [
    ...jobSections(report, shown, options),
    outside(shown, options),
    leftOut(report, collapsed, options),
    doubts(report, options),
    summary(findings, options),
    [
      ...wrapped(kernelLine(report.kernel), options.width, 4).map(options.style.dim),
      ...wrapped(driverLine(report.world.drivers), options.width, 4).map(options.style.dim),
      totals(report, findings, options.known ?? 0),
      verdict(report, findings, options),
      ...next(report, findings, options),
    ],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function manyNotes(findings: readonly Finding[]): Map<string, Finding[]> {
  const byRule = new Map<string, Finding[]>();
  for (const finding of findings) if (finding.severity === 'note') push(byRule, finding.rule, finding);
  for (const [rule, notes] of byRule) if (notes.length <= MANY_NOTES) byRule.delete(rule);
  return byRule;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

/** Jobs in the order of the trace. */
function jobSections(report: Report, findings: readonly Finding[], options: CheckTextOptions): string[][] {
  const rows = new FindingJobs(report.jobs, findings);
  const byJob = new Map<JobRow | number, Finding[]>();
  for (const finding of findings) {
    if (finding.job === undefined) continue;
    push(byJob, rows.of(finding) ?? finding.job, finding);
  }
  const lineOf = (key: JobRow | number) => (typeof key === 'number' ? (byJob.get(key)?.[0]?.order ?? 0) : key.line);
  return [...byJob]
    .sort(([a], [b]) => lineOf(a) - lineOf(b))
    .map(([key, own]) => [heading(key, report.lines, options.style), ...findingLines(own, options)]);
}

function heading(key: JobRow | number, names: LineNames, style: Style): string {
  if (typeof key === 'number') return style.bold(`job ${key}`);
  const { job, vmOrdinal, vmName, comm, pid, line, endLine, ops, ret, unknown } = key;
  const vm = vmOrdinal === 0 ? 'VM unknown' : `VM ${vmOrdinal}${vmName === '' ? '' : ` "${printable(vmName)}"`}`;
  const parts = [vm, `${printable(comm)}-${pid}`, linesText(line, endLine, names)];
  if (ops !== undefined) parts.push(counted(ops, 'op'));
  parts.push(ret === undefined ? 'no return seen' : `ret ${ret}`);
  const unsure = unknown.length > 0 ? style.warning(' (not judged whole)') : '';
  return `${style.bold(`job ${job}`)}  ${parts.join(', ')}${unsure}`;
}

/** From the job's first event to its last. */
function linesText(line: number, endLine: number, names: LineNames): string {
  if (!names.isMerged) return `lines ${line}-${endLine === 0 ? 'end' : endLine}`;
  return printable(`${names.name(line)} to ${endLine === 0 ? 'the end' : names.name(endLine)}`);
}

function findingLines(findings: readonly Finding[], { style, width }: CheckTextOptions): string[] {
  return [...findings].sort((a, b) => a.order - b.order).flatMap((finding) => findingText(finding, style, width));
}

function outside(findings: readonly Finding[], options: CheckTextOptions): string[] {
  const own = findings.filter((finding) => finding.job === undefined);
  return own.length === 0 ? [] : [options.style.bold('outside of any job'), ...findingLines(own, options)];
}

function leftOut(
  report: Report,
  collapsed: ReadonlyMap<string, readonly Finding[]>,
  options: CheckTextOptions,
): string[] {
  const { style } = options;
  const lines: string[] = [];
  for (const [rule, notes] of collapsed) {
    const first = notes[0];
    const jobs = new Set(notes.map((finding) => finding.job)).size;
    const what = `${counted(notes.length, 'note')} of ${rule} in ${counted(jobs, 'job')} not printed`;
    lines.push(`${style.note('note:')} ${what}; the first is at ${printable(report.lines.name(first?.order ?? 0))}`);
    lines.push(style.dim(`    to see all: gpuvm-trace check ${argumentsOf(report)} --rule ${rule}`));
  }
  return lines;
}

function doubts(report: Report, options: CheckTextOptions): string[] {
  const { style, width } = options;
  const lines: string[] = [];
  for (const doubt of report.doubts) lines.push(...wrapped(`  ${printable(doubt)}`, width, 4));
  for (const line of lossLines(report.losses)) lines.push(...wrapped(`  ${line}`, width, 4));
  const why = reasons(report);
  for (const [reason, rows] of why.slice(0, MANY_REASONS)) {
    const some = rows.slice(0, 4).map((row) => row.job);
    const which = `${counted(rows.length, 'job')} (${some.join(', ')}${rows.length > some.length ? ', ...' : ''})`;
    lines.push(...wrapped(`  ${which}: ${printable(reason)}`, width, 4));
  }
  if (why.length > MANY_REASONS) lines.push(`  ... and ${counted(why.length - MANY_REASONS, 'more reason')}`);
  const blank = notProbed(report);
  if (blank.length > 0)
    lines.push(...wrapped(`  in no job: ${blank.join(', ')} (the trace lacks the probes for it)`, width, 4));
  if (lines.length > 0) lines.unshift(style.warning(style.bold('could not be judged')));
  const odd = report.diagnostics.slice(0, MANY_DIAGNOSTICS).flatMap((one) => diagnosticLines(report, one, options));
  if (odd.length > 0) lines.push(style.bold('odd in the trace'), ...odd);
  const more = report.diagnostics.length - MANY_DIAGNOSTICS;
  if (more > 0) lines.push(`  ... and ${counted(more, 'more kind')} of oddities`);
  return lines;
}

/** Jobs by why they were not judged whole, what concerns most of them first. */
export function reasons(report: Report): [string, JobRow[]][] {
  const byReason = new Map<string, JobRow[]>();
  for (const row of report.jobs) for (const why of row.unknown) push(byReason, why, row);
  return [...byReason].sort(([, a], [, b]) => b.length - a.length);
}

const JUDGED = {
  steps: 'steps',
  missing: 'missing locks',
  redundant: 'redundant locks',
  diverged: 'lock pass against apply',
  misapplied: 'misapplied steps',
  unreserved: 'fence slots',
} as const;

/** What no job at all could be judged on, not even one that was seen whole. */
export function notProbed(report: Report): string[] {
  const whole = report.jobs.filter((row) => row.unknown.length === 0);
  if (whole.length === 0) return [];
  const names = Object.keys(JUDGED) as (keyof typeof JUDGED)[];
  return names.filter((name) => whole.every((row) => row.counts[name] === undefined)).map((name) => JUDGED[name]);
}

function diagnosticLines(
  report: Report,
  { line, message, file = report.file, count }: Diagnostic,
  options: CheckTextOptions,
): string[] {
  const place = line === 0 ? '' : `${printablePath(file)}:${line}: `;
  const times = count > 1 ? ` (${grouped(count)} times, here first)` : '';
  return wrapped(`  ${place}${printable(message)}${times}`, options.width, 4);
}

const HEAD = ['rule', 'errors', 'warnings', 'notes', 'inconclusive', 'jobs'] as const;

function summary(findings: readonly Finding[], { style }: CheckTextOptions): string[] {
  const byRule = new Map<string, Finding[]>();
  for (const finding of findings) push(byRule, finding.rule, finding);
  if (byRule.size === 0) return [];
  const rows = [...byRule]
    .map(([rule, own]) => ({ rule, own, severity: own.reduce((most, one) => Math.max(most, rank(one)), 0) }))
    .sort((a, b) => b.severity - a.severity || b.own.length - a.own.length || (a.rule < b.rule ? -1 : 1));
  const cells = rows.map(({ rule, own }) => [rule, ...counts(own)]);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  const body = rows.map(({ severity }, i) => {
    const name = SEVERITIES[severity] ?? 'note';
    const text = line(cells[i] ?? []);
    const rule = rows[i]?.rule ?? '';
    return style[name](rule) + text.slice(rule.length);
  });
  return [style.bold(line(HEAD)), ...body];
}

function rank(finding: Finding): number {
  return SEVERITIES.indexOf(finding.severity);
}

function counts(own: readonly Finding[]): string[] {
  const of = (severity: Severity) => own.filter((one) => one.severity === severity).length;
  const unsure = own.filter((one) => one.confidence === 'inconclusive').length;
  const jobs = new Set(own.map((one) => one.job).filter((job) => job !== undefined)).size;
  return [of('error'), of('warning'), of('note'), unsure, jobs].map((count) => (count === 0 ? '-' : grouped(count)));
}

function totals(report: Report, findings: readonly Finding[], baselined: number): string {
  const { jobs, stats } = report;
  const known = jobs.map((row) => row.counts.steps).filter((steps) => steps !== undefined);
  const steps =
    known.length === 0 && jobs.length > 0
      ? 'steps not probed'
      : counted(
          known.reduce((a, b) => a + b, 0),
          'step',
        );
  const hidden = report.findings.length - findings.length - baselined;
  const text = `${counted(jobs.length, 'job')}, ${steps}, ${counted(stats.events, 'event')} in ${counted(stats.lines, 'line')}`;
  return [
    text,
    ...(baselined > 0 ? [`${counted(baselined, 'finding')} in the baseline`] : []),
    ...(hidden > 0 ? [`${counted(hidden, 'finding')} not asked for`] : []),
  ].join('; ');
}

/** One line; it agrees with the exit code. */
function verdict(report: Report, findings: readonly Finding[], { style, failOn }: CheckTextOptions): string {
  const { kind, text, beside } = verdictOf(report, findings, failOn);
  return `${printablePath(report.file)}: ${style[COLOURS[kind]](text)}${beside}`;
}

const COLOURS = { findings: 'error', inconclusive: 'warning', clean: 'good' } as const;

export interface VerdictText {
  readonly kind: 'findings' | 'inconclusive' | 'clean';
  readonly text: string;
  /** What was found that does not count, or ''. */
  readonly beside: string;
}

export function verdictOf(report: Report, findings: readonly Finding[], failOn: Severity | 'never'): VerdictText {
  const from = failOn === 'never' ? SEVERITIES.indexOf('error') : SEVERITIES.indexOf(failOn);
  const failing = findings.filter((finding) => rank(finding) >= from);
  const sure = failing.filter((finding) => finding.confidence !== 'inconclusive');
  if (sure.length > 0) {
    const what = SEVERITIES.slice(from)
      .toReversed()
      .map((severity) => ({ severity, count: sure.filter((one) => one.severity === severity).length }))
      .filter(({ count }) => count > 0)
      .map(({ severity, count }) => counted(count, severity));
    const jobs = new Set(sure.map((one) => one.job).filter((job) => job !== undefined)).size;
    const where = jobs === 0 ? 'outside of any job' : `in ${counted(jobs, 'job')}`;
    return { kind: 'findings', text: `${what.join(', ')} ${where}`, beside: '' };
  }
  if (failing.length > 0) {
    const what = counted(failing.length, 'finding');
    return { kind: 'inconclusive', text: `inconclusive: ${what} that missing events could excuse`, beside: '' };
  }
  if (report.doubts.length > 0) {
    const more = report.doubts.length > 1 ? ` (and ${counted(report.doubts.length - 1, 'more reason')})` : '';
    return { kind: 'inconclusive', text: `inconclusive: ${printable(report.doubts[0] ?? '')}${more}`, beside: '' };
  }
  const lesser = findings.length === 0 ? '' : ` (${lesserText(findings)})`;
  const blind = notProbed(report).length > 0 ? ' as far as it is probed' : '';
  return { kind: 'clean', text: `clean${blind}`, beside: lesser };
}

function lesserText(findings: readonly Finding[]): string {
  return SEVERITIES.toReversed()
    .map((severity) => ({ severity, count: findings.filter((one) => one.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => counted(count, severity))
    .join(', ');
}

/** Where to look next: the job with the worst findings, and the rules that it breaks. */
function next(report: Report, findings: readonly Finding[], { style }: CheckTextOptions): string[] {
  const worst = findings.reduce<Finding | undefined>(
    (most, one) => (one.job !== undefined && (most === undefined || rank(one) > rank(most)) ? one : most),
    undefined,
  );
  if (worst === undefined || worst.severity === 'note') return [];
  const lines = [
    `  see job ${worst.job}:  gpuvm-trace show ${argumentsOf(report)} --job ${worst.job}`,
    `  the rule:   gpuvm-trace explain ${worst.rule}`,
  ];
  return lines.map(style.dim);
}

/** The trace as a command takes it. */
export function argumentsOf({ file, lines: { isMerged, files } }: Report): string {
  return isMerged ? ['--merge', ...files.map(quoted)].join(' ') : quoted(file);
}
