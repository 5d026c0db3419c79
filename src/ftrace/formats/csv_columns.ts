// What the columns of a table of events mean: by the names that tools give them, or by what the user says.

export const COLUMN_ROLES = ['ts', 'cpu', 'pid', 'comm', 'name', 'args'] as const;

export type ColumnRole = (typeof COLUMN_ROLES)[number];

/** The user's own names of columns. */
export type ColumnNames = Readonly<Partial<Record<ColumnRole, string>>>;

/** In the order in which they are preferred; the tracer's pid is a thread's. */
const USUAL: Readonly<Record<ColumnRole, readonly string[]>> = {
  ts: ['ts', 'time', 'timestamp'],
  cpu: ['cpu'],
  pid: ['tid', 'pid'],
  comm: ['comm', 'task', 'thread_name'],
  name: ['name', 'event', 'event_name'],
  args: ['args', 'arguments'],
};

export interface Columns {
  readonly count: number;
  readonly places: Readonly<Partial<Record<ColumnRole, number>>>;
  /** Those that hold an argument each. */
  readonly args: readonly { readonly name: string; readonly place: number }[];
}

/** Titles that a message names. */
const MAX_TOLD = 16;

/** Is it the header of a table of events, be it one that cannot be read? */
export function namesEvents(header: readonly string[], names: ColumnNames): boolean {
  const titles = header.map((title) => title.trim());
  return (['name', 'pid'] as const).every((role) => {
    const own = names[role];
    return (own !== undefined && titles.includes(own)) || usualPlace(role, titles) >= 0;
  });
}

/** A sentence where the header is not that of a table of events. */
export function columnsOf(header: readonly string[], names: ColumnNames): Columns | string {
  const titles = header.map((title) => title.trim());
  const some = titles.slice(0, MAX_TOLD).map((title) => JSON.stringify(title));
  const shown = [...some, ...(titles.length > MAX_TOLD ? ['...'] : [])].join(', ');
  const seen = new Set<string>();
  const twice = titles.find((title) => title !== '' && seen.size === seen.add(title).size);
  if (twice !== undefined) return `two columns are named ${JSON.stringify(twice)}`;
  const places: Partial<Record<ColumnRole, number>> = {};
  for (const role of COLUMN_ROLES) {
    const own = names[role];
    const place = own === undefined ? usualPlace(role, titles) : titles.indexOf(own);
    if (own !== undefined && place < 0) return `there is no column ${JSON.stringify(own)} for ${role} among ${shown}`;
    if (place >= 0) places[role] = place;
  }
  for (const role of ['name', 'pid'] as const)
    if (places[role] === undefined)
      return `no column is named ${role} among ${shown}: say which with --map ${role}=...`;
  const taken = new Set(Object.values(places));
  const args = titles.map((name, place) => ({ name, place })).filter((arg) => arg.name !== '' && !taken.has(arg.place));
  return { count: titles.length, places, args };
}

function usualPlace(role: ColumnRole, titles: readonly string[]): number {
  const low = titles.map((title) => title.toLowerCase());
  for (const name of USUAL[role]) if (low.includes(name)) return low.indexOf(name);
  return -1;
}
