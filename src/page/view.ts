// What is looked at: kept in the address's fragment, so that a link shows the same.
import type { AxisName } from './trace.ts';

export interface View {
  readonly trace: number;
  /** Key of the job, '' = none. */
  readonly job: string;
  /** Row of the finding, -1 = none. */
  readonly finding: number;
  readonly vm: number;
  readonly axis: AxisName;
  /** On the axis; undefined: all of it. */
  readonly zoom: readonly [number, number] | undefined;
  /** Addresses; undefined: all. */
  readonly space: readonly [number, number] | undefined;
  readonly stay: number;
  readonly tab: string;
  readonly theme: '' | 'light' | 'dark';
  /** Of tables, by table and name: text, chosen values, `sort`, `page`. */
  readonly tables: Readonly<Record<string, string>>;
}

export const START: View = {
  trace: 0,
  job: '',
  finding: -1,
  vm: -1,
  axis: 'time',
  zoom: undefined,
  space: undefined,
  stay: -1,
  tab: 'findings',
  theme: '',
  tables: {},
};

export function viewFrom(fragment: string): View {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const count = (name: string, other: number) => {
    const text = given.get(name);
    return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : other;
  };
  const pair = (name: string): [number, number] | undefined => {
    const [from, to] = (given.get(name) ?? '').split('~').map(Number);
    if (from === undefined || to === undefined || !Number.isFinite(from) || !Number.isFinite(to)) return undefined;
    return from < to ? [from, to] : undefined;
  };
  const theme = given.get('theme');
  const tables = Object.fromEntries([...given].filter(([name]) => name.includes('.')));
  return {
    trace: count('trace', START.trace),
    job: given.get('job') ?? '',
    finding: count('finding', START.finding),
    vm: count('vm', START.vm),
    axis: given.get('axis') === 'line' ? 'line' : 'time',
    zoom: pair('zoom'),
    space: pair('space'),
    stay: count('mapping', START.stay),
    tab: given.get('tab') ?? START.tab,
    theme: theme === 'light' || theme === 'dark' ? theme : '',
    tables,
  };
}

export function fragmentOf(view: View): string {
  const params = new URLSearchParams();
  const put = (name: string, value: string | number, usual: string | number) => {
    if (value !== usual) params.set(name, String(value));
  };
  put('trace', view.trace, START.trace);
  put('job', view.job, START.job);
  put('finding', view.finding, START.finding);
  put('vm', view.vm, START.vm);
  put('axis', view.axis, START.axis);
  if (view.zoom !== undefined) params.set('zoom', view.zoom.join('~'));
  if (view.space !== undefined) params.set('space', view.space.join('~'));
  put('mapping', view.stay, START.stay);
  put('tab', view.tab, START.tab);
  put('theme', view.theme, START.theme);
  for (const [name, value] of Object.entries(view.tables)) if (value !== '') params.set(name, value);
  return `#${params.toString()}`;
}

type Watcher = (view: View, before: View | undefined) => void;

export class Views {
  #view: View = viewFrom(location.hash);
  readonly #watchers: Watcher[] = [];

  constructor() {
    window.addEventListener('hashchange', () => this.#to(viewFrom(location.hash)));
  }

  get now(): View {
    return this.#view;
  }

  /** Called at once, and after each change. */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
    watcher(this.#view, undefined);
  }

  /** `isStep`: the browser's Back leads back from it. */
  set(change: Partial<View>, isStep = false): void {
    const view = { ...this.#view, ...change };
    const fragment = fragmentOf(view);
    if (isStep && fragment !== location.hash) history.pushState(null, '', fragment);
    else history.replaceState(null, '', fragment);
    this.#to(view);
  }

  /** A link to the present view with this change. */
  link(change: Partial<View>): string {
    return fragmentOf({ ...this.#view, ...change });
  }

  #to(view: View): void {
    const before = this.#view;
    this.#view = view;
    for (const watcher of this.#watchers) watcher(view, before);
  }
}
