// Rows of jobs: each gives back what it was made of, however many share a table.
import { expect, it } from 'vitest';
import { JobRow, type RowValues } from '../../src/replay/job_row.ts';
import { RowTable } from '../../src/replay/row_table.ts';

const COUNTS = {
  ...{ steps: 1, map: 1, unmap: 0, remap: 0, keep: 0 },
  ...{ missing: 0, redundant: undefined, diverged: 0, misapplied: 2, unreserved: 0 },
};

function values(i: number): RowValues {
  return {
    job: i,
    line: 2 ** 40 + i,
    endLine: i % 3 === 0 ? 0 : 2 ** 40 + i + 1,
    start: `${i}.000001`,
    end: i % 3 === 0 ? '' : `${i}.000002`,
    pid: i % 2 === 0 ? -1 : i,
    comm: `task ${i % 5}`,
    vm: i % 2 === 0 ? -131387181309952 : -(2n ** 63n) + 1n,
    vmOrdinal: i % 7,
    vmName: `vm\n${i % 7}`,
    ops: i % 4 === 0 ? undefined : i,
    attempts: i % 4 === 1 ? undefined : 0,
    ret: [undefined, 0, -22][i % 3],
    counts: { ...COUNTS, steps: i % 11 },
    unknown: i % 5 === 0 ? ['cut', 'lost'] : [],
    perhapsMisapplied: i % 2,
    ranLine: 0,
  };
}

it('gives back what it was made of, in one table of many', () => {
  const all = Array.from({ length: 5000 }, (_, i) => values(i));
  const table = new RowTable();
  const rows = all.map((row) => JobRow.keep(table, row));
  expect(rows.map((row) => row.toJSON())).toEqual(all);
});

it('changes alone', () => {
  const table = new RowTable();
  const [one, other] = [JobRow.keep(table, values(1)), JobRow.keep(table, values(12))];
  expect(one.counts).toEqual(other.counts);
  one.ranLine = 77;
  one.doubt('lost');
  one.doubt('lost');
  expect(one.unknown).toEqual(['lost']);
  const counts = { ...values(1).counts, missing: undefined, diverged: undefined, misapplied: undefined };
  expect(one.toJSON()).toEqual({
    ...values(1),
    ranLine: 77,
    unknown: ['lost'],
    counts: { ...counts, unreserved: undefined },
  });
  expect(other.toJSON()).toEqual(values(12));
});
