// What is seen first: the verdict, the counts, why it is not a whole one, and where to begin.
import type { PageData } from '../reporters/html/page_data.ts';
import { el } from './dom.ts';
import { goTo, viewLink } from './links.ts';
import type { Trace } from './trace.ts';
import type { Views } from './view.ts';
import { counted, grouped, SEVERITY_MARKS } from './words.ts';

const EDGES = { findings: 'bad-edge', inconclusive: 'unsure-edge', clean: 'good-edge' } as const;
const MARKS = { findings: '✖', inconclusive: '?', clean: '✔' } as const;
const COLOURS = { findings: 'error', inconclusive: 'warning', clean: 'good' } as const;

export function summary(trace: Trace, page: PageData, views: Views): HTMLElement {
  const { verdict, file, kernel, driver, known } = trace.data;
  return el(
    'section',
    { class: `card summary ${EDGES[verdict.kind]}`, id: 'summary', tabindex: '-1', 'aria-labelledby': 'title' },
    el(
      'div',
      {},
      el('h1', { id: 'title' }, file),
      el('p', { class: `verdict ${COLOURS[verdict.kind]}` }, `${MARKS[verdict.kind]} ${verdict.text}`),
    ),
    tiles(trace),
    firstStep(trace, views),
    rules(trace, page, views),
    doubts(trace, views),
    el(
      'p',
      { class: 'dim' },
      `kernel ${kernel}; driver ${driver}; ${counted(trace.data.events, 'event')} in ${counted(trace.data.lines, 'line')}${known > 0 ? `; ${counted(known, 'finding')} in the baseline` : ''}`,
    ),
  );
}

function tiles(trace: Trace): HTMLElement {
  const { findings, vms, leftOut } = trace.data;
  const sure = findings.filter(({ confidence }) => confidence !== 'inconclusive');
  const of = (severity: string) => sure.filter((one) => one.severity === severity).length;
  const bad = new Set(
    sure
      .filter(({ severity }) => severity === 'error')
      .map(({ job }) => job)
      .filter((job) => job >= 0),
  ).size;
  const more = leftOut.findings > 0 ? '+' : '';
  const counts: [number, string, string, string][] = [
    [of('error'), 'errors', 'error', more],
    [of('warning'), 'warnings', 'warning', more],
    [of('note'), 'notes', 'note', more],
    [findings.length - sure.length, 'inconclusive', 'warning', more],
    [bad, 'jobs with errors', 'error', ''],
    [trace.count, 'jobs', '', ''],
    [vms.length, 'VMs', '', ''],
  ];
  return el(
    'ul',
    { class: 'tiles', 'aria-label': 'counts' },
    ...counts.map(([count, name, colour, plus]) =>
      el(
        'li',
        {},
        el('b', { class: count > 0 ? colour : '' }, grouped(count) + (count > 0 ? plus : '')),
        el('span', {}, name),
      ),
    ),
  );
}

function firstStep(trace: Trace, views: Views): HTMLElement | undefined {
  const worst = trace.finding(0);
  if (worst === undefined || worst.severity === 'note') return undefined;
  const job = worst.job < 0 ? '' : trace.key(worst.job);
  const where =
    worst.job < 0 ? trace.lineName(worst.line) : `job ${trace.cell('job', worst.job)}, ${trace.lineName(worst.line)}`;
  return el(
    'p',
    {},
    'Begin with ',
    viewLink(views, { finding: 0, job, vm: -1 }, `${worst.rule} in ${where}`, () => goTo('job')),
    '.',
  );
}

function rules(trace: Trace, page: PageData, views: Views): HTMLElement | undefined {
  const counts = new Map<string, { count: number; severity: string }>();
  // The worst come first.
  for (const { rule, severity } of trace.data.findings) {
    const known = counts.get(rule);
    counts.set(rule, { count: (known?.count ?? 0) + 1, severity: known?.severity ?? severity });
  }
  if (counts.size === 0) return undefined;
  const filter = (rule: string) => ({
    tab: 'findings',
    tables: { ...views.now.tables, 'findings.rule': rule, 'findings.page': '' },
  });
  return el(
    'ul',
    { class: 'plain', 'aria-label': 'rules' },
    ...[...counts].map(([rule, { count, severity }]) => {
      const link = viewLink(views, filter(rule), rule, () => goTo('tables'));
      return el(
        'li',
        {},
        el('span', { class: severity }, `${SEVERITY_MARKS[severity] ?? ''} ${grouped(count)} `),
        link,
        `: ${page.rules[rule]?.summary ?? ''}`,
      );
    }),
  );
}

/** Why the verdict is not a whole one. */
function doubts(trace: Trace, views: Views): HTMLElement | undefined {
  const { doubts: told, losses, reasons, notProbed, oddities } = trace.data;
  const items = [
    ...told.map((text) => el('li', {}, text)),
    ...losses.map((text) => el('li', {}, text)),
    ...reasons.map(({ text, jobs, first }) => {
      const links = first.flatMap((row, i) => [
        i === 0 ? '' : ', ',
        viewLink(views, { job: trace.key(row), finding: -1 }, String(trace.cell('job', row)), () => goTo('job')),
      ]);
      return el('li', {}, `${counted(jobs, 'job')} (`, ...links, jobs > first.length ? ', ...' : '', `): ${text}`);
    }),
    ...(notProbed.length > 0
      ? [el('li', {}, `in no job: ${notProbed.join(', ')} (the trace lacks the probes for it)`)]
      : []),
    ...oddities.map((text) => el('li', {}, `odd in the trace: ${text}`)),
  ];
  if (items.length === 0) return undefined;
  const title =
    trace.data.verdict.kind === 'inconclusive' ? 'Why the verdict is inconclusive' : 'What could not be judged';
  return el(
    'details',
    { open: trace.data.verdict.kind === 'inconclusive' },
    el('summary', {}, `${title} (${items.length})`),
    el('ul', { class: 'plain' }, ...items),
  );
}

/** What is not in the report, and what shows it. */
export function leftOutText(trace: Trace): string[] {
  const { leftOut, shellFile } = trace.data;
  const file = shellFile === '' ? 'TRACE' : shellFile;
  const lines: string[] = [];
  if (leftOut.findings > 0)
    lines.push(
      `${counted(leftOut.findings, 'finding')}, the least severe: gpuvm-trace check ${file} --format csv has all`,
    );
  if (leftOut.details > 0)
    lines.push(
      `ops, steps and locks of ${counted(leftOut.details, 'job')} (those with findings are kept first): gpuvm-trace show ${file} --job ID prints them`,
    );
  if (leftOut.stays > 0)
    lines.push(
      `${counted(leftOut.stays, 'mapping')} of the picture, the shortest-lived that no job with findings made or took away: gpuvm-trace state ${file} --at job:ID prints all of a moment`,
    );
  return lines;
}
