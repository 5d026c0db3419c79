// --merge, and patterns of file names.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvOfWords, entriesOf, readFixture } from '../support/other_formats.ts';
import { FIXTURES, run } from '../support/run.ts';

const trace = path.join(FIXTURES, 'lab/missing/trace.txt');
const lines = readFileSync(trace, 'latin1').split(/(?<=\n)/);
const CUT = 300;

let folder = '';
const at = (name: string) => path.join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'merge-'));
  mkdirSync(at('deep/er'), { recursive: true });
  const [first, second] = [lines.slice(0, CUT).join(''), lines.slice(CUT).join('')];
  writeFileSync(at('trace.txt.1'), first);
  writeFileSync(at('trace.txt.2'), second);
  writeFileSync(at('deep/er/one.gz'), gzipSync(second));
  writeFileSync(at('idle'), '# tracer: nop\n#\n# entries-in-buffer/entries-written: 0/0   #P:2\n');
  writeFileSync(at('empty'), '');
  writeFileSync(at('counts'), second.replace(/ \d+\.(\d+): /g, ' $1: '));
  writeFileSync(at('timeless'), second.replace(/^.*?\d+\.\d+: /gm, ''));
  const report = readFixture('lab/tracecmd-missing/report-t.txt.gz').split(/(?<=\n)/);
  writeFileSync(at('half.txt'), report.slice(0, CUT).join(''));
  writeFileSync(at('half.csv'), csvOfWords(entriesOf(report.slice(CUT).join(''))));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What `check --format csv` says of findings, with the lines of the whole. */
function rows(args: readonly string[]): string[] {
  const { out } = run(['check', '--format', 'csv', ...args]);
  return out
    .split('\n')
    .slice(1, -1)
    .map((row) => {
      const [rule, severity, confidence, file = '', line, ...rest] = row.split(',');
      const offset = /\.2$|one\.gz$/.test(file) ? CUT : 0;
      return [rule, severity, confidence, Number(line) + offset, ...rest].join(',');
    });
}

describe('pieces of a trace', () => {
  it.each([
    [['trace.txt.1', 'trace.txt.2']],
    [['trace.txt.2', 'trace.txt.1']],
    [['trace.txt.1', 'deep/er/one.gz']],
    [['trace.txt.1', 'deep/er/one.gz', 'idle', 'empty']],
    [['trace.txt.?']],
  ])('%j are one with --merge', (names) => {
    const files = names.map(at);
    expect(rows(['--merge', ...files])).toEqual(rows([trace]));
    expect(run(['check', '--merge', ...files]).code).toBe(1);
  });

  it('may come in different formats', () => {
    const { out } = run(['check', '--merge', at('half.csv'), at('half.txt')]);
    expect(out).toContain('half.csv and 1 more: 10 errors in 6 jobs');
    expect(out).toMatch(/half\.csv:\d+: error: REMAP step 0 of op 0/);
  });

  it('a trace.dat among them keeps its losses', () => {
    const dat = path.join(FIXTURES, 'lab/tracecmd-lost/trace.dat.gz');
    expect(rows(['--merge', at('idle'), dat])).toEqual(rows([dat]));
    const windows = ({ out }: { readonly out: string }) => out.match(/ lost on CPU .*touches .*/g) ?? [];
    const alone = windows(run(['check', dat]));
    const { out, code } = run(['check', '--merge', at('idle'), dat]);
    expect(code).toBe(3);
    expect(alone).toHaveLength(3);
    expect(windows({ out })).toEqual(alone.map((text) => text.replace('CPU 0', `CPU 0 of ${dat}`)));
  });

  it('are traces of their own without', () => {
    const { out, code } = run(['check', at('trace.txt.[12]')]);
    expect(code).toBe(3);
    expect(out).toMatch(/trace\.txt\.1: inconclusive/);
    expect(out).toMatch(/trace\.txt\.2: inconclusive/);
  });

  it('keep the names of their lines in every command', () => {
    const args = ['--merge', at('trace.txt.1'), at('trace.txt.2')];
    expect(run(['show', ...args, '--job', '26']).out).toMatch(/trace\.txt\.1:263 to \S*trace\.txt\.2:37/);
    expect(run(['jobs', ...args, '--format', 'csv']).out).toMatch(/^26,263,.*,bad,\S*trace\.txt\.1$/m);
    expect(run(['blame', ...args, '0x114000', '--format', 'csv']).out).toMatch(/^59,49\.022447,.*trace\.txt\.1$/m);
    expect(run(['walk', ...args, '0x114000']).out).toMatch(/inserted at \S*trace\.txt\.2:\d+: job 29/);
    expect(run(['blame', ...args, '--fault', '0x114000@49.0236']).out).toMatch(/fault at 0x114000, 49\.0236: mapped/);
    const whole = run(['state', trace, '--at', 'job:26', '--format', 'csv']).out;
    expect(run(['state', ...args, '--at', 'job:26', '--format', 'csv']).out).toBe(whole);
    expect(run(['check', ...args, '--format', 'json']).out).toMatch(/"evidence": \[\s*\{\s*"file": "\S*trace\.txt\.1"/);
  });
});

describe('patterns', () => {
  it.each([
    ['**/one.gz', 'deep/er/one.gz'],
    ['deep/**', 'deep/er/one.gz'],
    ['*/*/o?e.gz', 'deep/er/one.gz'],
    ['[!a-st-z]ounts', undefined],
  ])('%s', (pattern, name) => {
    const { err, out } = run(['check', at(pattern)]);
    if (name === undefined) expect(err).toBe(`gpuvm-trace: ${at(pattern)}: no file matches\n`);
    else expect(out).toContain(`\n${at(name)}: inconclusive`);
  });

  it('a file of that very name goes before', () => {
    writeFileSync(at('t[1].txt'), lines.join(''));
    expect(run(['check', at('t[1].txt'), '--format', 'csv']).out).toContain('missing-lock,error,certain');
  });
});

it.each([
  [['check', '--merge', 'trace.txt.1', 'counts'], /counts: its time stamps are of another clock than those of \S+1$/],
  [['check', '--merge', 'trace.txt.1', 'timeless'], /timeless: has no time stamps: it cannot be merged/],
  [['check', '--merge', 'empty', 'idle'], /empty and 1 more: not a trace/],
  [['check', '--merge', 'empty', 'empty'], /empty: cannot be merged with itself/],
  [['jobs', 'trace.txt.1', 'trace.txt.2'], /2 traces, and one is expected; files of one run are one with --merge/],
  [['state', '--at', 'line:5', '--merge', 'trace.txt.1', 'trace.txt.2'], /which file’s line 5 is meant\?/],
])('%j is refused with one clear line', ([command = '', ...args], message) => {
  const named = args.map((arg) => (/^-|:/.test(arg) ? arg : at(arg)));
  const { code, out, err } = run([command, ...named]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.trimEnd().split('\n')).toHaveLength(1);
  expect(err.trimEnd()).toMatch(message);
});
