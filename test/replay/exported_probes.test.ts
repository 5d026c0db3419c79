// Probes on exported functions and the ioctl alone, which exist on any kernel and driver: what they show must suffice for
// the locks, and nothing may look wrong for what they do not show.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { driverFixtures, moreDriverCaptures, truthOf } from '../support/captures.ts';
import { exportedOnly } from '../support/exported_only.ts';
import { reportOn } from '../support/report.ts';

const captures = [...driverFixtures, ...moreDriverCaptures]
  .filter(({ name, beside }) => beside('truth') !== undefined && !/(edited|written)-/.test(name))
  .map((capture) => [capture.name, capture] as const);

describe.each(captures)('%s', (name, capture) => {
  const report = reportOn(exportedOnly(capture.read()));

  // The objects of a panthor job need no resv, and its worker's jobs are not bracketed by any exported function.
  if (!name.includes('panthor')) {
    it('counts the missing locks that the module counted', () => {
      const rows = new Map(report.jobs.map((row) => [row.job, row.counts.missing]));
      const truth = truthOf(capture.beside('truth') ?? '');
      const want = [...truth].map(([job, { missing }]) => `${job}: ${missing}`);
      expect([...truth.keys()].map((job) => `${job}: ${rows.get(job)}`)).toEqual(want);
    });
  }

  it('reports no rule more often than the whole trace does', () => {
    const whole = countsOf(reportOn(capture.read()));
    const more = [...countsOf(report)].filter(([rule, count]) => count > (whole.get(rule) ?? 0));
    expect(more).toEqual([]);
  });
});

/** Loud findings by rule. */
function countsOf({ findings }: Report): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { rule, severity, confidence } of findings) {
    if (severity !== 'note' && confidence !== 'inconclusive') counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  return counts;
}
