// The lab's own comparison says so when a capture and what the kernel counted differ.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FIXTURES, ROOT } from '../support/run.ts';

const SCORE = path.join(FIXTURES, 'lab/score.mjs');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'score-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The score of a fixture, of which one file may have been changed. */
function score(fixture: string, expected: string, file = 'truth.txt', change = (text: string) => text) {
  cpSync(path.join(FIXTURES, 'lab', fixture), folder, { recursive: true });
  const changed = path.join(folder, file);
  writeFileSync(changed, change(readFileSync(changed, 'latin1')), 'latin1');
  writeFileSync(path.join(folder, 'expect.txt'), expected);
  const ran = spawnSync(process.execPath, [SCORE, folder], { cwd: ROOT, encoding: 'utf8' });
  return { code: ran.status, last: ran.stdout.trim().split('\n').at(-1), out: ran.stdout };
}

it('finds captures equal that are', () => {
  expect(score('missing', 'rule=missing-lock')).toMatchObject({ code: 0, last: '1 captures equal, 0 differ' });
  expect(score('correct', 'silent')).toMatchObject({ code: 0, last: '1 captures equal, 0 differ' });
});

it.each([
  ['a job’s count', 'missing', '', 'truth.txt', / steps=2 /, ' steps=3 ', 'steps 2, kernel 3'],
  ['a job that does not show', 'missing', '', 'truth.txt', /^job=21 /, 'job=9999 ', 'job 9999 is absent'],
  ['a mapping', 'missing', '', 'vmstate-after.txt', /addr=0x1/, 'addr=0x7', '1 too many'],
  ['a page table', 'missing', '', 'vmstate-after.txt', /pt_used=/, 'pt_used=9', 'page table of'],
  ['a claim beyond the truth', 'missing', 'at-most', 'truth.txt', /missing=1 /, 'missing=0 ', 'missing 1, kernel 0'],
  ['a rule that is not reported', 'correct', 'rule=missing-lock', 'truth.txt', /$/, '', 'does not report missing-lock'],
  ['findings where there must be none', 'missing', 'silent', 'truth.txt', /$/, '', 'findings on a correct driver'],
])('tells of %s', (_, fixture, expected, file, from, to, told) => {
  const scored = score(fixture, expected, file, (text) => text.replace(from, to));
  expect(scored).toMatchObject({ code: 1, last: '0 captures equal, 1 differ' });
  expect(scored.out).toContain(told);
});
