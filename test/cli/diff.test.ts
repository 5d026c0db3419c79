// `diff` as a user runs it: formats, exit codes, what cannot be read.

import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { diffColumns } from '../../src/reporters/diff_columns.ts';
import { fixture, run } from '../support/run.ts';

const GOOD = fixture('msm/correct/trace.txt');
const BAD = fixture('msm/unmap-offset/trace.txt');
const LOST = fixture('lab/lost-trace-overwrite1/trace.txt');

type Row = Record<string, string>;

describe('formats agree', () => {
  const rows: Row[] = parse(run(['diff', GOOD, BAD, '--format', 'csv']).out, { columns: true });

  it('CSV has the columns, each job on both sides', () => {
    expect(Object.keys(rows[0] ?? {})).toEqual(diffColumns.map(({ name }) => name));
    expect(rows.map((row) => row['kind'])).toEqual([...new Array(7).fill('finding'), 'locks', 'locks']);
    for (const row of rows) expect(Number(row['job_after']) - Number(row['job_before'])).toBe(2153 - 1840);
  });

  it('JSON', () => {
    const { code, out } = run(['diff', GOOD, BAD, '--format', 'json']);
    expect(code).toBe(1);
    const { schema, verdict, matched, retries, changes } = JSON.parse(out);
    expect({ schema, verdict, matched, retries }).toEqual({
      schema: 1,
      verdict: 'new findings',
      matched: { vms: 1, jobs: 13, findings: 0 },
      retries: { before: 0, after: 0 },
    });
    const cells = changes.map((change: object) => Object.values(change).map((cell) => cell ?? ''));
    expect(cells.map((row: unknown[]) => row.map(String))).toEqual(rows.map((row) => Object.values(row)));
  });

  it('text names the job, the locks and the rule, and ends with the verdict', () => {
    const { code, out } = run(['diff', GOOD, BAD]);
    expect(code).toBe(1);
    expect(out).toContain(
      'job 1840 -> 2153  VM 1 "msm", lines 278-344 -> 275-335\n  new: error [missing-lock] line 311',
    );
    expect(out).toContain('  locks missing\n    + obj 4 (external, 0x40000)\n');
    expect(out.trimEnd().split('\n').at(-1)).toBe(`${BAD}: 7 new findings`);
  });

  it('the words of the terminal are marked where asked for', () => {
    const { out } = run(['diff', GOOD, BAD, '--color', 'always']);
    expect(out).toContain('\u001b[32m    + obj 4');
    expect(out).toContain('\u001b[31m\u001b[1mnew\u001b[22m\u001b[39m: error [missing-lock]');
  });
});

describe('exit codes', () => {
  it('0 for a trace and itself, and where findings are gone', () => {
    const same = run(['diff', BAD, BAD]);
    expect(same.code).toBe(0);
    expect(same.out.trimEnd().split('\n').at(-1)).toBe(`${BAD}: nothing differs`);
    expect(run(['diff', BAD, GOOD]).code).toBe(0);
  });

  it('0 where new findings are less severe than asked', () => {
    expect(run(['diff', GOOD, BAD, '--fail-on', 'never']).code).toBe(0);
    const [few, all] = [fixture('lab/correct/trace.txt'), fixture('lab/redundant/trace.txt')];
    expect(run(['diff', few, all]).code).toBe(1);
    expect(run(['diff', few, all, '--fail-on', 'error']).code).toBe(0);
  });

  it('3 where events are missing on either side', () => {
    const { code, out } = run(['diff', LOST, LOST]);
    expect(code).toBe(3);
    expect(out).toContain('could not be judged');
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/: inconclusive: /);
  });

  it('2 for what cannot be read, with its name', () => {
    for (const args of [
      [GOOD, 'none.txt'],
      ['none.txt', GOOD],
    ]) {
      const { code, err } = run(['diff', ...args]);
      expect(code).toBe(2);
      expect(err).toMatch(/^gpuvm-trace: none\.txt: .*\n$/);
    }
    expect(run(['diff', '-', '-']).err).toBe('gpuvm-trace: standard input can be one of the two traces only\n');
    expect(run(['diff', GOOD]).code).toBe(2);
  });
});

it('one of the two may be standard input', () => {
  const { code, out } = run(['diff', '-', BAD], { input: readFileSync(GOOD) });
  expect(code).toBe(1);
  expect(out).toContain('before  stdin: msm, 13 jobs, 1 VM\n');
});

it('says that two traces may not be of the same workload', () => {
  const { out } = run(['diff', fixture('lab/correct/trace.txt'), fixture('lab/missing/trace.txt')]);
  expect(out).not.toContain('is it the same workload?');
  const { out: other } = run(['diff', fixture('lab/fuzz-correct/trace.txt.gz'), GOOD]);
  expect(other).toContain('is it the same workload?');
});
