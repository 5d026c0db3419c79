// --explain: the rules that fired, behind the text, as `explain` tells them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, run } from '../support/run.ts';

const bad = fixture('msm/unmap-offset/trace.txt');
const good = fixture('msm/correct/trace.txt');

function firedOn(...args: string[]): string[] {
  const { out } = run(['check', ...args, '--format', 'ndjson']);
  const ids = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => String(JSON.parse(line).rule));
  const order = run(['rules'])
    .out.split('\n')
    .map((line) => line.split(' ')[0] ?? '');
  return order.filter((id) => ids.includes(id));
}

const told = (ids: readonly string[]) => ids.map((id) => `\n${run(['explain', id]).out}`).join('');

describe('--explain', () => {
  it.each([[[bad]], [[bad, bad]], [['-j', '2', bad, good]], [['--rule', 'missing-lock', bad]], [[good]]])(
    'check %j',
    (args) => {
      const plain = run(['check', ...args]);
      const explained = run(['check', ...args, '--explain']);
      expect(explained.out).toBe(plain.out + told(firedOn(...args)));
      expect(explained.code).toBe(plain.code);
    },
  );

  it('check tells of more than one rule here, and nothing in other formats', () => {
    expect(firedOn(bad).length).toBeGreaterThan(1);
    expect(run(['check', bad, '--explain', '--format', 'csv']).out).toBe(run(['check', bad, '--format', 'csv']).out);
  });

  it('show tells of the rules of the job', () => {
    const args = ['show', bad, '--job', '2153'];
    const ids = firedOn(bad, '--job', '2153');
    expect(ids).toContain('missing-lock');
    expect(run([...args, '--explain']).out).toBe(run(args).out + told(ids));
  });

  it('diff tells of the rules whose findings came or went', () => {
    const plain = run(['diff', good, bad]);
    const explained = run(['diff', good, bad, '--explain']);
    expect(explained.out).toBe(plain.out + told(['missing-lock', 'lock-pass-mismatch']));
    expect(explained.code).toBe(plain.code);
    expect(run(['diff', good, good, '--explain']).out).toBe(run(['diff', good, good]).out);
  });

  it('merge tells of the rules in its table', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'explain-'));
    try {
      const report = path.join(folder, 'report.json');
      run(['check', bad, '--format', 'json', '-o', report]);
      expect(run(['merge', report, '--explain']).out).toBe(run(['merge', report]).out + told(firedOn(bad)));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
