// Puts the page together: reads its data, makes its parts, and keeps them in step with what is looked at.
import type { PageData } from '../reporters/html/page_data.ts';
import { moveBy, zoomBy } from './axis.ts';
import { isDark } from './colours.ts';
import { el, replaceChildren, svg } from './dom.ts';
import { JobPanel } from './job.ts';
import { goTo } from './links.ts';
import { findingsTable, jobsTable, mappingsTable, vmsTable } from './lists.ts';
import { SpacePicture } from './space.ts';
import { leftOutText, summary } from './summary.ts';
import type { DataTable } from './table.ts';
import { Timeline } from './timeline.ts';
import { Trace } from './trace.ts';
import { type View, Views } from './view.ts';

const TABS = { findings: 'Findings', jobs: 'Jobs', vms: 'VMs' } as const;
type Tab = keyof typeof TABS;
const TAB_NAMES = Object.keys(TABS) as Tab[];

/** One trace on the page. */
class TracePage {
  readonly main = el('main', { id: 'main' });
  readonly #trace: Trace;
  readonly #views: Views;
  readonly #timeline: Timeline;
  readonly #space: SpacePicture;
  readonly #job: JobPanel;
  readonly #tables: Readonly<Record<Tab, DataTable>>;
  readonly #mappings: DataTable;
  readonly #tabs = new Map<Tab, HTMLButtonElement>();
  readonly #panels = new Map<Tab, HTMLElement>();
  readonly #readout = el('p', { class: 'readout dim' });
  readonly #vmSelect = el('select', { 'aria-label': 'VM' });
  readonly #axisButton = el('button', { type: 'button' });
  readonly #mappingsBox = el('details');

