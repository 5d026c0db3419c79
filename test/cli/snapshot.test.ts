// --snapshot: which moments and files it takes, for one trace and for several.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FIXTURES, run } from '../support/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snapshot-'));
afterAll(() => rmSync(folder, { recursive: true }));

const trace = path.join(FIXTURES, 'lab/missing/trace.txt');
const lines = readFileSync(trace, 'latin1').split('\n');
/** In a file whose name has the sign. */
const state = path.join(folder, 'state@1.json');
const [lossy, early, late] = ['lossy.txt', 'early.txt', 'late.txt'].map((name) => path.join(folder, name));

const AT = Math.floor(0.5 * lines.length);
const TOLD = Math.floor(0.45 * lines.length);
const time = /: *(\d+\.\d+): /.exec(lines[AT] ?? '')?.[1] ?? / (\d+\.\d+): /.exec(lines[AT] ?? '')?.[1];

const without = lines.map((line, i) => {
  if (line.startsWith('# entries-in-buffer')) return '#';
  if (i === TOLD) return 'CPU:0 [LOST EVENTS]';
  return i > 0.3 * lines.length && i < TOLD ? '#' : line;
});
writeFileSync(lossy ?? '', without.join('\n'));
writeFileSync(early ?? '', without.slice(0, TOLD).join('\n'));
writeFileSync(late ?? '', [...without.slice(0, 12), ...without.slice(TOLD)].join('\n'));
writeFileSync(state, run(['state', trace, '--at', `${time}`, '--format', 'json']).out);

const judged = (...args: string[]) =>
  (JSON.parse(run(['jobs', ...args, '--format', 'json']).out) as { jobs: { diverged: number | null }[] }).jobs.filter(
    ({ diverged }) => diverged !== null,
  ).length;

it.each([`line:${AT + 1}`, `${time}`])('at %s', (moment) => {
  expect(run(['check', lossy ?? '', '--snapshot', `${state}@${moment}`])).toMatchObject({ code: 3, err: '' });
  expect(judged(lossy ?? '', '--snapshot', `${state}@${moment}`)).toBeGreaterThan(judged(lossy ?? ''));
});

it('by time where files are merged, and never by line', () => {
  const merged = ['check', '--merge', early ?? '', late ?? '', '--snapshot'];
  expect(run([...merged, `${state}@${time}`]).err).toBe('');
  expect(run([...merged, `${state}@line:9`])).toMatchObject({ code: 2 });
});

it('of several traces each, by several threads', () => {
  const args = ['check', lossy ?? '', trace, '--snapshot', `${state}@${time}`];
  expect(run([...args, '-j', '2'])).toEqual(run(args));
});

it.each([
  ['state.json', 'FILE@MOMENT, where the moment is a time stamp or line:N'],
  ['state.json@end', 'FILE@MOMENT'],
  ['state.json@job:3', 'FILE@MOMENT'],
  ['@12.5', 'FILE@MOMENT'],
])('refuses %s', (value, message) => {
  const { code, err } = run(['check', trace, '--snapshot', value]);
  expect(code).toBe(2);
  expect(err).toContain(message);
});
