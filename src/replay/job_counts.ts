// The counts of a job in its row: what could be judged of it, and in the end what any probe of the trace can tell.
import type { Shown } from './fact.ts';
import type { JobCounts } from './job.ts';

/** Undefined: could not be judged. */
export type Counts = Readonly<Record<keyof JobCounts, number | undefined>>;

/** Counts that only a job seen whole has. */
const JUDGED = ['missing', 'redundant', 'diverged', 'misapplied', 'unreserved'] as const;
export type Judged = (typeof JUDGED)[number];

export function unjudged(counts: Counts): Counts {
  const left = { ...counts };
  for (const name of JUDGED) left[name] = undefined;
  return left;
}

/** The same for equal counts: most jobs of a trace count the same. */
export function countsKey(counts: Counts): string {
  const { steps, map, unmap, remap, keep, missing, redundant, diverged, misapplied, unreserved } = counts;
  return `${steps},${map},${unmap},${remap},${keep},${missing},${redundant},${diverged},${misapplied},${unreserved}`;
}

/** What a trace can tell, by the probes that were seen in it. */
export interface ShownInTrace {
  readonly seen: ReadonlySet<Shown>;
  readonly locksShown: boolean;
  readonly stepsShown: boolean;
}

/** Leaves out what no probe of the trace can tell; `perhapsMisapplied` as in Job. */
export function toldCounts(
  counts: Counts,
  perhapsMisapplied: number,
  { seen, locksShown, stepsShown }: ShownInTrace,
): Counts {
  const told = { ...counts };
  const drop = (...names: (keyof JobCounts)[]) => {
    for (const name of names) told[name] = undefined;
  };
  if (!locksShown) drop('missing', 'redundant', 'unreserved');
  if (!seen.has('exec_fini')) drop('redundant');
  if (seen.has('add_fence') && !seen.has('reserve_fences')) drop('unreserved');
  if (!seen.has('va_insert') && !seen.has('va_remove')) drop('misapplied');
  if (!seen.has('removal in a step') && told.misapplied !== undefined) told.misapplied -= perhapsMisapplied;
  if (!seen.has('step')) drop('steps', 'map', 'unmap', 'remap', 'keep', 'diverged', 'misapplied');
  if (!stepsShown) drop('missing', 'redundant');
  return told;
}
