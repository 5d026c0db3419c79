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

it('drm-ci’s form: lines among those of other programs, an unexpected pass told', () => {
  const xfails = path.join(folder, 'msm-sdm845-fails.txt');
  const others = '# flaky since 6.17\nkms_cursor_legacy@torture-bo,Fail\n\n';
  writeFileSync(xfails, others);
  const args = ['check', trace, '--baseline', xfails];
  expect(run([...args, '--update-baseline'])).toMatchObject({ code: 0, err: '' });
  const text = readFileSync(xfails, 'utf8');
  expect(text.startsWith(others.trimEnd())).toBe(true);
  expect(text).toMatch(/^gpuvm-trace@missing-lock@[0-9a-f]+,Fail$/m);
  expect(run(args)).toMatchObject({ code: 0, err: '' });
  expect(run([...args, '--update-baseline']).code).toBe(0);
  expect(readFileSync(xfails, 'utf8')).toBe(text);

  writeFileSync(xfails, text.replace(/^gpuvm-trace@missing-lock@.*\n/m, 'gpuvm-trace@missing-lock@0123,Fail\n'));
  const { code, err } = run(args);
  expect(code).toBe(1);
  expect(err).toContain('msm-sdm845-fails.txt: UnexpectedImprovement: gpuvm-trace@missing-lock@0123; ');

  for (const [line, at] of [
    ['gpuvm-trace@mising-lock@0123,Fail', 3],
    ['gpuvm-trace@missing-lock@0123,Pass', 3],
    ['gpuvm-trace@missing-lock,Fail', 3],
  ] as const) {
    writeFileSync(xfails, `# a\nother@test,Crash\n${line}\n`);
    expect(run(args)).toMatchObject({ code: 2, out: '' });
    expect(run(args).err).toContain(`${xfails}:${at}: expected gpuvm-trace@RULE@FINGERPRINT,Fail`);
  }
});

it('a file that is no baseline is not written over', () => {
  const other = path.join(folder, 'other.txt');
  writeFileSync(other, 'precious');
  expect(run(['check', trace, '--baseline', other, '--update-baseline']).code).toBe(2);
  expect(readFileSync(other, 'utf8')).toBe('precious');
});
