// Several reports of one run, and inputs that cannot be read.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fixture, run } from '../support/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-reports-'));
afterAll(() => rmSync(folder, { recursive: true }));

const trace = fixture('lab/missing/trace.txt');
const written = (name: string) => path.join(folder, name);

it('the other reports of a run are what each format alone gives', () => {
  const formats = ['sarif', 'junit', 'gitlab', 'github', 'ktap', 'text', 'csv', 'json', 'ndjson'];
  const reports = formats.flatMap((format) => ['--report', `${format}=${written(format)}`]);
  const all = run(['check', trace, '--rule', 'missing-lock', '--color', 'always', '--format', 'ndjson', ...reports]);
  expect(all.code).toBe(1);
  for (const format of formats) {
    const alone = run(['check', trace, '--rule', 'missing-lock', '--format', format]);
    expect(readFileSync(written(format), 'utf8')).toBe(alone.out);
    if (format === 'ndjson') expect(all.out).toBe(alone.out);
  }
});

it('an input that cannot be read is in the reports, and ends the command in the end', () => {
  const args = ['check', 'absent.txt', trace, '--report', `sarif=${written('sarif')}`];
  const { code, out, err } = run(args);
  expect(code).toBe(2);
  expect(err).toMatch(/^gpuvm-trace: absent\.txt: .+\n$/);
  expect(out).toContain('[missing-lock]');
  const { invocations, results } = JSON.parse(readFileSync(written('sarif'), 'utf8')).runs[0];
  expect(invocations.map((one: { executionSuccessful: boolean }) => one.executionSuccessful)).toEqual([true, false]);
  expect(results.length).toBeGreaterThan(0);
  expect(run(['check', 'absent.txt', trace])).toEqual({ code: 2, out: '', err });
});

it.each(['sarif', 'sarif=', 'word=x', '=x'])('--report %s is refused in one line', (report) => {
  const { code, out, err } = run(['check', trace, '--report', report]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(
    /expected FORMAT=FILE, with one of text, csv, json, ndjson, sarif, junit, gitlab, github, ktap, html\.\n$/,
  );
});
