// The shortest way of deleting and inserting from one sequence to another (Myers), given up and begun anew where it is long.
import type { Pair } from './align.ts';

/** The parts [from, to) of two sequences. */
export interface Edit {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** Deletions and insertions tried at once: the cost is at most this times the length of both. */
const MAX_EDITS = 512;
/** On a diagonal that was not reached: less than any place, also one deletion further. */
const NOWHERE = -2;

/** The pairs of what neither deletes nor inserts, ascending. */
export function editPath({ a, b, from, to }: Edit): Pair[] {
  const pairs: Pair[] = [];
  let [i, j] = from;
  while (i < to[0] && j < to[1]) {
    const leg = walk({ a, b, from: [i, j], to });
    for (const pair of leg.pairs) pairs.push(pair);
    [i, j] = leg.end;
  }
  return pairs;
}

interface Leg {
  readonly pairs: readonly Pair[];
  readonly end: readonly [number, number];
}

/** To the end, or after MAX_EDITS as far as one gets. Diagonal k: index in `a` less index in `b`, from `from` on. */
function walk({ a, b, from, to }: Edit): Leg {
  const [lengthA, lengthB] = [to[0] - from[0], to[1] - from[1]];
  const most = Math.min(MAX_EDITS, lengthA + lengthB);
  const size = 2 * most + 3;
  const middle = most + 1;
  let reach = new Int32Array(size).fill(NOWHERE);
  const history: Int32Array[] = [];
  let [best, bestK] = [-1, 0];
  for (let edits = 0; edits <= most; edits++) {
    history.push(reach);
    best = -1;
    const next = reach.slice();
    for (let k = -edits; k <= edits; k += 2) {
      if (k > lengthA || -k > lengthB) continue;
      let x = edits === 0 ? 0 : stepFrom(reach, middle, k, edits);
      let y = x - k;
      while (x < lengthA && y < lengthB && a[from[0] + x] === b[from[1] + y]) {
        x++;
        y++;
      }
      next[middle + k] = x;
      if (x <= lengthA && y <= lengthB && x + y > best) [best, bestK] = [x + y, k];
    }
    reach = next;
    if (best === lengthA + lengthB) return back(history, middle, edits, bestK, best, from);
  }
  return back(history, middle, most, bestK, best, from);
}

/** The furthest place on diagonal k after one more edit: an insertion from above, or a deletion from the left. */
function stepFrom(reach: Int32Array, middle: number, k: number, edits: number): number {
  const deletes = (reach[middle + k - 1] ?? NOWHERE) + 1;
  const inserts = reach[middle + k + 1] ?? NOWHERE;
  if (k === -edits) return inserts;
  if (k === edits) return deletes;
  return Math.max(deletes, inserts);
}

function back(
  history: readonly Int32Array[],
  middle: number,
  edits: number,
  lastK: number,
  best: number,
  from: readonly [number, number],
): Leg {
  const pairs: Pair[] = [];
  let k = lastK;
  let x = (best + k) / 2;
  const end: readonly [number, number] = [from[0] + x, from[1] + x - k];
  for (let left = edits; left >= 0; left--) {
    const reach = history[left] as Int32Array;
    const start = left === 0 ? 0 : stepFrom(reach, middle, k, left);
    while (x > start) {
      x--;
      pairs.push([from[0] + x, from[1] + x - k]);
    }
    if (left === 0) break;
    const deletes = (reach[middle + k - 1] ?? NOWHERE) + 1;
    const isDeletion = k !== -left && (k === left || deletes >= (reach[middle + k + 1] ?? NOWHERE));
    x = isDeletion ? start - 1 : start;
    k += isDeletion ? -1 : 1;
  }
  return { pairs: pairs.reverse(), end };
}
