// `what-if`: the flagship, msm's UNMAPs whose lock pass asks for range 0, and what patches make of lock passes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { rawLines } from '../support/raw_trace.ts';
import { fixture, run } from '../support/run.ts';

type Row = Record<string, string>;

const BUG = fixture('msm/unmap-offset/trace.txt');
const CORRECT = fixture('msm/correct/trace.txt');

const patch = (name: string) => ['--patch', fixture(`patches/${name}`)];

function whatIf(...args: string[]): { code: number | null; rows: Row[]; err: string } {
  const { code, out, err } = run(['what-if', ...args, '--format', 'csv']);
  return { code, rows: parse(out, { columns: true }), err };
}

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0);
}

describe('UNMAPs that are lock-passed with range 0', () => {
  it('are found by both rules, with the object and both lines', () => {
    const { code, out } = run(['check', BUG, '--format', 'json']);
    expect(code).toBe(1);
    const { findings } = JSON.parse(out) as { findings: Record<string, never>[] };
    const lines = rawLines(BUG);
    const asked = lines.filter(({ name, args }) => name === 'unmap_exec_lock' && args['range'] === '0x0');
    const mismatches = findings.filter((one) => one['rule'] === 'lock-pass-mismatch');
    expect(asked.length).toBeGreaterThan(0);
    expect(mismatches.map((one) => one['line'])).toEqual(asked.map(({ line }) => line));
    const [missing, ...others] = findings.filter((one) => one['rule'] === 'missing-lock');
    expect(others).toEqual([]);
    const step = lines.find(({ line }) => line === missing?.['line']);
    expect(step?.name).toBe('step_unmap');
    expect(missing?.['obj']).toBe(step?.args['obj']);
    const mismatch = mismatches.find((one) => one['job'] === missing?.['job']);
    expect(mismatch?.['message']).toMatch(/range 0x0 instead of 0x8000, which leaves out 1 step, 1 unlocked$/);
    const evidence = (mismatch?.['evidence'] ?? []) as { line: number; text: string }[];
    const applied = lines.findLast(({ line, name }) => name === 'sm_unmap' && line < Number(missing?.['line']));
    expect(evidence.map(({ line }) => line)).toEqual([mismatch?.['line'], applied?.line, applied?.line]);
    expect(evidence.at(-1)?.text).toContain(`${step?.args['obj']}; nothing else locks its object`);
  });

  it('miss no lock with the patch that mends them', () => {
    const { code, rows } = whatIf(BUG, ...patch('unmap-range.patch'));
    expect(code).toBe(0);
    expect([sum(rows, 'missing'), sum(rows, 'new_missing'), sum(rows, 'new_redundant')]).toEqual([1, 0, 0]);
    expect(rows.filter((row) => row['verdict'] !== 'same').map((row) => row['verdict'])).toEqual(['fixed']);
    expect(sum(rows, 'new_locks')).toBe(sum(rows, 'locks') + 1);
  });

  it('appear where the patch is turned round on a correct driver', () => {
    const { code, rows } = whatIf(CORRECT, ...patch('unmap-range-reverse.patch'));
    expect(code).toBe(1);
    const worse = rows.filter((row) => row['verdict'] === 'worse');
    const truly = whatIf(BUG, '--locking', 'exec-lock').rows.findIndex((row) => row['missing'] === '1');
    expect(worse).toEqual([rows[truly]]); // both captures are of the same program
    expect(sum(rows, 'new_missing')).toBe(1);
  });

  it('would have been covered by the helpers as they were mailed', () => {
    const { code, rows } = whatIf(fixture('lab/missing/trace.txt'), ...patch('exec-lock-v3.txt'));
    expect([code, sum(rows, 'missing') > 0, sum(rows, 'new_missing')]).toEqual([0, true, 0]);
  });
});

