// A table of many rows: filtered, sorted and shown page by page.
import { type Child, el, replaceChildren } from './dom.ts';
import type { Views } from './view.ts';
import { grouped } from './words.ts';

const ROWS_A_PAGE = 15;

export interface TableColumn {
  readonly name: string;
  readonly title: string;
  /** Of its cells. */
  readonly kind?: 'number' | 'mono' | 'wide' | 'whole';
  readonly key: (row: number) => number | string;
  readonly cell: (row: number) => Child;
}

export interface TableChoice {
  readonly name: string;
  readonly label: string;
  readonly options: readonly string[];
  readonly of: (row: number) => string;
}

export interface TableSpec {
  /** Also what its place in the fragment begins with. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly choices: readonly TableChoice[];
  /** All of its rows, in their first order. */
  readonly rows: () => readonly number[];
  /** What the text filter looks through. */
  readonly text: (row: number) => string;
  readonly isCurrent: (row: number) => boolean;
}

export class DataTable {
  readonly root: HTMLElement;
  readonly #spec: TableSpec;
  readonly #views: Views;
  readonly #body = el('tbody', { role: 'rowgroup' });
  readonly #pager = el('div', { class: 'pager' });
  readonly #count = el('span', { class: 'dim', role: 'status' });
  readonly #heads = new Map<string, HTMLElement>();
  readonly #filter: HTMLInputElement;
  readonly #selects = new Map<string, HTMLSelectElement>();
  #shown: readonly number[] = [];

  constructor(spec: TableSpec, views: Views) {
    this.#spec = spec;
    this.#views = views;
    this.#filter = el('input', {
      type: 'search',
      placeholder: 'text',
      on: { input: () => this.#set({ text: this.#filter.value, page: '' }) },
    });
    const tools = el('div', { class: 'tools' }, el('label', {}, 'Filter', this.#filter));
    for (const choice of spec.choices) tools.append(this.#select(choice));
    tools.append(this.#count);
    const head = el('tr', { role: 'row' });
    for (const column of spec.columns) head.append(this.#head(column));
    const table = el(
      'table',
      { role: 'table' },
      el('caption', { class: 'hidden' }, spec.caption),
      el('thead', { role: 'rowgroup' }, head),
      this.#body,
    );
    const scroll = el('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': spec.caption }, table);
    this.root = el('div', { class: 'summary', id: `table-${spec.id}` }, tools, scroll, this.#pager);
  }

  #select({ name, label, options }: TableChoice): HTMLElement {
    const select = el('select', { on: { change: () => this.#set({ [name]: select.value, page: '' }) } });
    select.append(
      el('option', { value: '' }, 'all'),
      ...options.map((option) => el('option', { value: option }, option)),
    );
    this.#selects.set(name, select);
    return el('label', {}, label, select);
  }

  #head({ name, title, kind }: TableColumn): HTMLElement {
    const click = () => this.#set({ sort: this.#get('sort') === name ? `-${name}` : name, page: '' });
    const head = el(
      'th',
      { scope: 'col', role: 'columnheader', class: kind === 'number' ? 'number' : undefined },
      el('button', { type: 'button', on: { click } }, title, el('span', { 'aria-hidden': 'true' })),
    );
    this.#heads.set(name, head);
    return head;
  }

  #get(name: string): string {
    return this.#views.now.tables[`${this.#spec.id}.${name}`] ?? '';
  }

  #set(values: Readonly<Record<string, string>>): void {
    const named = Object.entries(values).map(([name, value]) => [`${this.#spec.id}.${name}`, value]);
    this.#views.set({ tables: { ...this.#views.now.tables, ...Object.fromEntries(named) } });
  }

  /** Shows the page that the row is on. */
  reveal(row: number): void {
    const at = this.#shown.indexOf(row);
    const page = Math.floor(at / ROWS_A_PAGE);
    if (at >= 0 && String(page) !== (this.#get('page') || '0')) this.#set({ page: page === 0 ? '' : String(page) });
  }

  update(): void {
    const { columns, choices, text, rows, isCurrent } = this.#spec;
    const wanted = this.#get('text');
    if (this.#filter.value !== wanted) this.#filter.value = wanted;
    const words = wanted
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const chosen = choices
      .map((choice) => ({ choice, value: this.#get(choice.name) }))
      .filter(({ value }) => value !== '');
    for (const { name } of choices) {
      const select = this.#selects.get(name);
      if (select !== undefined && select.value !== this.#get(name)) select.value = this.#get(name);
    }
    const all = rows();
    let shown = all.filter((row) => chosen.every(({ choice, value }) => choice.of(row) === value));
    if (words.length > 0)
      shown = shown.filter((row) => {
        const within = text(row).toLowerCase();
        return words.every((word) => within.includes(word));
      });
    this.#shown = this.#sorted(shown);
    const pages = Math.max(1, Math.ceil(shown.length / ROWS_A_PAGE));
    const page = Math.min(pages - 1, Math.max(0, Number(this.#get('page')) || 0));
    const rowsShown = this.#shown.slice(page * ROWS_A_PAGE, (page + 1) * ROWS_A_PAGE);
    const lines = rowsShown.map((row) => {
      const cells = columns.map(({ kind, cell }) => el('td', { role: 'cell', class: kind }, cell(row)));
      return el(
        'tr',
        { role: 'row', class: isCurrent(row) ? 'current' : undefined, 'aria-current': isCurrent(row) },
        ...cells,
      );
    });
    replaceChildren(this.#body, ...lines);
    const of = shown.length === all.length ? '' : ` of ${grouped(all.length)}`;
    this.#count.textContent = `${grouped(shown.length)}${of} shown`;
    this.#turn(page, pages);
  }

  #sorted(rows: readonly number[]): readonly number[] {
    const sort = this.#get('sort');
    const down = sort.startsWith('-');
    const by = this.#spec.columns.find(({ name }) => name === sort.replace(/^-/, ''));
    for (const [name, head] of this.#heads) {
      const direction = name !== by?.name ? undefined : down ? 'descending' : 'ascending';
      if (direction === undefined) head.removeAttribute('aria-sort');
      else head.setAttribute('aria-sort', direction);
      const mark = head.querySelector('span');
      if (mark !== null) mark.textContent = direction === undefined ? '' : down ? ' ▼' : ' ▲';
    }
    if (by === undefined) return rows;
    const keyed = rows.map((row) => ({ row, key: by.key(row) }));
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.row - b.row) * (down ? -1 : 1));
    return keyed.map(({ row }) => row);
  }

  #turn(page: number, pages: number): void {
    this.#pager.hidden = pages <= 1;
    if (pages <= 1) return;
    const to = (name: string, label: string, target: number) =>
      el(
        'button',
        {
          type: 'button',
          'aria-label': label,
          disabled: target === page || target < 0 || target >= pages,
          on: {
            click: () => {
              this.#set({ page: target === 0 ? '' : String(target) });
              this.#pager.querySelector<HTMLElement>(`[aria-label="${label}"]:not(:disabled)`)?.focus();
            },
          },
        },
        name,
      );
    replaceChildren(
      this.#pager,
      to('«', 'first page', 0),
      to('‹', 'page before', page - 1),
      `page ${grouped(page + 1)} of ${grouped(pages)}`,
      to('›', 'next page', page + 1),
      to('»', 'last page', pages - 1),
    );
  }
}