  constructor(trace: Trace, page: PageData, views: Views) {
    this.#trace = trace;
    this.#views = views;
    const open = (row: number) => {
      views.set({ job: trace.key(row), finding: -1 }, true);
      goTo('job');
    };
    this.#timeline = new Timeline(trace, views, open);
    this.#space = new SpacePicture(trace, views, open);
    this.#job = new JobPanel(trace, page, views, (row) => {
      views.set({ vm: -1 });
      this.#timeline.fit(row);
      this.#space.fit(row);
      goTo('pictures');
    });
    this.#tables = {
      findings: findingsTable(trace, views),
      jobs: jobsTable(trace, views),
      vms: vmsTable(trace, views, () => this.#space.vm),
    };
    this.#mappings = mappingsTable(trace, views, this.#space);
    replaceChildren(this.main, summary(trace, page, views), this.#pictures(), this.#lists(), this.#job.root);
  }

  get leftOut(): string[] {
    return leftOutText(this.#trace);
  }

  #pictures(): HTMLElement {
    const views = this.#views;
    const trace = this.#trace;
    const button = (text: string, label: string, click: () => void) =>
      el('button', { type: 'button', 'aria-label': label, on: { click } }, text);
    this.#axisButton.addEventListener('click', () =>
      views.set({ axis: views.now.axis === 'time' ? 'line' : 'time', zoom: undefined }),
    );
    trace.data.vms.forEach((_, i) => {
      if (i < 1000) this.#vmSelect.append(el('option', { value: i }, `VM ${trace.vmName(i)}`));
    });
    this.#vmSelect.addEventListener('change', () => views.set({ vm: Number(this.#vmSelect.value), space: undefined }));
    const tools = el(
      'span',
      { class: 'tools', role: 'group', 'aria-label': 'zoom' },
      button('+', 'zoom in', () => zoomBy(views, trace, 1.6, undefined)),
      button('−', 'zoom out', () => zoomBy(views, trace, 1 / 1.6, undefined)),
      button('◀', 'move left', () => moveBy(views, trace, -0.25)),
      button('▶', 'move right', () => moveBy(views, trace, 0.25)),
      button('All', 'show all', () => views.set({ zoom: undefined, space: undefined })),
      this.#axisButton,
    );
    this.#mappingsBox.append(el('summary', {}, 'The picture as a table'), this.#mappings.root);
    this.#mappingsBox.addEventListener('toggle', () => this.#mappings.update());
    return el(
      'section',
      { class: 'card', id: 'pictures', tabindex: '-1', 'aria-labelledby': 'timeline-title' },
      el('header', {}, el('h2', { id: 'timeline-title', class: 'grow' }, 'Timeline'), tools),
      this.#timeline.picture.root,
      legend([
        ['lock pass', (box) => fillRect(box, 'lock')],
        ['retry', cross],
        ['locks held', (box) => fillRect(box, 'hold', 8, 3)],
        ['apply', (box) => fillRect(box, 'apply')],
        ['finding', pin],
      ]),
      el(
        'p',
        { class: 'dim', id: 'timeline-help' },
        'Drag to zoom, click to choose. Keys: arrows choose, Enter opens, + − 0 zoom, Shift with arrows moves. The table of jobs has the same.',
      ),
      el('header', {}, el('h2', { class: 'grow' }, 'VA space over time'), el('label', {}, this.#vmSelect)),
      this.#space.picture.root,
      legend([
        ['mapping, coloured by object', (box) => fillRect(box, 'obj')],
        ['left by a REMAP', restMark],
        ['step without its lock', pin],
        ['other finding', hollowPin],
        ['stale or wrong entry', stale],
      ]),
      this.#readout,
      el(
        'p',
        { class: 'dim', id: 'space-help' },
        'Addresses go down; mapped parts are as high as the logarithm of their size, what is never mapped is a dotted gap.',
      ),
      this.#mappingsBox,
    );
  }

  #lists(): HTMLElement {
    const tabs = el('div', { class: 'tabs', role: 'tablist', 'aria-label': 'tables' });
    const section = el('section', { class: 'card', id: 'tables', tabindex: '-1', 'aria-label': 'tables' }, tabs);
    const counts: Record<Tab, number> = {
      findings: this.#trace.data.findings.length,
      jobs: this.#trace.count,
      vms: this.#trace.data.vms.length,
    };
    for (const name of TAB_NAMES) {
      const choose = (to: Tab) => {
        this.#views.set({ tab: to });
        this.#tabs.get(to)?.focus();
      };
      const key = (event: Event) => {
        if (!(event instanceof KeyboardEvent)) return;
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const to = by === undefined ? undefined : TAB_NAMES.at((TAB_NAMES.indexOf(name) + by) % TAB_NAMES.length);
        if (to !== undefined) choose(to);
      };
      const tab = el(
        'button',
        {
          type: 'button',
          role: 'tab',
          id: `tab-${name}`,
          'aria-controls': `panel-${name}`,
          on: { click: () => choose(name), keydown: key },
        },
        `${TABS[name]} (${counts[name].toLocaleString('en')})`,
      );
      const panel = el(
        'div',
        { role: 'tabpanel', id: `panel-${name}`, 'aria-labelledby': `tab-${name}` },
        this.#tables[name].root,
      );
      this.#tabs.set(name, tab);
      this.#panels.set(name, panel);
      tabs.append(tab);
      section.append(panel);
    }
    return section;
  }

  update(view: View, before: View | undefined): void {
    const row = view.job === '' ? -1 : this.#trace.rowOf(view.job);
    const chosen = TAB_NAMES.find((name) => name === view.tab) ?? 'findings';
    for (const [name, tab] of this.#tabs) {
      tab.setAttribute('aria-selected', String(name === chosen));
      tab.tabIndex = name === chosen ? 0 : -1;
      const panel = this.#panels.get(name);
      if (panel !== undefined) panel.hidden = name !== chosen;
    }
    this.#tables[chosen].update();
    if (this.#mappingsBox.open) this.#mappings.update();
    if (
      before === undefined ||
      before.job !== view.job ||
      before.finding !== view.finding ||
      before.theme !== view.theme
    )
      this.#job.update(row, view.finding);
    this.#vmSelect.value = String(this.#space.vm);
    this.#axisButton.textContent = view.axis === 'time' ? 'Axis: time' : 'Axis: line';
    this.#axisButton.hidden = !this.#trace.hasTime;
    this.#readout.textContent = this.#space.stayText(view.stay) || 'No mapping chosen.';
    this.redraw();
  }

  redraw(): void {
    this.#timeline.picture.redraw();
    this.#space.picture.redraw();
  }
}

type Mark = (box: SVGElement) => void;

function legend(entries: readonly (readonly [string, Mark])[]): HTMLElement {
  return el(
    'ul',
    { class: 'legend', 'aria-hidden': 'true' },
    ...entries.map(([text, draw]) => {
      const box = svg('svg', { width: 16, height: 14, viewBox: '0 0 16 14' });
      draw(box);
      return el('li', {}, box, text);
    }),
  );
}