describe('a patch', () => {
  it('that has nothing to do with locks changes nothing, and says so', () => {
    const { code, rows } = whatIf(BUG, ...patch('run-only.patch'));
    expect(code).toBe(1);
    expect(new Set(rows.map((row) => row['verdict']))).toEqual(new Set(['same']));
    expect(run(['what-if', BUG, ...patch('run-only.patch')]).out).toContain('it does not change what is locked');
  });

  it('that calls one helper adds to what the driver locks', () => {
    const { code, rows } = whatIf(fixture('pvr/no-unmap-lock/trace.txt'), ...patch('call-helpers.patch'));
    expect([code, sum(rows, 'missing'), sum(rows, 'new_missing')]).toEqual([0, 3, 0]);
  });

  it('of another driver leaves the jobs as they were', () => {
    const { code, out } = run(['what-if', fixture('nouveau/correct/trace.txt'), ...patch('unmap-range.patch')]);
    expect(code).toBe(0);
    expect(out).toMatch(/it is of msm, and 16 jobs are of another driver/);
  });

  it.each([
    ['unknown-argument.patch', /unknown-argument\.patch:12: not understood: .*ALIGN/],
    ['driver-only.patch', /driver-only\.patch:11: not understood: what drm_exec_lock_obj\(\) is called for/],
  ])('%s is not understood, and says where', (name, says) => {
    const { code, err } = whatIf(BUG, ...patch(name));
    expect(code).toBe(2);
    expect(err).toMatch(says);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});

describe('another lock pass', () => {
  it.each(['text', 'csv', 'json', 'ndjson'])('gives the same numbers as %s', (format) => {
    const { code, out } = run(['what-if', BUG, '--locking', 'listed', '--format', format]);
    expect(code).toBe(1);
    const { rows } = whatIf(BUG, '--locking', 'listed');
    const missing = sum(rows, 'new_missing');
    if (format === 'text') expect(out).toContain(`missing locks      1 -> ${missing}`);
    else if (format === 'csv') expect(parse(out, { columns: true })).toEqual(rows);
    else if (format === 'json') expect(JSON.parse(out)).toMatchObject({ schema: 1, totals: { other: { missing } } });
    else expect(out.trim().split('\n')).toHaveLength(rows.length);
  });

  it('is costlier the more it sweeps, and contended where two tasks share their objects', () => {
    const { code, rows } = whatIf(CORRECT, '--locking', 'sweep');
    expect(code).toBe(0);
    expect(sum(rows, 'new_locks') - sum(rows, 'locks')).toBe(sum(rows, 'new_redundant'));
    expect(sum(rows, 'new_redundant')).toBeGreaterThan(0);
    expect(sum(rows, 'new_contended')).toBe(0);
    const threads = whatIf(fixture('lab/contention-threads/trace.txt.gz'), '--locking', 'exec-lock').rows;
    expect(sum(threads, 'new_contended')).toBe(sum(threads, 'contended'));
    expect(sum(threads, 'contended')).toBeGreaterThan(0);
  });

  it('is not known where events are missing', () => {
    const { code, rows } = whatIf(fixture('lab/lost-trace-overwrite1/trace.txt'), '--locking', 'exec-lock');
    expect(code).toBe(3);
    expect(rows.some((row) => row['verdict'] === 'unknown' && row['why'] !== '' && row['new_missing'] === '')).toBe(
      true,
    );
  });

  it('must be named, by one of the two options', () => {
    expect(run(['what-if', BUG])).toMatchObject({ code: 2, err: expect.stringContaining('--locking') });
    expect(run(['what-if', BUG, '--locking', 'listed', ...patch('run-only.patch')]).code).toBe(2);
    expect(run(['what-if', BUG, '--locking', 'none']).code).toBe(2);
  });
});

describe('a member of a map request', () => {
  it('that a lock pass gets wrong misses locks, as the argument in its place does', () => {
    const { code, rows } = whatIf(CORRECT, ...patch('request-range.patch'));
    expect(code).toBe(1);
    expect(sum(rows, 'new_missing')).toBeGreaterThan(0);
    const dir = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-patch-'));
    const scalar = path.join(dir, 'scalar.patch');
    const call = (range: string) =>
      `\t\t\tret = drm_gpuvm_sm_map_exec_lock(job->vm, exec, 1, op->iova, ${range}, op->obj, op->obj_offset);`;
    const file = 'drivers/gpu/drm/msm/msm_gem_vma.c';
    writeFileSync(
      scalar,
      `--- a/${file}\n+++ b/${file}\n@@ -9 +9 @@ vm_bind_job_lock_objects(void)\n-${call('op->range')}\n+${call('op->obj_offset')}\n`,
    );
    expect(whatIf(CORRECT, '--patch', scalar).rows).toEqual(rows);
    rmSync(dir, { recursive: true });
  });

  it('and one that gets it right leaves a correct driver as it is', () => {
    const { code, rows } = whatIf(CORRECT, ...patch('request-call.patch'));
    expect([code, new Set(rows.map((row) => row['verdict']))]).toEqual([0, new Set(['same'])]);
  });
});

describe('--kernel', () => {
  const trace = fixture('lab/immediate-nolock/trace.txt');

  it('says what the VM’s flags mean, as in check', () => {
    const missing = (kernel: string) => {
      const { rows } = whatIf(trace, '--locking', 'listed', '--kernel', kernel);
      return [sum(rows, 'missing'), sum(rows, 'new_missing')];
    };
    expect(missing('6.18')).toEqual([0, 0]);
    expect(missing('6.18,immediate-mode=off')).toEqual([10, 10]);
  });

  it('is refused in one line where it is none', () => {
    const { code, out, err } = run(['what-if', trace, '--locking', 'listed', '--kernel', 'new']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^gpuvm-trace: "new" is no switch of a kernel.*\n$/);
  });
});
