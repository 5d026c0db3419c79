// The chosen job in full: its findings, what to run next, ops and steps, locks, and the VA space around it.
import type { FindingData, JobData, LockData, OpData, PageData } from '../reporters/html/page_data.ts';
import { spaceFigure, spaceTable } from './before_after.ts';
import { objColour, palette } from './colours.ts';
import { type Child, el, replaceChildren } from './dom.ts';
import { command, viewLink } from './links.ts';
import type { Trace } from './trace.ts';
import type { Views } from './view.ts';
import { hexText, SEVERITY_MARKS, VERDICT_CLASSES, VERDICT_MARKS } from './words.ts';

export class JobPanel {
  readonly root = el('section', { class: 'card job', id: 'job', tabindex: '-1', 'aria-labelledby': 'job-title' });
  readonly #trace: Trace;
  readonly #page: PageData;
  readonly #views: Views;
  readonly #fit: (row: number) => void;

  constructor(trace: Trace, page: PageData, views: Views, fit: (row: number) => void) {
    this.#trace = trace;
    this.#page = page;
    this.#views = views;
    this.#fit = fit;
  }

  /** The job that is shown, or -1 for the finding alone. */
  update(row: number, finding: number): void {
    if (row < 0) this.#showFinding(finding);
    else this.#showJob(row, finding);
  }

  #showFinding(index: number): void {
    const finding = this.#trace.finding(index);
    const title = el('h2', { id: 'job-title' }, finding === undefined ? 'No job chosen' : 'Outside of any job');
    replaceChildren(
      this.root,
      el('header', {}, title),
      finding === undefined
        ? el('p', { class: 'dim' }, 'Choose a finding, a job, or a place in the pictures.')
        : this.#finding(index, true),
      finding === undefined ? undefined : el('div', { class: 'commands' }, ...this.#commands(-1, finding)),
    );
  }

