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
}

function isJudged(row: JobRow): boolean {
  return row.unknown.length === 0 && row.counts.missing !== undefined;
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
  const kept: Kept = { outside: 0, judged: 0, touched: 0 };
  for (let run = 0; run < RUNS; run++) compare(whole, reportOn(dropped(bytes, LONGEST, draw)), kept);
  return kept;
}

describe('generated losses', () => {
  const all: Kept = { outside: 0, judged: 0, touched: 0 };
  const captures = [...labFixtures, ...driverFixtures].filter((capture) => capture.read().length < 500_000);
  captures.forEach((capture, i) => {
    it(capture.name, () => {
      const { outside, judged, touched } = keptOf(capture, 1 + i);
      all.outside += outside;
      all.judged += judged;
      all.touched += touched;
    });
  });

  it('leave most jobs outside of them judged', () => {
    expect(all.touched).toBeGreaterThan(100);
    expect(all.judged).toBeGreaterThan(0.9 * all.outside);
  });
});