function fillRect(box: SVGElement, name: string, y = 1, height = 12): void {
  box.append(svg('rect', { x: 0, y, width: 16, height, class: `mark-${name}` }));
}

function cross(box: SVGElement): void {
  box.append(svg('path', { d: 'M4 3 L12 11 M12 3 L4 11', class: 'mark-retry' }));
}

function pin(box: SVGElement): void {
  box.append(svg('path', { d: 'M3 2 H13 L8 11 Z', class: 'mark-pin' }));
}

function hollowPin(box: SVGElement): void {
  box.append(svg('path', { d: 'M3 2 H13 L8 11 Z', class: 'mark-other' }));
}

function restMark(box: SVGElement): void {
  fillRect(box, 'obj');
  box.append(svg('path', { d: 'M1.5 1 V13', class: 'mark-rest' }));
}

function stale(box: SVGElement): void {
  box.append(svg('path', { d: 'M0 12 L12 0 M5 14 L16 3 M0 6 L6 0', class: 'mark-stale' }));
}

function readData(): PageData {
  return JSON.parse(document.getElementById('data')?.textContent ?? '{}');
}

function start(): void {
  const page = readData();
  const views = new Views();
  const theme = el('button', {
    type: 'button',
    on: { click: () => views.set({ theme: isDark() ? 'light' : 'dark' }) },
  });
  const places: readonly (readonly [string, string])[] = [
    ['summary', 'Summary'],
    ['pictures', 'Timeline and VA space'],
    ['tables', 'Tables'],
    ['job', 'Chosen job'],
  ];
  const nav = el('nav', { 'aria-label': 'parts of the page' });
  for (const [id, name] of places) {
    const go = (event: Event) => {
      event.preventDefault();
      goTo(id);
    };
    nav.append(el('a', { href: `#${id}`, on: { click: go } }, name));
  }
  const traces = el('select', { 'aria-label': 'trace' });
  traces.append(...page.traces.map(({ file }, i) => el('option', { value: i }, file)));
  traces.addEventListener('change', () =>
    views.set(
      {
        trace: Number(traces.value),
        job: '',
        finding: -1,
        vm: -1,
        zoom: undefined,
        space: undefined,
        stay: -1,
        tables: {},
      },
      true,
    ),
  );
  const skip = el(
    'a',
    {
      class: 'skip',
      href: '#main',
      on: {
        click: (event) => {
          event.preventDefault();
          goTo('tables');
        },
      },
    },
    'Skip to the tables',
  );
  const bar = el(
    'header',
    { class: 'top' },
    el('span', { class: 'brand' }, 'gpuvm-trace'),
    nav,
    page.traces.length > 1 ? traces : undefined,
    theme,
  );
  const footer = el('footer');
  const unread = page.unread.map(({ message }) =>
    el('p', { class: 'error', role: 'alert' }, `✖ could not be read: ${message}`),
  );
  const holder = el('div');
  document.body.append(skip, bar, ...unread, holder, footer, el('p', { id: 'live', class: 'hidden', role: 'status' }));
  let shown: { readonly number: number; readonly page: TracePage } | undefined;
  views.watch((view, before) => {
    if (view.theme === '') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = view.theme;
    theme.textContent = isDark() ? 'Light theme' : 'Dark theme';
    const number = Math.min(view.trace, page.traces.length - 1);
    const data = page.traces[number];
    if (data === undefined) return;
    traces.value = String(number);
    document.title = `${data.file}: ${data.verdict.text}`;
    if (shown?.number === number) {
      shown.page.update(view, before);
      return;
    }
    const trace = new Trace(data, page);
    const next = new TracePage(trace, page, views);
    shown = { number, page: next };
    replaceChildren(holder, next.main);
    const lines = next.leftOut;
    replaceChildren(
      footer,
      ...(lines.length === 0
        ? []
        : [
            el('p', {}, 'Left out of this report, so that it stays small:'),
            el('ul', { class: 'plain' }, ...lines.map((text) => el('li', {}, text))),
          ]),
      el('p', {}, `gpuvm-trace ${page.version}`),
    );
    const worst = trace.finding(0);
    if (view.job === '' && view.finding < 0 && worst !== undefined)
      views.set({ finding: 0, job: worst.job < 0 ? '' : trace.key(worst.job) });
    else next.update(view, undefined);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => views.set({}));
}

start();
