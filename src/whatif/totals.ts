// What another lock pass comes to over all jobs: would it have fixed what was missing, and what would it cost?
import type { PassCounts, WhatIfRow } from './what_if.ts';

export type Answer = 'yes' | 'in part' | 'no' | 'worse' | 'nothing to fix' | 'not known';

/** Sums over the jobs of which a count is known both ways. */
export interface WhatIfTotals {
  readonly jobs: number;
  /** Jobs of which it is not known whether locks are missing. */
  readonly unknown: number;
  readonly recorded: Record<keyof PassCounts, number>;
  readonly other: Record<keyof PassCounts, number>;
  readonly fixed: Answer;
}

export const PASS_COUNTS = ['locks', 'missing', 'redundant', 'contended'] as const;

export function totalsOf(rows: readonly WhatIfRow[]): WhatIfTotals {
  const recorded = { locks: 0, missing: 0, redundant: 0, contended: 0 };
  const other = { ...recorded };
  for (const row of rows) {
    for (const count of PASS_COUNTS) {
      const [before, after] = [row.recorded[count], row.other[count]];
      if (before === undefined || after === undefined) continue;
      recorded[count] += before;
      other[count] += after;
    }
  }
  const unknown = rows.filter((row) => row.verdict === 'unknown').length;
  return { jobs: rows.length, unknown, recorded, other, fixed: answerOf(recorded.missing, other.missing, unknown) };
}

function answerOf(before: number, after: number, unknown: number): Answer {
  if (before === 0 && after === 0) return unknown > 0 ? 'not known' : 'nothing to fix';
  if (after > before) return 'worse';
  if (after === before) return 'no';
  if (after > 0) return 'in part';
  return unknown > 0 ? 'not known' : 'yes';
}
