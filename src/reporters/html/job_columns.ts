// All jobs of a report, a few characters each.
import type { JobRow } from '../../replay/job_row.ts';
import { numberColumn } from './number_column.ts';
import { type JobColumns, VERDICTS } from './page_data.ts';
import type { JobPlaces } from './recording.ts';

export interface ListedJob {
  readonly row: JobRow;
  readonly places: JobPlaces;
  /** Rows of the report's tasks and VMs. */
  readonly task: number;
  readonly applyTask: number;
  readonly vm: number;
}

export function jobColumns(jobs: readonly ListedJob[]): JobColumns {
  const count = (value: number | undefined) => value ?? -1;
  const of = (cell: (job: ListedJob) => number, ascending = false) => numberColumn(jobs.map(cell), ascending);
  const since = (place: (places: JobPlaces) => number) =>
    of(({ row, places }) => (place(places) < 0 ? -1 : Math.max(0, place(places) - row.line)));
  const retries = jobs.flatMap(({ places }, i) => (places.retries.length === 0 ? [] : [[i, places.retries] as const]));
  return {
    count: jobs.length,
    job: of(({ row }) => row.job, true),
    line: of(({ row }) => row.line, true),
    end: of(({ row }) => (row.endLine === 0 ? -1 : row.endLine - row.line)),
    task: of(({ task }) => task),
    vm: of(({ vm }) => vm),
    lockFrom: since((places) => places.lockFrom),
    lockTo: since((places) => places.lockTo),
    holdFrom: since((places) => places.holdFrom),
    holdTo: since((places) => places.holdTo),
    applyFrom: since((places) => places.applyFrom),
    applyTo: since((places) => places.applyTo),
    applyTask: of(({ applyTask }) => applyTask),
    ops: of(({ row }) => count(row.ops)),
    attempts: of(({ row }) => count(row.attempts)),
    failed: of(({ row }) => Math.max(0, -(row.ret ?? 0))),
    steps: of(({ row }) => count(row.counts.steps)),
    missing: of(({ row }) => count(row.counts.missing)),
    redundant: of(({ row }) => count(row.counts.redundant)),
    diverged: of(({ row }) => count(row.counts.diverged)),
    misapplied: of(({ row }) => count(row.counts.misapplied)),
    unreserved: of(({ row }) => count(row.counts.unreserved)),
    verdict: of(({ row }) => VERDICTS.indexOf(row.verdict)),
    retries: Object.fromEntries(retries),
  };
}
