// What differs in a job that both traces have: what was asked for, its steps, its locks, how it ended.
import { hex } from '../base/u64.ts';
import { type Change, changeOf } from './change.ts';
import { LOCK_SETS, type LockSets, OBJECT, usesOf } from './job_digest.ts';
import { UNKNOWN } from './object_numbers.ts';
import type { ObjectPairs } from './object_pairs.ts';
import { alignBy, type JobPair } from './pairing.ts';
import type { Texts } from './texts.ts';
import type { Shows } from './trace_digest.ts';

/** What both traces can tell. */
export interface Common {
  readonly texts: Texts;
  readonly objects: ObjectPairs;
  readonly shows: Pick<Shows, 'steps' | 'locks'>;
}

interface Line {
  readonly text: string;
  readonly obj: number;
}

export function jobChanges(pair: JobPair, { texts, objects, shows }: Common): Change[] {
  const { before, after } = pair;
  const [used, uses] = [usesOf(before), usesOf(after)];
  const listed = (name: 'ops' | 'steps', asked: boolean) =>
    listingChanges({ text: before[name], objs: used[name] }, { text: after[name], objs: uses[name] }, asked, {
      texts,
      objects,
    });
  const changes: Change[] = [];
  const why = [...new Set([...before.unknown, ...after.unknown])].join('; ');
  const add = (change: Pick<Change, 'kind'> & Partial<Change>) =>
    changes.push(changeOf({ ...pair, how: why === '' ? 'changed' : 'unclear', why, ...change }));
  for (const one of listed('ops', true)) add({ kind: 'ops', ...one });
  if (shows.steps) for (const one of listed('steps', false)) add({ kind: 'steps', ...one });
  if (shows.steps && shows.locks)
    for (const one of lockChanges(used.locks, uses.locks, judgedSets(pair), objects)) add({ kind: 'locks', ...one });
  if (before.ret !== after.ret && before.ret !== undefined && after.ret !== undefined)
    add({ kind: 'return', was: String(before.ret), is: String(after.ret) });
  if (before.attempts !== after.attempts && before.attempts !== undefined && after.attempts !== undefined)
    add({ kind: 'attempts', was: String(before.attempts), is: String(after.attempts) });
  return changes;
}

/** One line an op or a step, and the numbers of their objects. */
interface Listing {
  readonly text: number;
  readonly objs: readonly number[];
}

type Differing = Pick<Change, 'was' | 'is'> & Partial<Pick<Change, 'what'>>;

function listingChanges(
  before: Listing,
  after: Listing,
  asked: boolean,
  { texts, objects }: Pick<Common, 'texts' | 'objects'>,
): Differing[] {
  const [a, b] = [linesOf(before, texts), linesOf(after, texts)];
  const same = (x: Line, y: Line) => x.text === y.text && objects.meet(x.obj, y.obj, asked);
  if (before.text === after.text) {
    const others = a.map((line, i) => [line, b[i] as Line] as const).filter(([x, y]) => !same(x, y));
    return others.map(([x, y]) => ({ was: shown(x, 'before', objects), is: shown(y, 'after', objects) }));
  }
  const changes: Differing[] = [];
  let [i, j] = [0, 0];
  const until = (iEnd: number, jEnd: number) => {
    while (i < iEnd || j < jEnd) {
      const was = i < iEnd ? shown(a[i++] as Line, 'before', objects) : '';
      changes.push({ was, is: j < jEnd ? shown(b[j++] as Line, 'after', objects) : '' });
    }
  };
  for (const [x, y] of alignBy(a, b, [({ text }) => text])) {
    until(x, y);
    if (same(a[x] as Line, b[y] as Line)) [i, j] = [x + 1, y + 1];
    else until(x + 1, y + 1);
  }
  until(a.length, b.length);
  return changes;
}

function linesOf({ text, objs }: Listing, texts: Texts): Line[] {
  const all = texts.text(text);
  return all === '' ? [] : all.split('\n').map((line, i) => ({ text: line, obj: objs[i] ?? UNKNOWN }));
}

function shown({ text, obj }: Line, side: 'before' | 'after', objects: ObjectPairs): string {
  return text.replace(OBJECT, objects.name(obj, side));
}

function lockChanges(
  before: LockSets,
  after: LockSets,
  sets: readonly (keyof LockSets)[],
  objects: ObjectPairs,
): Differing[] {
  return sets.flatMap((what) => {
    const apart = objects.apart(before[what], after[what]);
    if (apart === undefined || apart.before.length + apart.after.length === 0) return [];
    const named = (numbers: readonly number[], side: 'before' | 'after') =>
      numbers.map((number) => lockName(number, side, objects)).join(', ');
    return [{ what, was: named(apart.before, 'before'), is: named(apart.after, 'after') }];
  });
}

function judgedSets({ before, after }: JobPair): (keyof LockSets)[] {
  return LOCK_SETS.filter((what) => {
    if (what === 'missing') return before.missingJudged && after.missingJudged;
    return what !== 'redundant' || (before.redundantJudged && after.redundantJudged);
  });
}

function lockName(number: number, side: 'before' | 'after', objects: ObjectPairs): string {
  const object = objects.object(number, side);
  if (object === undefined) return objects.name(number, side);
  const what = [...(object.role === 'unknown' ? [] : [object.role]), ...(object.size === 0 ? [] : [hex(object.size)])];
  return `${objects.name(number, side)}${what.length === 0 ? '' : ` (${what.join(', ')})`}`;
}
