// Known findings do not fail a run; new ones do, and those that are gone are named.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fixture, run } from '../support/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-baseline-'));
afterAll(() => rmSync(folder, { recursive: true }));

const trace = fixture('lab/missing/trace.txt');
const file = path.join(folder, 'known.json');

interface Entry {
  readonly rule: string;
  readonly fingerprint: string;
  readonly count: number;
}

const entries = (): Entry[] => JSON.parse(readFileSync(file, 'utf8')).baseline;
const write = (baseline: readonly Entry[]) => writeFileSync(file, JSON.stringify({ schema: 1, baseline }));

it('what was written is known the next time, and nothing else is', () => {
  expect(run(['check', trace, '--baseline', file, '--update-baseline']).code).toBe(0);
  const all = entries();
  const again = run(['check', trace, '--baseline', file]);
  expect(again).toMatchObject({ code: 0, err: '' });
  expect(again.out).toContain(`; ${all.length} findings in the baseline\n`);
  expect(again.out).not.toContain('[missing-lock]');

  const left = all.findIndex(({ rule }) => rule === 'missing-lock');
  write(all.filter((_, i) => i !== left));
  const { code, out } = run(['check', trace, '--baseline', file, '--format', 'json']);
  expect(code).toBe(1);
  const { findings, traces } = JSON.parse(out);
  expect(findings.map(({ fingerprint }: Entry) => fingerprint)).toEqual([all[left]?.fingerprint]);
  expect(traces[0].known).toBe(all.length - 1);

  write(all);
  const twice = run(['check', trace, trace, '--baseline', file, '--format', 'ndjson']);
  expect(twice.code).toBe(1);
  expect(twice.out.trimEnd().split('\n')).toHaveLength(all.length);
});

it('entries that are no longer found are named, where nothing is missing that may hide them', () => {
  write([{ rule: 'missing-lock', fingerprint: '0123456789abcdef', count: 2 }]);
  const gone = 'no longer found: missing-lock 0123456789abcdef (2); --update-baseline removes them\n';
  const args = ['--baseline', file];
  expect(run(['check', trace, ...args]).err).toBe(`gpuvm-trace: ${file}: ${gone}`);
  expect(run(['check', trace, ...args, '--ignore', 'missing-lock']).err).toBe('');
  expect(run(['check', trace, ...args, '--job', '23']).err).toBe('');
  expect(run(['check', fixture('lab/lost-pipe-overwrite1/trace.txt'), ...args]).err).toBe('');
});

it.each([
  ['not JSON', '{', 'not JSON; expected what --update-baseline writes'],
  ['another file', '[]', 'not a baseline; expected what --update-baseline writes'],
  ['a broken entry', '{"schema":1,"baseline":[{}]}', 'entry 1 of baseline is not one of rule, fingerprint and count'],
])('%s is refused in one line', (_, text, why) => {
  writeFileSync(file, text);
  expect(run(['check', trace, '--baseline', file])).toEqual({
    code: 2,
    out: '',
    err: `gpuvm-trace: ${file}: ${why}\n`,
  });
});

it('a part of the findings is never written', () => {
  const { code, err } = run(['check', trace, '--baseline', file, '--update-baseline', '--rule', 'missing-lock']);
  expect(code).toBe(2);
  expect(err).toContain('--update-baseline takes no selection');
  const lost = run(['check', fixture('lab/lost-pipe-overwrite1/trace.txt'), '--baseline', file, '--update-baseline']);
  expect(lost.code).toBe(2);
  expect(lost.err).toContain('--update-baseline: events are missing');
});
