// check --follow: a trace that is still being written.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BIN, FIXTURES, run } from '../support/run.ts';

const trace = path.join(FIXTURES, 'lab/missing/trace.txt');
const lines = readFileSync(trace, 'latin1').split(/(?<=\n)/);
/** Behind the first job that misses a lock, before the second. */
const MIDDLE = 200;
/** The last finding. */
const LAST = ':494: error';

let folder = '';
let file = '';
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'follow-'));
  file = path.join(folder, 'trace.txt');
});

afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(folder, { recursive: true });
});

interface Following {
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves when `text` stands in the output. */
  readonly shows: (text: string) => Promise<void>;
  readonly exit: Promise<number | null>;
}

function follow(...args: readonly string[]): Following {
  const started = spawn(process.execPath, [BIN, 'check', '--follow', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  child = started;
  let out = '';
  let err = '';
  const exit = new Promise<number | null>((resolve) => started.on('close', resolve));
  started.stderr?.on('data', (text) => {
    err += text;
  });
  started.stdout?.on('data', (text) => {
    out += text;
    started.emit('shown');
  });
  const shows = async (text: string) => {
    while (!out.includes(text)) {
      await Promise.race([new Promise((resolve) => started.once('shown', resolve)), exit]);
      if (started.exitCode !== null && !out.includes(text)) throw new Error(`ended without "${text}": ${out}${err}`);
    }
  };
  return { out: () => out, err: () => err, shows, exit };
}

const first = lines.slice(0, MIDDLE).join('');
const second = lines.slice(MIDDLE).join('');

it('shows what is wrong when it happens, and gives the whole report on SIGINT', async () => {
  writeFileSync(file, first);
  const following = follow(file);
  await following.shows('[missing-lock]');
  expect(following.out()).not.toContain(LAST);
  appendFileSync(file, second.slice(0, second.length / 2));
  appendFileSync(file, second.slice(second.length / 2));
  await following.shows(LAST);
  expect(following.out()).not.toContain('10 errors');
  child?.kill('SIGINT');
  expect(await following.exit).toBe(1);
  const { out } = run(['check', trace]);
  const whole = out.slice(out.lastIndexOf('rule ')).replaceAll(trace, file);
  expect(following.out().endsWith(whole)).toBe(true);
});

it('says in the end which of them a loss that was told later makes inconclusive', async () => {
  writeFileSync(file, first);
  const following = follow(file);
  await following.shows(':141: error:');
  // CPU 0 has had no entry yet: what it lost may lie anywhere before.
  appendFileSync(file, `CPU:0 [LOST 5 EVENTS]\n${second}`);
  child?.kill('SIGINT');
  expect(await following.exit).toBe(1);
  const [live = '', report = ''] = following.out().split('of the findings shown above, ');
  expect(live).toContain(':141: error: ');
  expect(report).toContain(`turned out inconclusive:\n  ${file}:141: missing-lock\n`);
  expect(report).toContain(':141: error (inconclusive): ');
});

it('ends with the pipe that it reads', async () => {
  const following = follow('-', '--format', 'csv');
  child?.stdin?.end(readFileSync(trace));
  expect(await following.exit).toBe(1);
  expect(following.out()).toBe(run(['check', '-', '--format', 'csv'], { input: readFileSync(trace) }).out);
});

it('reads a named pipe, and shows only the selected rules', async () => {
  execFileSync('mkfifo', [file]);
  const following = follow(file, '--rule', 'missing-lock', '--job', '29');
  await writeFile(file, lines.join(''));
  await following.shows(LAST);
  child?.kill('SIGTERM');
  expect(await following.exit).toBe(1);
  expect(following.out()).not.toContain(':141: error');
});

it('says so when the file is replaced by a shorter one', async () => {
  writeFileSync(file, first);
  const following = follow(file);
  await following.shows('[missing-lock]');
  truncateSync(file, 10);
  expect(await following.exit).toBe(2);
  expect(following.err()).toBe(`gpuvm-trace: ${file}: became shorter while it was followed\n`);
});

it.each([
  [['a', 'b'], '--follow takes one trace'],
  [['a', '--expect-state', 'b'], '--follow takes no --expect-state: run check again without it'],
  [['nowhere'], 'nowhere: no such file'],
  [
    [path.join(FIXTURES, 'lab/tracecmd-misc/trace.dat.gz')],
    `${path.join(FIXTURES, 'lab/tracecmd-misc/trace.dat.gz')}: compressed, and only text can be followed`,
  ],
])('refuses %j', async (args, message) => {
  const following = follow(...args);
  expect(await following.exit).toBe(2);
  expect(following.err()).toBe(`gpuvm-trace: ${message}\n`);
});
