// What a terminal gets and a pipe does not: lines that fit.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fitted } from '../../src/cli/fitted.ts';
import { fixture, ROOT, run } from '../support/run.ts';
import { onTerminal } from '../support/terminal.ts';

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
const longest = (text: string) => Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length));

describe('at 80 columns', () => {
  it.each(['msm/unmap-offset', 'nouveau/remap-range', 'panthor/overmap', 'lab/skip-unmap', 'pvr/correct'])(
    'show of jobs of %s',
    (name) => {
      const trace = fixture(`${name}/trace.txt`);
      const [, ...rows] = run(['jobs', trace, '--format', 'csv']).out.trimEnd().split('\n');
      const jobs = rows.map((row) => row.split(',')[0]).slice(0, 6);
      expect(jobs.length).toBeGreaterThan(3);
      const text = onTerminal(`for job in ${jobs.join(' ')}; do gpuvm-trace show ${trace} --job $job; done`);
      for (const job of jobs) expect(stripVTControlCharacters(text)).toContain(`job ${job}  `);
      expect(longest(text)).toBeLessThanOrEqual(80);
    },
  );

  it.each([
    ['msm/unmap-offset', '0x114000'],
    ['nouveau/remap-range', '0x114000'],
    ['panthor/overmap', '0x400000'],
    ['lab/skip-unmap', '0x104000'],
    ['msm/remap-much', '--fault 0x114000@57.728700 --devcoredump fixtures/msm/remap-much/written-devcoredump.txt'],
  ])('blame %s %s says the same in lines that fit', (name, what) => {
    const args = [fixture(`${name}/trace.txt`), ...what.split(' ')];
    const piped = run(['blame', ...args]).out;
    const text = onTerminal(`gpuvm-trace blame ${args.join(' ')}`);
    expect(longest(piped)).toBeGreaterThan(80);
    expect(longest(text)).toBeLessThanOrEqual(80);
    const shown = new Set(words(text).map((word) => word.replace(/;$/, '')));
    const gone = words(piped).filter((word) => !shown.has(word.replace(/;$/, '')));
    // Heads of columns that became prose, and what stands in empty cells.
    expect(gone.filter((word) => !/^(range|leads|to|result|locks|keeps|-)$/.test(word))).toEqual([]);
  });

  it('the table of blame stays where it fits, as in a pipe and in a file', () => {
    const args = ['blame', fixture('msm/unmap-offset/trace.txt'), '0x118000'];
    const { out } = run(args);
    expect(out).toMatch(/^ +line +time .* locks +keeps$/m);
    expect(onTerminal(`gpuvm-trace ${args.join(' ')} | cat`)).toBe(out);
  });
});

describe('progress', () => {
  const trace = fixture('msm/unmap-offset/trace.txt');
  const zipped = fixture('lab/contention-threads/trace.txt.gz');
  const env = { GPUVM_TRACE_PROGRESS_MS: '0' };
  const CLEAR = '\r\u001b[K';

  it('is one line on standard error, and gone in the end', () => {
    for (const file of [trace, zipped]) {
      const text = onTerminal(`gpuvm-trace check ${file} > /dev/null`, { env });
      expect(text).toContain(`\r${file}: 100 % of`);
      expect(text.endsWith(CLEAR)).toBe(true);
      expect(text).not.toContain('\n');
    }
  });

  it('adds up the files of --merge', () => {
    const other = fixture('msm/correct/trace.txt');
    const text = onTerminal(`gpuvm-trace check --merge ${trace} ${other} > /dev/null`, { env });
    const percents = [...text.matchAll(/(\d+) %/g)].map(([, percent]) => Number(percent));
    expect(percents.length).toBeGreaterThan(1);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).toBe(100);
  });

  it('goes before an error is said', () => {
    const text = onTerminal(`gpuvm-trace check fixtures/README.md`, { env });
    expect(text).toContain(`${CLEAR}gpuvm-trace: fixtures/README.md: not a trace`);
  });

  it.each([
    ['standard error is no terminal', `gpuvm-trace check ${trace} 2>&1 | cat`, env],
    ['the work is short', `gpuvm-trace check ${trace}`, { GPUVM_TRACE_PROGRESS_MS: '600000' }],
    ['the trace comes from a pipe', `cat ${trace} | gpuvm-trace check -`, env],
    ['the trace is followed', `cat ${trace} | gpuvm-trace check --follow -`, env],
    ['the terminal is dumb', `gpuvm-trace check ${trace}`, { ...env, TERM: 'dumb' }],
    ['the result goes to the terminal meanwhile', `gpuvm-trace export --format perfetto ${trace}`, env],
  ])('is not there where %s', (_, command, environment) => {
    const text = onTerminal(command, { env: environment });
    expect(text.length).toBeGreaterThan(500);
    expect(text).not.toContain(' % of ');
    expect(text).not.toContain(CLEAR.slice(1));
  });
});

