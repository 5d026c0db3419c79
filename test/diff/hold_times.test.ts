// How long locks are held: what is noise and what is not.
import { expect, it } from 'vitest';
import { holdTimes } from '../../src/diff/hold_times.ts';
import type { DigestedJob } from '../../src/diff/job_digest.ts';

function job(held: number | undefined, outside: number | undefined): DigestedJob {
  return {
    ops: 0,
    places: 0,
    steps: 0,
    uses: '',
    held,
    outside,
    job: 1,
    line: 1,
    endLine: 2,
    pid: 1,
    comm: 0,
    vm: 1,
    ret: 0,
    attempts: 1,
    missingJudged: true,
    redundantJudged: true,
    unknown: [],
  };
}

/** Microseconds, with some spread. */
function pairs(count: number, before: number, after: number, outside: readonly [number, number]) {
  return Array.from({ length: count }, (_, i) => {
    const spread = 1 + (i % 5) / 10;
    return {
      before: job((before * spread) / 1e6, outside[0] / 1e6),
      after: job((after * spread) / 1e6, outside[1] / 1e6),
    };
  });
}

it('twice as long in every job is not noise, be it longer or shorter', () => {
  expect(holdTimes(pairs(20, 100, 220, [500, 500]))).toMatchObject({ isNoise: false, jobs: 20 });
  expect(holdTimes(pairs(20, 220, 100, [500, 500]))?.isNoise).toBe(false);
});

it('a slower machine, a few jobs, a microsecond or what goes both ways is', () => {
  expect(holdTimes(pairs(20, 100, 300, [500, 1500]))?.isNoise).toBe(true);
  expect(holdTimes(pairs(5, 100, 300, [500, 500]))?.isNoise).toBe(true);
  expect(holdTimes(pairs(20, 2, 4, [500, 500]))?.isNoise).toBe(true);
  const both = [...pairs(20, 100, 400, [500, 500]), ...pairs(19, 400, 100, [500, 500])];
  expect(holdTimes(both)?.isNoise).toBe(true);
});

it('what is not known is not compared', () => {
  expect(holdTimes([{ before: job(undefined, 1), after: job(1, 1) }])).toBeUndefined();
  expect(holdTimes(pairs(20, 100, 300, [0, 0]))?.isNoise).toBe(true);
});
