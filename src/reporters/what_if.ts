// `what-if`: a row a job, recorded beside what another lock pass would have come to, and the sums.
import { PASS_COUNTS, type WhatIfTotals } from '../whatif/totals.ts';
import type { PassCounts, WhatIfRow } from '../whatif/what_if.ts';
import { printable } from './escape.ts';
import { type Column, pointer, toText } from './table.ts';

export const whatIfColumns: readonly Column<WhatIfRow>[] = [
  { name: 'job', kind: 'count', cell: ({ row }) => row.job },
  { name: 'line', kind: 'count', cell: ({ row }) => row.line },
  { name: 'vm', kind: 'hex', cell: ({ row }) => pointer(row.vm) },
  { name: 'ops', kind: 'count', cell: ({ row }) => row.ops },
  ...PASS_COUNTS.map((name): Column<WhatIfRow> => ({ name, kind: 'count', cell: ({ recorded }) => recorded[name] })),
  ...PASS_COUNTS.map(
    (name): Column<WhatIfRow> => ({ name: `new_${name}`, kind: 'count', cell: ({ other }) => other[name] }),
  ),
  { name: 'verdict', kind: 'hex', cell: (row) => row.verdict },
  { name: 'why', kind: 'text', cell: (row) => row.why },
];

const LABELS: Readonly<Record<keyof PassCounts, string>> = {
  missing: 'missing locks',
  locks: 'locks taken',
  redundant: 'of them redundant',
  contended: 'of them contended',
};

const FIXED: Readonly<Record<WhatIfTotals['fixed'], string>> = {
  yes: 'it would have been fixed',
  'in part': 'it would have been fixed in part',
  no: 'it would not have been fixed',
  worse: 'locks would be missing that are not missing now',
  'nothing to fix': 'there is nothing to fix',
  'not known': 'not known of all jobs',
};

/** `title` says which pass it is, `remarks` what was understood of a patch. */
export function whatIfText(
  title: string,
  remarks: readonly string[],
  rows: readonly WhatIfRow[],
  totals: WhatIfTotals,
): string {
  const { jobs, unknown, recorded, other, fixed } = totals;
  const lines = Object.entries(LABELS).map(([key, label]) => {
    const name = key as keyof PassCounts;
    const change = `${recorded[name]} -> ${other[name]}`;
    const remark = name === 'missing' ? FIXED[fixed] : moreOrFewer(other[name] - recorded[name]);
    return `  ${label.padEnd(17)}  ${change.padEnd(12)}  ${remark}`.trimEnd();
  });
  const doubt = unknown === 0 ? '' : `, ${unknown} of them not known`;
  const head = [...remarks, `${title} in the place of the recorded lock pass, ${jobs} jobs${doubt}:`].map(printable);
  return `${toText(whatIfColumns, rows)}\n${[...head, ...lines].join('\n')}\n`;
}

function moreOrFewer(by: number): string {
  return by === 0 ? '' : by > 0 ? `${by} more` : `${-by} fewer`;
}