describe('links to the lines of findings', () => {
  const trace = fixture('msm/unmap-offset/trace.txt');
  const check = `gpuvm-trace check ${trace}`;
  const forced = { FORCE_HYPERLINK: '1' };
  const OPEN = '\u001b]8;;';
  const url = `file://${hostname()}${path.resolve(ROOT, trace)}`;

  it.each([
    ['check', check],
    ['check -j 2', `gpuvm-trace check -j 2 ${trace} ${trace}`],
    ['show', `gpuvm-trace show ${trace} --job 2153`],
  ])('of %s', (_, command) => {
    const text = onTerminal(command, { env: forced });
    expect(text).toContain(`${OPEN}${url}#311\u001b\\${trace}:311:${OPEN}\u001b\\`);
    const without = onTerminal(command, { env: { FORCE_HYPERLINK: '0' } });
    expect(without).not.toContain(OPEN);
    expect(stripVTControlCharacters(text)).toBe(stripVTControlCharacters(without));
  });

  it.each([
    [{ TERM_PROGRAM: 'WezTerm' }],
    [{ VTE_VERSION: '7200' }],
    [{ WT_SESSION: 'a' }],
    [{ TERM: 'xterm-kitty' }],
    [{ TERM: 'foot-extra' }],
  ])('are known to work with %o', (env) => expect(onTerminal(check, { env })).toContain(OPEN));

  it.each([
    [check, {}],
    [check, { VTE_VERSION: '4800' }],
    [check, { TERM: 'tmux-256color', VTE_VERSION: '7200' }],
    [check, { TERM: 'xterm-kitty', NO_COLOR: '1' }],
    [check, { TERM: 'xterm-kitty', FORCE_HYPERLINK: '0' }],
    [`${check} | cat`, forced],
    [`${check} --color always | cat`, forced],
    [`${check} -o /dev/stderr`, forced],
  ])('are not there: %s, %o', (command, env) => {
    const text = onTerminal(command, { env });
    expect(text).toContain('[missing-lock]');
    expect(text).not.toContain(OPEN);
  });

  it('cannot be left by the name of a file', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'links-'));
    try {
      const name = 'a\u001b\\\u0007\u009c;#?%41\u202e.txt';
      copyFileSync(path.join(ROOT, trace), path.join(folder, name));
      const text = onTerminal(`cd '${folder}'; gpuvm-trace check *.txt`, { env: forced });
      const urls = [...text.split(OPEN)].slice(1).map((part) => part.slice(0, part.indexOf('\u001b')));
      const wanted = `${folder}/a%1B%5C%07%C2%9C;%23%3F%2541%E2%80%AE.txt`;
      expect(urls).toContain(`file://${hostname()}${wanted}#311`);
      for (const one of urls) expect(one === '' || one.startsWith(`file://${hostname()}${wanted}#`)).toBe(true);
      expect(text).not.toContain('\u0007');
      expect(text).not.toContain('\u009c');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('lines that are broken', () => {
  it('are so between cells, then between words, and keep their indentation', () => {
    expect(fitted('  aaaa bbbb  cc dd', 14)).toBe('  aaaa bbbb\n      cc dd');
    expect(fitted('    one two three four', 14)).toBe('    one two\n        three\n        four');
    expect(fitted('short', 14)).toBe('short');
  });

  it('do not count colours', () => {
    const red = `\u001b[31m  ${'x'.repeat(10)}\u001b[39m`;
    expect(fitted(red, 12)).toBe(red);
    expect(fitted(`${red} yy`, 12)).toBe(`${red}\n      yy`);
  });

  it('keep a word that is too long', () => {
    expect(fitted(`a ${'x'.repeat(30)} b`, 12)).toBe(`a\n    ${'x'.repeat(30)}\n    b`);
  });
});
