// `coverage`: counts held against the jobs table and the findings, and the gate for CI.
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { rawLines } from '../support/raw_trace.ts';
import { fixture, run } from '../support/run.ts';

type Row = Record<string, string>;

const MSM = fixture('msm/correct/trace.txt');

function rowsOf(...args: string[]): Row[] {
  return parse(run(args).out, { columns: true });
}

function coverage(...args: string[]): Row[] {
  return rowsOf('coverage', ...args, '--format', 'csv');
}

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0);
}

function stateOf(rows: readonly Row[], name: string): string | undefined {
  return rows.find((row) => row['case'] === name)?.['state'];
}

const TRACES = [
  'lab/missing/trace.txt',
  'msm/correct/trace.txt',
  'pvr/overlap/trace.txt',
  'lab/fuzz-correct/trace.txt.gz',
];

describe('the counts', () => {
  it.each(TRACES)('of %s are those of its jobs: each UNMAP and REMAP is one row of the algorithm', (file) => {
    const rows = coverage(fixture(file));
    const jobs = rowsOf('jobs', fixture(file), '--format', 'csv');
    const walked = rows.filter((row) => /^sm_/.test(row['group'] ?? ''));
    expect(sum(walked, 'count')).toBe(sum(jobs, 'unmap') + sum(jobs, 'remap'));
    const kept = walked.filter((row) => row['case']?.endsWith('keep'));
    expect(sum(kept, 'count')).toBe(sum(jobs, 'keep'));
  });

  it('of several traces are the sums of each', () => {
    const files = TRACES.map(fixture);
    const single = files.map((file) => coverage(file));
    for (const [index, row] of coverage(...files).entries())
      expect(Number(row['count'])).toBe(single.reduce((total, rows) => total + Number(rows[index]?.['count']), 0));
  });

  it('of lock passes are those of the jobs table', () => {
    const file = fixture('lab/contention-threads/trace.txt.gz');
    const retried = rowsOf('jobs', file, '--format', 'csv').filter((row) => Number(row['attempts']) > 1);
    const rows = coverage(file);
    expect(Number(rows.find((row) => row['case'] === 'retry')?.['count'])).toBe(retried.length);
    expect(stateOf(coverage(fixture('lab/interrupt/trace.txt')), 'error')).toBe('covered');
    expect(stateOf(coverage(MSM), 'shared resv')).toBe('covered');
  });

  it('tell rules that fired from those that stayed silent and those that nothing could make fire', () => {
    const rows = coverage(fixture('lab/missing/trace.txt'));
    expect(stateOf(rows, 'missing-lock')).toBe('covered');
    expect(stateOf(rows, 'redundant-lock')).toBe('silent');
    expect(stateOf(coverage(fixture('lab/part-core-only/trace.txt.gz')), 'misapplied-step')).toBe('never');
    expect(stateOf(rows, 'madvise')).toBe('never');
    expect(stateOf(coverage(fixture('lab/misc/trace.txt')), 'madvise')).toBe('covered');
    expect(stateOf(coverage(fixture('lab/misc/trace.txt')), 'reserved node')).toBe('covered');
  });
});

describe('the functions of a patch', () => {
  const patch = ['--patch', fixture('patches/unmap-range.patch')];

  it('are counted where they fired', () => {
    const row = coverage(MSM, ...patch).find((one) => one['group'] === 'function');
    const fired = rawLines(MSM).filter(({ name }) => /^lock_pass(_ret)?$/.test(name));
    expect(row).toMatchObject({ case: 'vm_bind_job_lock_objects', state: 'covered', count: `${fired.length}` });
  });

  it('are idle where they are probed only, and never where not', () => {
    const lab = fixture('lab/correct/trace.txt');
    expect(stateOf(coverage(lab, ...patch), 'vm_bind_job_lock_objects')).toBe('never');
    const probes = ['--probes', fixture('lab/probes/probes-6.18.events')];
    const madvise = ['--patch', fixture('patches/madvise.patch')];
    expect(stateOf(coverage(lab, ...madvise, ...probes), 'drm_gpuvm_madvise_ops_create')).toBe('idle');
    expect(stateOf(coverage(lab, ...madvise), 'drm_gpuvm_madvise_ops_create')).toBe('never');
  });
});

describe('the gate', () => {
  it('fails below --min', () => {
    const { percent } = JSON.parse(run(['coverage', MSM, '--format', 'json']).out) as { percent: number };
    expect(percent).toBeGreaterThan(0);
    expect(percent).toBeLessThan(100);
    expect(run(['coverage', MSM, '--min', `${percent}%`]).code).toBe(0);
    expect(run(['coverage', MSM, '--min', `${percent + 1}`]).code).toBe(1);
    for (const value of ['many', '101%', '-1']) expect(run(['coverage', MSM, '--min', value]).code).toBe(2);
  });

  it('says how much of each group', () => {
    const { out } = run(['coverage', MSM]);
    expect(out).toMatch(/\d+ of \d+ cases \(\d+ %\): sm_map \d+\/18, sm_unmap \d\/4, objects \d\/4/);
  });
});
