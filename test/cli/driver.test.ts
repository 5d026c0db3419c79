// --driver: whose trace it is, found from the trace or given.
import { describe, expect, it } from 'vitest';
import { run } from '../support/run.ts';

function driversOf(args: readonly string[]): unknown {
  const { out } = run(['check', ...args, '--format', 'json']);
  return JSON.parse(out).traces[0].drivers;
}

describe('--driver', () => {
  it.each(['msm', 'nouveau', 'xe', 'panthor', 'pvr'])('is found from a trace of %s', (driver) => {
    const ending = driver === 'xe' ? '.gz' : '';
    expect(driversOf([`fixtures/${driver}/correct/trace.txt${ending}`])).toEqual([driver]);
  });

  it('is said by check', () => {
    expect(run(['check', 'fixtures/msm/correct/trace.txt']).out).toContain('\ndriver msm\n');
  });

  it('overrides: the functions of the others are not understood', () => {
    const trace = 'fixtures/pvr/overlap/trace.txt';
    expect(driversOf([trace, '--driver', 'msm'])).toEqual(['msm']);
    const jobs = run(['jobs', trace, '--driver', 'msm', '--format', 'csv']).out;
    expect(jobs).not.toBe(run(['jobs', trace, '--format', 'csv']).out);
    expect(run(['jobs', trace, '--driver', 'pvr', '--format', 'csv']).out).toBe(
      run(['jobs', trace, '--format', 'csv']).out,
    );
  });

  it('must be one that is known', () => {
    const { code, err } = run(['check', 'fixtures/msm/correct/trace.txt', '--driver', 'i915']);
    expect(code).toBe(2);
    expect(err).toContain('Allowed choices are lab, msm, nouveau, xe, panthor, pvr.');
  });
});
