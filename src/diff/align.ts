// Two sequences of numbers aligned: what both have, in the order of both.
import { type Edit, editPath } from './edit_path.ts';

/** Indices of equal members of `a` and `b`. */
export type Pair = readonly [a: number, b: number];

/** Anchors within anchors are sought so deep; a trace that asks for more is aligned less well. */
const MAX_DEPTH = 32;

interface Range {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly depth: number;
}

/** Ascending in both. As many pairs as there can be where the two differ little; enough of them otherwise. */
export function align(a: readonly number[], b: readonly number[]): Pair[] {
  const pairs: Pair[] = [];
  const ranges: Range[] = [{ from: [0, 0], to: [a.length, b.length], depth: 0 }];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    let [i, j] = range.from;
    let [iEnd, jEnd] = range.to;
    while (i < iEnd && j < jEnd && a[i] === b[j]) pairs.push([i++, j++]);
    while (i < iEnd && j < jEnd && a[iEnd - 1] === b[jEnd - 1]) pairs.push([--iEnd, --jEnd]);
    if (i === iEnd || j === jEnd) continue;
    const inner: Edit = { a, b, from: [i, j], to: [iEnd, jEnd] };
    const anchors = range.depth < MAX_DEPTH ? anchorsOf(inner) : [];
    if (anchors.length === 0) {
      for (const pair of editPath(inner)) pairs.push(pair);
      continue;
    }
    let from: readonly [number, number] = [i, j];
    for (const anchor of anchors) {
      ranges.push({ from, to: anchor, depth: range.depth + 1 });
      pairs.push(anchor);
      from = [anchor[0] + 1, anchor[1] + 1];
    }
    ranges.push({ from, to: [iEnd, jEnd], depth: range.depth + 1 });
  }
  return pairs.sort(([x], [y]) => x - y);
}

/** Members that are there once in each, as many of them as come in the same order. */
function anchorsOf({ a, b, from, to }: Edit): Pair[] {
  const inA = onceIn(a, from[0], to[0]);
  const inB = onceIn(b, from[1], to[1]);
  const common: Pair[] = [];
  for (const [value, i] of inA) {
    const j = i < 0 ? -1 : (inB.get(value) ?? -1);
    if (j >= 0) common.push([i, j]);
  }
  return longestAscending(common);
}

/** Where each value is; -1: more than once. */
function onceIn(values: readonly number[], from: number, to: number): Map<number, number> {
  const places = new Map<number, number>();
  for (let i = from; i < to; i++) {
    const value = values[i] ?? -1;
    places.set(value, places.has(value) ? -1 : i);
  }
  return places;
}

/** Of pairs that ascend in their first: the longest run that ascends in both (patience sorting). */
function longestAscending(pairs: readonly Pair[]): Pair[] {
  const tops: number[] = [];
  const before: number[] = [];
  pairs.forEach(([, j], at) => {
    let [low, high] = [0, tops.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tops[middle] ?? 0]?.[1] ?? 0) < j) low = middle + 1;
      else high = middle;
    }
    before[at] = low === 0 ? -1 : (tops[low - 1] ?? -1);
    tops[low] = at;
  });
  const run: Pair[] = [];
  for (let at = tops.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) run.push(pairs[at] as Pair);
  return run.reverse();
}
