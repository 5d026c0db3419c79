// What the tracer says it lost takes nothing from what lies outside of it, and nothing is stated because of it.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import type { JobRow } from '../../src/replay/job_row.ts';
import { type Capture, driverFixtures, labFixtures } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';
import { dropped, identity, inventedBeside, random, uncounted } from './damage.ts';

const RUNS = 4 * Number(process.env['ROBUSTNESS'] ?? 1);
const LONGEST = 400;

interface Kept {
  /** Jobs that the whole trace judges and that no loss touches, and those of them that are judged as before. */
  outside: number;
  judged: number;
  touched: number;
  /** Jobs behind a loss whose VM was there before it, and those that are held against the VM as their lock pass met it. */
  behind: number;
  planned: number;
}

function isJudged(row: JobRow): boolean {
  return row.unknown.length === 0 && row.counts.missing !== undefined;
}

/** Was its VM there before the first loss? */
function seenBefore({ jobs, losses }: Report, { vmOrdinal }: JobRow): boolean {
  const told = losses.windows[0]?.line ?? 0;
  return jobs.some((row) => row.vmOrdinal === vmOrdinal && row.line < told);
}

function compare(whole: Report, report: Report, kept: Kept): void {
  expect(inventedBeside(whole, report).map((one) => `line ${one.line}: ${identity(one)}`)).toEqual([]);
  const nameOf = ({ job, start }: JobRow) => `${job} ${start}`;
  const rows = new Map(report.jobs.map((row) => [nameOf(row), row]));
  const touched = new Set(report.losses.windows.flatMap(({ jobs }) => jobs.first));
  for (const before of whole.jobs) {
    const row = rows.get(nameOf(before));
    if (row === undefined || !isJudged(before)) continue;
    if (row.job === 0) continue; // of those whose ioctl names no job no two are told apart
    if (touched.has(row.job)) {
      kept.touched++;
      expect(row.unknown, nameOf(row)).not.toEqual([]);
      continue;
    }
    const isBehind = (report.losses.windows[0]?.line ?? Number.POSITIVE_INFINITY) < row.line && seenBefore(report, row);
    if (isBehind && before.counts.diverged !== undefined) kept.behind++;
    if (row.counts.diverged !== undefined) {
      if (isBehind) kept.planned++;
      expect(row.counts.diverged, nameOf(row)).toBe(before.counts.diverged);
    }
    kept.outside++;
    if (!isJudged(row)) continue;
    kept.judged++;
    const { missing, redundant, misapplied } = row.counts;
    expect(missing ?? 0, nameOf(row)).toBeLessThanOrEqual(before.counts.missing ?? 0);
    expect(redundant ?? 0, nameOf(row)).toBeLessThanOrEqual(before.counts.redundant ?? 0);
    expect(misapplied ?? 0, nameOf(row)).toBeLessThanOrEqual(before.counts.misapplied ?? 0);
  }
}

function keptOf(capture: Capture, seed: number): Kept {
  const bytes = uncounted(capture.read());
  const whole = reportOn(bytes);
  const draw = random(seed);
  const kept: Kept = { outside: 0, judged: 0, touched: 0, behind: 0, planned: 0 };
  for (let run = 0; run < RUNS; run++) compare(whole, reportOn(dropped(bytes, LONGEST, draw)), kept);
  return kept;
}

describe('generated losses', () => {
  const all: Kept = { outside: 0, judged: 0, touched: 0, behind: 0, planned: 0 };
  const captures = [...labFixtures, ...driverFixtures].filter((capture) => capture.read().length < 500_000);
  captures.forEach((capture, i) => {
    it(capture.name, () => {
      const { outside, judged, touched, behind, planned } = keptOf(capture, 1 + i);
      all.behind += behind;
      all.planned += planned;
      all.outside += outside;
      all.judged += judged;
      all.touched += touched;
    });
  });

  it('leave most jobs outside of them judged', () => {
    expect(all.touched).toBeGreaterThan(100);
    expect(all.judged).toBeGreaterThan(0.9 * all.outside);
  });

  it('are got over where later jobs show what is mapped', () => {
    expect(all.behind).toBeGreaterThan(500);
    expect(all.planned).toBeGreaterThan(0.5 * all.behind);
  });
});
