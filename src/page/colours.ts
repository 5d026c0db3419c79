// The colours of the pictures, which are drawn and so know no style sheet.

export interface Palette {
  readonly back: string;
  readonly band: string;
  readonly line: string;
  readonly text: string;
  readonly dim: string;
  readonly accent: string;
  readonly error: string;
  readonly warning: string;
  readonly note: string;
  readonly lock: string;
  readonly apply: string;
  readonly hold: string;
  readonly job: string;
  readonly stale: string;
  readonly none: string;
  readonly objs: readonly string[];
}

const LIGHT: Palette = {
  back: '#ffffff',
  band: '#f3f5f8',
  line: '#d3d8e0',
  text: '#1a1d23',
  dim: '#525a67',
  accent: '#0b57c2',
  error: '#b3261e',
  warning: '#825000',
  note: '#3a587d',
  lock: '#7aa7e8',
  apply: '#6fbf8b',
  hold: '#3f69a8',
  job: '#e6e9ef',
  stale: '#a3208f',
  none: '#e3e6eb',
  objs: ['#b9d4ff', '#ffd7a1', '#bfe6bb', '#f2c3e6', '#d7ccfb', '#fbe88f', '#b6e8e4', '#f8c3bb', '#d3e39b', '#cfd6e2'],
};

const DARK: Palette = {
  back: '#22262e',
  band: '#282d37',
  line: '#3f4755',
  text: '#e7e9ed',
  dim: '#a9b1be',
  accent: '#8ab4ff',
  error: '#ff8f86',
  warning: '#f2b860',
  note: '#9fc2ea',
  lock: '#4673b8',
  apply: '#3b8457',
  hold: '#8fb4ec',
  job: '#3a414e',
  stale: '#f28fe0',
  none: '#3a404b',
  objs: ['#315591', '#7d5520', '#34653c', '#71396b', '#54458f', '#6b601b', '#226762', '#803f38', '#566528', '#4a5363'],
};

export function isDark(): boolean {
  const chosen = document.documentElement.dataset['theme'];
  return chosen === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

export function palette(): Palette {
  return isDark() ? DARK : LIGHT;
}

/** Of an object's row in the report; NULL and what is not known are grey. */
export function objColour({ objs, none }: Palette, obj: number): string {
  return obj < 0 ? none : (objs[obj % objs.length] ?? none);
}
