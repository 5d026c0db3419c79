// Captures that follow the drivers' flows: each job has the counts that the module took itself, as far as they mean the
// same as in the lab, and correct drivers give nothing to read.
import { describe, expect, it } from 'vitest';
import type { JobRow } from '../../src/replay/job_row.ts';
import { driverFixtures, moreDriverCaptures, truthOf } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';

const COUNTS: Readonly<Record<string, readonly (keyof JobRow['counts'])[]>> = {
  msm: ['steps', 'missing', 'redundant'],
  nouveau: ['missing', 'redundant'],
  xe: ['missing', 'redundant'],
  panthor: ['steps', 'missing'],
  pvr: ['steps', 'missing', 'redundant'],
};

const captures = [...driverFixtures, ...moreDriverCaptures]
  .filter((capture) => capture.beside('truth') !== undefined)
  .map((capture) => [capture.name, capture] as const);

describe.each(captures)('%s', (name, capture) => {
  const report = reportOn(capture.read());
  const driver = /(msm|nouveau|xe|panthor|pvr)/.exec(name)?.[1] ?? '';
  const columns = COUNTS[driver] ?? [];

  it('counts what the module counted', () => {
    const rows = new Map(report.jobs.map((row) => [row.job, row.counts]));
    for (const [job, want] of truthOf(capture.beside('truth') ?? '')) {
      const counts = rows.get(job);
      const got = columns.map((column) => `${column} ${counts?.[column]}`);
      expect({ job, got }).toEqual({ job, got: columns.map((column) => `${column} ${Number(want[column])}`) });
    }
  });

  if (name.endsWith('correct')) {
    it('gives no finding but notes, and no doubt', () => {
      const loud = report.findings.filter((one) => one.severity !== 'note').map((one) => `${one.rule}: ${one.message}`);
      expect([loud, report.doubts]).toEqual([[], []]);
    });
  }
});
