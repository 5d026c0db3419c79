// `coverage`: a row a case, and how many of them were covered.
import { type CoverageRow, coverageOf } from '../coverage/coverage.ts';
import { type Column, toText } from './table.ts';

export const coverageColumns: readonly Column<CoverageRow>[] = [
  { name: 'group', kind: 'hex', cell: (row) => row.group },
  { name: 'case', kind: 'text', cell: (row) => row.name },
  { name: 'count', kind: 'count', cell: (row) => row.count },
  { name: 'state', kind: 'hex', cell: (row) => row.state },
  { name: 'text', kind: 'text', cell: (row) => row.text },
];

/** Percent, rounded down: 100 means all. */
export function percentOf(rows: readonly CoverageRow[]): number {
  const { covered, cases } = coverageOf(rows);
  return cases === 0 ? 0 : Math.floor((100 * covered) / cases);
}

export function coverageText(rows: readonly CoverageRow[]): string {
  const { covered, cases } = coverageOf(rows);
  const groups = [...new Set(rows.map(({ group }) => group))].map((group) => {
    const own = coverageOf(rows.filter((row) => row.group === group));
    return `${group} ${own.covered}/${own.cases}`;
  });
  return `${toText(coverageColumns, rows)}\n${covered} of ${cases} cases (${percentOf(rows)} %): ${groups.join(', ')}\n`;
}
