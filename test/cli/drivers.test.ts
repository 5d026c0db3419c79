// `drivers`: what is known of them, as the replay takes it.
import { describe, expect, it } from 'vitest';
import { DRIVERS, drivers, TOPICS } from '../../src/index.ts';
import { run } from '../support/run.ts';

describe('drivers', () => {
  it('says of every driver that --driver takes what the replay goes by', () => {
    const { out, code } = run(['drivers', '--format', 'json']);
    const rows: Record<string, string>[] = JSON.parse(out).topics;
    expect(code).toBe(0);
    expect(rows.map(({ topic }) => topic)).toEqual(TOPICS.map(({ title }) => title));
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual([...drivers, 'topic'].sort());
    const of = (topic: string) => rows.find((row) => row['topic'] === topic);
    expect(of('steps applied')?.['panthor']).toBe(DRIVERS.panthor.apply.is);
    expect(of('keep flag')?.['msm']).toBe('in place');
  });

  it.each(drivers)('says of %s where each answer comes from', (driver) => {
    const { out } = run(['drivers', driver]);
    const words = out.replace(/\s+/g, ' ');
    for (const { title, answer } of TOPICS) {
      const { is, by } = answer(DRIVERS[driver]);
      expect(words).toContain(`${title}: ${is} ${by}`);
    }
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('names the functions that a trace shows', () => {
    expect(run(['drivers', 'msm']).out).toContain(' msm_vma_job_run ');
  });

  it('knows no others', () => {
    const { code, err } = run(['drivers', 'amdgpu']);
    expect(code).toBe(2);
    expect(err).toContain('panthor');
  });
});