  #showJob(row: number, chosen: number): void {
    const trace = this.#trace;
    const detail = trace.data.details[row];
    const verdict = trace.verdict(row);
    const own = trace.findingsOf(row);
    const first = trace.finding(chosen >= 0 ? chosen : (own[0] ?? -1));
    const header = el(
      'header',
      {},
      el('h2', { id: 'job-title' }, `Job ${trace.cell('job', row)}`),
      el('span', { class: `badge ${VERDICT_CLASSES[verdict] ?? ''}` }, `${VERDICT_MARKS[verdict] ?? ''} ${verdict}`),
      el('span', { class: 'dim grow' }, `${trace.task(row)}, VM ${trace.vmName(trace.cell('vm', row))}`),
      this.#neighbours(row),
    );
    replaceChildren(
      this.root,
      header,
      section(
        'Findings',
        own.length === 0
          ? el('p', { class: 'good' }, 'None.')
          : el('div', { class: 'commands' }, ...own.map((index) => this.#finding(index, index === chosen))),
      ),
      section('Run next', el('div', { class: 'commands' }, ...this.#commands(row, first))),
      ...(detail === undefined
        ? [this.#missing(row)]
        : this.#detail(
            detail,
            own.map((index) => ({ index, finding: trace.finding(index) })),
          )),
    );
  }

  #neighbours(row: number): HTMLElement {
    const to = (other: number, text: string, what: string) =>
      el(
        'button',
        {
          type: 'button',
          'aria-label': what,
          disabled: other < 0 || other >= this.#trace.count,
          on: { click: () => this.#views.set({ job: this.#trace.key(other), finding: -1 }, true) },
        },
        text,
      );
    const fit = el('button', { type: 'button', on: { click: () => this.#fit(row) } }, 'Zoom pictures to it');
    return el('span', { class: 'tools' }, fit, to(row - 1, '◀', 'job before'), to(row + 1, '▶', 'next job'));
  }

  #finding(index: number, isCurrent: boolean): HTMLElement {
    const finding = this.#trace.finding(index);
    if (finding === undefined) return el('div');
    const { severity, confidence, rule, message, line, op, step, obj, resv, evidence, addr, range } = finding;
    const place = [op < 0 ? '' : `op ${op}`, step < 0 ? '' : `step ${step}`, this.#trace.lineName(line)]
      .filter((part) => part !== '')
      .join(', ');
    const time = this.#trace.time(line);
    const about: Child[] = [];
    if (obj >= 0)
      about.push(
        el(
          'span',
          {},
          'object ',
          this.#obj(this.#trace.objName(obj)),
          ' ',
          el('code', {}, this.#trace.data.objs[obj]?.ptr),
          ' ',
        ),
      );
    if (resv !== '') about.push(el('span', {}, 'dma_resv ', el('code', {}, resv), ' '));
    if (addr !== undefined && range !== undefined)
      about.push(el('span', {}, 'range ', el('code', {}, `${hexText(addr)}+${hexText(range)}`)));
    const sure = confidence === 'certain' ? '' : ` (${confidence})`;
    return el(
      'article',
      { class: `finding${isCurrent ? ' current' : ''}`, 'data-finding': index },
      el(
        'div',
        {},
        el('span', { class: `badge ${severity}` }, `${SEVERITY_MARKS[severity] ?? ''} ${severity}${sure}`),
        ' ',
        el('b', {}, rule),
        ' ',
        el('span', { class: 'dim' }, `${place}${time === '' ? '' : `, at ${time}`}`),
      ),
      el('p', {}, message),
      about.length === 0 ? undefined : el('p', { class: 'dim' }, ...about),
      evidence.length === 0
        ? undefined
        : el('ol', {}, ...evidence.map(([at, text]) => el('li', {}, el('code', {}, at), ` ${text}`))),
      this.#rule(rule),
    );
  }

  #rule(rule: string): HTMLElement | undefined {
    const text = this.#page.rules[rule];
    if (text === undefined) return undefined;
    const parts: [string, string][] = [
      ['', text.meaning],
      ['Why it matters: ', text.why],
      ['In the kernel: ', text.kernel],
      ['What a driver should do: ', text.advice],
    ];
    return el(
      'details',
      {},
      el('summary', {}, `What ${rule} means`),
      ...parts.map(([title, said]) => el('p', {}, el('b', {}, title), said)),
    );
  }

  #commands(row: number, finding: FindingData | undefined): HTMLElement[] {
    const file = this.#trace.data.shellFile === '' ? 'TRACE' : this.#trace.data.shellFile;
    const lines: [string, string][] = [];
    if (row >= 0)
      lines.push([`gpuvm-trace show ${file} --job ${this.#trace.cell('job', row)}`, 'this job in the terminal']);
    if (finding?.addr !== undefined)
      lines.push([`gpuvm-trace blame ${file} ${hexText(finding.addr)}`, 'all that ever shaped the address']);
    if (finding !== undefined) lines.push([`gpuvm-trace explain ${finding.rule}`, 'the rule']);
    const reader = readerOf(file);
    if (reader !== undefined) {
      const from = row >= 0 ? this.#trace.cell('line', row) : Math.max(1, (finding?.line ?? 1) - 5);
      const end = row >= 0 ? this.#trace.line('end', row) : (finding?.line ?? 1) + 5;
      lines.push([
        `${reader}${from},${end < 0 ? '$' : end}p'${reader.includes('|') ? '' : ` ${file}`}`,
        'its lines of the trace',
      ]);
    }
    return lines.map(([text, what]) => command(text, what));
  }

  #missing(row: number): HTMLElement {
    const { shellFile } = this.#trace.data;
    const show = `gpuvm-trace show ${shellFile === '' ? 'TRACE' : shellFile} --job ${this.#trace.cell('job', row)}`;
    return section(
      'Details',
      el(
        'p',
        {},
        'Ops, steps and locks of this job are left out of the report: it keeps those of jobs with findings and of some others. ',
        el('code', {}, show),
        ' prints them.',
      ),
    );
  }

  #detail(detail: JobData, findings: readonly { index: number; finding: FindingData | undefined }[]): HTMLElement[] {
    const facts = el(
      'dl',
      { class: 'facts' },
      ...detail.facts.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
    );
    const parts = [
      section(
        'Ops and steps',
        ...(detail.ops.length === 0
          ? [el('p', { class: 'dim' }, 'No op was carried out.')]
          : detail.ops.map((op) => this.#op(op, findings))),
      ),
      el(
        'div',
        { class: 'columns split' },
        section('Lock set', this.#locks(detail)),
        section('Lock attempts', this.#attempts(detail)),
      ),
      this.#space(detail),
      section('About the job', facts),
    ];
    if (detail.leftOut.length > 0)
      parts.push(el('p', { class: 'dim' }, `Left out here: ${detail.leftOut.join(', ')}.`));
    return parts;
  }

  #obj(name: string): Child {
    const row = this.#trace.data.objs.findIndex((one) => one.name === name);
    if (row < 0) return name;
    const swatch = el('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.background = objColour(palette(), row);
    return el('span', { class: 'mono', title: this.#trace.data.objs[row]?.ptr }, swatch, name);
  }

  #op(op: OpData, findings: readonly { index: number; finding: FindingData | undefined }[]): HTMLElement {
    const here = findings.filter(({ finding }) => finding?.op === op.index);
    return el(
      'div',
      { class: 'commands' },
      el('h4', {}, `op ${op.index}: `, el('code', {}, op.text), el('span', { class: 'dim' }, ` ${op.line}`)),
      op.asked === '' ? undefined : el('p', { class: 'error' }, `✖ ${op.asked}`),
      op.rows.length === 0 ? el('p', { class: 'dim' }, 'no steps') : this.#steps(op, here),
      op.why === null
        ? undefined
        : el('p', { class: op.why.severity }, `${SEVERITY_MARKS[op.why.severity] ?? ''} ${op.why.text}`),
    );
  }

  #steps(op: OpData, findings: readonly { index: number; finding: FindingData | undefined }[]): HTMLElement {
    const caption = `op ${op.index}: steps, side by side`;
    const heads = [...op.titles.flatMap((title) => [title, '']), op.applied, 'at', 'found'];
    const head = el('tr', {}, ...heads.map((text) => (text === '' ? el('td') : el('th', { scope: 'col' }, text))));
    const lines = op.rows.map(({ others, text, line, step }) => {
      const told = findings.filter(({ finding }) => step >= 0 && finding?.step === step && finding.severity !== 'note');
      const links = told.map(({ index, finding }) =>
        el(
          'span',
          { class: finding?.severity },
          `${SEVERITY_MARKS[finding?.severity ?? ''] ?? ''} `,
          viewLink(this.#views, { finding: index }, finding?.rule ?? ''),
          ' ',
        ),
      );
      const compared = op.titles.flatMap((_, i) => {
        const [other = '', mark = ''] = others[i] ?? [];
        return [el('td', { class: 'mono' }, other), el('td', { class: 'whole' }, STEP_MARKS[mark] ?? '')];
      });
      const differs = op.titles.some((_, i) => (others[i]?.[1] ?? '') !== '=');
      const state = told.some(({ finding }) => finding?.severity === 'error') ? 'bad' : differs ? 'odd' : undefined;
      return el(
        'tr',
        { class: state },
        ...compared,
        el('td', { class: 'mono' }, text),
        el('td', { class: 'whole' }, line),
        el('td', { class: 'whole' }, ...links),
      );
    });
    return scrolled(
      caption,
      el('table', {}, el('caption', { class: 'hidden' }, caption), el('thead', {}, head), el('tbody', {}, ...lines)),
    );
  }

  #locks({ locks }: JobData): HTMLElement {
    if (locks.length === 0) return el('p', { class: 'dim' }, 'No lock was needed, and none was held.');
    const head = el(
      'tr',
      {},
      ...['state', 'object', 'needed by', 'held', 'dma_resv'].map((text) => el('th', { scope: 'col' }, text)),
    );
    const lines = locks.map((lock) => {
      const [mark, state] = lockState(lock);
      const objs = lock.objs.flatMap((name, i) => [i === 0 ? undefined : ', ', this.#obj(name)]);
      return el(
        'tr',
        { class: lock.state === 'missing' ? 'bad' : lock.state === 'redundant' ? 'odd' : undefined },
        el('td', { class: 'whole' }, el('b', {}, `${mark} ${state}`)),
        el('td', {}, ...objs),
        el('td', {}, lock.need),
        el(
          'td',
          {},
          lock.held !== '' ? lock.held : lock.state === 'held' ? 'yes' : 'no',
          lock.note === '' ? '' : el('span', { class: 'dim' }, ` ${lock.note}`),
        ),
        el('td', { class: 'mono' }, lock.resv),
      );
    });
    return scrolled(
      'Lock set',
      el(
        'table',
        {},
        el('caption', { class: 'hidden' }, 'Lock set: needed, held, missing, redundant'),
        el('thead', {}, head),
        el('tbody', {}, ...lines),
      ),
    );
  }

  #attempts({ attempts, lockEnd }: JobData): HTMLElement {
    if (attempts.length === 0) return el('p', { class: 'dim' }, 'No drm_exec of this job is in the trace.');
    const parts = attempts.map(({ title, line, rows, end }) =>
      el(
        'li',
        {},
        el('b', {}, title),
        el('span', { class: 'dim' }, ` ${line}`),
        el(
          'ol',
          { class: 'plain' },
          ...rows.map((row) =>
            el(
              'li',
              {},
              el('code', {}, row.line),
              ` ${row.what} `,
              this.#obj(row.obj),
              el('span', { class: 'dim' }, row.note === '' ? '' : ` ${row.note}`),
            ),
          ),
        ),
        el('p', { class: 'dim' }, end),
      ),
    );
    return el(
      'div',
      {},
      el('ol', { class: 'plain' }, ...parts),
      lockEnd !== '' ? el('p', {}, `The lock pass ends at ${lockEnd}.`) : undefined,
    );
  }

  #space({ space, spaceNotes }: JobData): HTMLElement {
    if (space.length === 0)
      return section('VA space before and after', el('p', { class: 'dim' }, 'The trace shows none.'));
    const parts = space.flatMap((one, i) => {
      const label = `VA space before and after${space.length > 1 ? `, place ${i + 1} of ${space.length}` : ''}`;
      const table = el(
        'details',
        {},
        el('summary', {}, 'As a table'),
        scrolled(`${label}, as a table`, spaceTable(one)),
      );
      return [spaceFigure(this.#trace, one, label), table];
    });
    const legend = el(
      'p',
      { class: 'dim' },
      '− taken away by this job, + put there by it, ~ changed by others meanwhile; not to scale',
    );
    return section(
      'VA space before and after',
      ...spaceNotes.map((note) => el('p', { class: 'dim' }, note)),
      ...parts,
      legend,
    );
  }
}

const STEP_MARKS: Readonly<Record<string, string>> = {
  '=': '= same',
  '!': '≠ differs',
  '<': '← only here',
  '>': '→ only applied',
};

function lockState({ state }: LockData): [string, string] {
  const words: Record<LockData['state'], [string, string]> = {
    held: ['✔', 'held'],
    missing: ['✖', 'missing'],
    redundant: ['▲', 'redundant'],
    'not judged': ['?', 'not judged'],
    'not needed': ['–', 'not needed'],
    otherwise: ['✔', 'held otherwise'],
  };
  return words[state];
}

function section(title: string, ...children: readonly Child[]): HTMLElement {
  return el('section', {}, el('h3', {}, title), ...children);
}

function scrolled(label: string, child: HTMLElement): HTMLElement {
  return el('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': label }, child);
}

/** The beginning of a command that prints lines of a text trace; undefined where it is none. */
function readerOf(file: string): string | undefined {
  const name = file.replace(/'$/, '');
  if (name === 'TRACE' || name.startsWith('--') || name.endsWith('.dat')) return undefined;
  if (name.endsWith('.gz')) return `zcat ${file} | sed -n '`;
  return name.endsWith('.zst') ? `zstdcat ${file} | sed -n '` : "sed -n '";
}
