// `diff`: a row a difference, and what JSON says beside them.
import type { Change } from '../diff/change.ts';
import type { Diff } from '../diff/diff.ts';
import type { TraceDigest } from '../diff/trace_digest.ts';
import { printablePath } from './escape.ts';
import { type Column, toObject } from './table.ts';

export const diffColumns: readonly Column<Change>[] = [
  { name: 'kind', kind: 'hex', cell: (row) => row.kind },
  { name: 'how', kind: 'hex', cell: (row) => row.how },
  { name: 'what', kind: 'text', cell: (row) => row.what },
  { name: 'severity', kind: 'hex', cell: (row) => row.severity },
  { name: 'vm', kind: 'count', cell: (row) => row.vm || undefined },
  { name: 'job_before', kind: 'count', cell: (row) => row.before?.job },
  { name: 'line_before', kind: 'count', cell: (row) => row.lines.before || row.before?.line },
  { name: 'job_after', kind: 'count', cell: (row) => row.after?.job },
  { name: 'line_after', kind: 'count', cell: (row) => row.lines.after || row.after?.line },
  { name: 'before', kind: 'text', cell: (row) => row.was },
  { name: 'after', kind: 'text', cell: (row) => row.is },
  { name: 'why', kind: 'text', cell: (row) => row.why },
];

export function diffObject(diff: Diff): Record<string, unknown> {
  const { before, after, matched, retries, hold, changes } = diff;
  return {
    before: traceObject(before),
    after: traceObject(after),
    matched,
    retries,
    hold_time: hold ?? null,
    changes: changes.map((change) => toObject(diffColumns, change)),
  };
}

function traceObject({ file, drivers, jobs, findings, doubts }: TraceDigest): Record<string, unknown> {
  return { file: printablePath(file), drivers, jobs: jobs.length, findings: findings.length, doubts };
}
