// What `gpuvm-trace diff` prints for people: the jobs that differ, what is of no job, a table, the verdict.
import { CHANGE_KINDS, type Change, type ChangeHow } from '../diff/change.ts';
import type { Diff } from '../diff/diff.ts';
import type { DigestedJob } from '../diff/job_digest.ts';
import type { DigestedVm, TraceDigest } from '../diff/trace_digest.ts';
import { printable, printablePath } from './escape.ts';
import { counted, grouped, type Style, wrapped } from './style.ts';

export interface DiffTextOptions {
  readonly style: Style;
  readonly width?: number;
  /** Print every job, however many differ. */
  readonly all?: boolean;
  readonly failing: readonly Change[];
}

const MANY_JOBS = 20;
const MANY_LINES = 24;
const HOWS: readonly ChangeHow[] = ['new', 'gone', 'changed', 'unclear'];

export function diffText(diff: Diff, options: DiffTextOptions): string {
  const { style, width } = options;
  const sections = [
    [`before  ${traceText(diff.before)}`, `after   ${traceText(diff.after)}`].flatMap((line) =>
      wrapped(line, width, 8),
    ),
    ...jobSections(diff, options),
    elsewhere(diff.changes, options),
    doubtLines(diff, options),
    summary(diff.changes, style),
    [...wrapped(totals(diff), width, 2).map(style.dim), ...wrapped(verdict(diff, options), width, 2)],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function traceText({ file, drivers, jobs, vms }: TraceDigest): string {
  const parts = [drivers.join(', ') || 'no driver known', counted(jobs.length, 'job'), counted(vms.length, 'VM')];
  return `${printablePath(file)}: ${parts.join(', ')}`;
}

/** How often a pass is begun anew is a matter of timing: it is counted, and printed only where more is said of the job. */
function jobSections(diff: Diff, options: DiffTextOptions): string[][] {
  const byJob = new Map<DigestedJob, Change[]>();
  for (const change of diff.changes) {
    const job = change.before ?? change.after;
    if (job === undefined) continue;
    const known = byJob.get(job);
    if (known === undefined) byJob.set(job, [change]);
    else known.push(change);
  }
  const jobs = [...byJob]
    .filter(([, changes]) => changes.some(({ kind }) => kind !== 'attempts'))
    .sort(([a], [b]) => a.line - b.line);
  const shown = options.all === true ? jobs : jobs.slice(0, MANY_JOBS);
  const sections = shown.map(([, changes]) => jobSection(changes, diff, options));
  const more = jobs.length - shown.length;
  if (more > 0) sections.push([`... and ${counted(more, 'more job')} that differ: --all or --format csv lists them`]);
  return sections;
}

function jobSection(changes: readonly Change[], diff: Diff, options: DiffTextOptions): string[] {
  const [first] = changes;
  const { style } = options;
  const lines = inOrder(changes).flatMap((change, i, all) => {
    const isNext = i > 0 && all[i - 1]?.kind === change.kind && change.kind === 'steps';
    return changeLines(change, options).slice(isNext ? 1 : 0);
  });
  const more = options.all === true ? 0 : lines.length - MANY_LINES;
  const shown = more > 1 ? [...lines.slice(0, MANY_LINES), `  ... and ${counted(more, 'more line')}`] : lines;
  return [style.bold(jobHeading(first, diff)), ...shown, ...whyLines(changes, options)];
}

function inOrder(changes: readonly Change[]): Change[] {
  return changes.toSorted((a, b) => CHANGE_KINDS.indexOf(a.kind) - CHANGE_KINDS.indexOf(b.kind));
}

function jobHeading(change: Change | undefined, diff: Diff): string {
  const { before, after } = change ?? {};
  if (before === undefined) return `job ${after?.job} only after  ${vmText(after, diff.after)}`;
  if (after === undefined) return `job ${before.job} only before  ${vmText(before, diff.before)}`;
  const which = before.job === after.job ? `job ${before.job}` : `job ${before.job} -> ${after.job}`;
  return `${which}  ${vmText(before, diff.before)}, lines ${spanText(before)} -> ${spanText(after)}`;
}

function vmText(job: DigestedJob | undefined, { vms }: TraceDigest): string {
  return nameOf(vms.find(({ ordinal }) => ordinal === job?.vm));
}

function nameOf(vm: DigestedVm | undefined): string {
  if (vm === undefined || vm.ordinal === 0) return 'VM unknown';
  return `VM ${vm.ordinal}${vm.name === '' ? '' : ` "${printable(vm.name)}"`}`;
}

function spanText({ line, endLine }: DigestedJob): string {
  return `${line}-${endLine === 0 ? 'end' : endLine}`;
}

const TITLES: Readonly<Record<Change['kind'], string>> = {
  finding: 'finding',
  vm: 'VM',
  job: 'asked for',
  ops: 'ops',
  steps: 'steps',
  locks: 'locks',
  return: 'returns',
  attempts: 'attempts',
  coverage: 'coverage',
  'hold time': 'locks held',
};

function changeLines(change: Change, options: DiffTextOptions): string[] {
  const { style } = options;
  const { kind, what, was, is } = change;
  if (kind === 'finding') return findingLines(change, options);
  if (kind === 'return' || kind === 'attempts' || kind === 'hold time')
    return [`  ${TITLES[kind]}${what === '' ? '' : ` ${printable(what)}`}: ${printable(was)} -> ${printable(is)}`];
  const lines = [`  ${TITLES[kind]}${what === '' ? '' : ` ${what}`}`];
  if (was !== '') lines.push(...body(was, '-', options).map(style.error));
  if (is !== '') lines.push(...body(is, '+', options).map(style.good));
  return lines;
}

function body(text: string, mark: '-' | '+', { width }: DiffTextOptions): string[] {
  return wrapped(`    ${mark} ${printable(text)}`, width, 6);
}

function findingLines({ how, what, severity, lines, was, is }: Change, { style, width }: DiffTextOptions): string[] {
  const isAfter = is !== '';
  const [place, message] = isAfter ? [`line ${lines.after} after`, is] : [`line ${lines.before} before`, was];
  const claim = how === 'unclear' ? (isAfter ? 'perhaps new' : 'perhaps gone') : how;
  const text = `  ${claim}: ${severity} [${what}] ${place}: ${printable(message)}`;
  const mark = how === 'unclear' ? style.warning : isAfter ? style[severity ?? 'note'] : style.good;
  return wrapped(text, width, 4).map((line, i) => (i === 0 ? line.replace(claim, mark(claim)) : line));
}

function whyLines(changes: readonly Change[], { style, width }: DiffTextOptions): string[] {
  const why = new Set(changes.map((change) => change.why).filter((text) => text !== ''));
  return [...why].flatMap((text) => wrapped(`  not clear: ${printable(text)}`, width, 4).map(style.warning));
}

function elsewhere(changes: readonly Change[], options: DiffTextOptions): string[] {
  const own = inOrder(changes.filter(({ before, after }) => before === undefined && after === undefined));
  if (own.length === 0) return [];
  const lines = own.flatMap((change) => (change.kind === 'coverage' ? [] : changeLines(change, options)));
  lines.push(...coverageLines(own, options));
  return [options.style.bold('outside of any job'), ...lines, ...whyLines(own, options)];
}

function coverageLines(changes: readonly Change[], { width }: DiffTextOptions): string[] {
  const byStates = new Map<string, string[]>();
  for (const { kind, what, was, is } of changes) {
    if (kind !== 'coverage') continue;
    const states = `${was} -> ${is}`;
    byStates.set(states, [...(byStates.get(states) ?? []), what]);
  }
  return [...byStates].flatMap(([states, cases]) => wrapped(`  coverage ${states}: ${cases.join(', ')}`, width, 4));
}

function doubtLines({ before, after, matched }: Diff, { style, width }: DiffTextOptions): string[] {
  const fewest = Math.min(before.jobs.length, after.jobs.length);
  const remark =
    2 * matched.jobs < fewest ? ['  fewer than half of the jobs are in both: is it the same workload?'] : [];
  const lines = [before, after].flatMap(({ file, doubts }) =>
    doubts.flatMap((doubt) => wrapped(`  ${printablePath(file)}: ${printable(doubt)}`, width, 4)),
  );
  lines.unshift(...remark);
  return lines.length === 0 ? [] : [style.warning(style.bold('could not be judged')), ...lines];
}

const HEAD = ['difference', ...HOWS, 'jobs'] as const;

function summary(changes: readonly Change[], style: Style): string[] {
  const rows = new Map<string, Change[]>();
  for (const change of inOrder(changes)) {
    const name = change.kind === 'coverage' ? change.kind : `${change.kind} ${change.what}`.trimEnd();
    const own = rows.get(name) ?? [];
    rows.set(name, own);
    own.push(change);
  }
  if (rows.size === 0) return [];
  const cells = [...rows].map(([name, own]) => {
    const jobs = new Set(own.map(({ before, after }) => before ?? after).filter((job) => job !== undefined));
    const counts = [...HOWS.map((how) => own.filter((one) => one.how === how).length), jobs.size];
    return [printable(name), ...counts.map((count) => (count === 0 ? '-' : grouped(count)))];
  });
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [style.bold(line(HEAD)), ...cells.map(line)];
}

function totals({ matched, retries, hold }: Diff): string {
  const parts = [
    `${counted(matched.jobs, 'job')} and ${counted(matched.findings, 'finding')} in both`,
    `retries ${grouped(retries.before)} -> ${grouped(retries.after)}`,
  ];
  if (hold !== undefined) {
    const times = `${microseconds(hold.before)} -> ${microseconds(hold.after)} us`;
    parts.push(`locks held ${times} at the median${hold.isNoise ? ', which is noise' : ''}`);
  }
  return parts.join('; ');
}

function microseconds(seconds: number): string {
  return grouped(Math.round(seconds * 1e6));
}

/** One line; it agrees with the exit code. */
function verdict({ after, before, changes }: Diff, { style, failing }: DiffTextOptions): string {
  const file = printablePath(after.file);
  const gone = changes.filter(({ kind, how }) => kind === 'finding' && how === 'gone').length;
  const better = gone === 0 ? '' : `, ${counted(gone, 'finding')} gone`;
  if (failing.length > 0) return `${file}: ${style.error(`${counted(failing.length, 'new finding')}${better}`)}`;
  const unclear = changes.filter(({ how }) => how === 'unclear').length;
  if (unclear > 0)
    return `${file}: ${style.warning(`inconclusive: ${counted(unclear, 'difference')} that missing events could explain`)}`;
  const [doubt] = [...before.doubts, ...after.doubts];
  if (doubt !== undefined) return `${file}: ${style.warning(`inconclusive: ${printable(doubt)}`)}`;
  if (changes.length === 0) return `${file}: ${style.good('nothing differs')}`;
  return `${file}: ${style.good(`nothing new is wrong${better}`)}; ${counted(changes.length, 'difference')}`;
}
