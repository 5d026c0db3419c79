// `check -j N`: byte for byte what one thread gives, in the order of the arguments; a thread that dies takes only its file along.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CheckedByThreads, checkByThreads, type Threads } from '../../src/cli/check_threads.ts';
import { fileOf } from '../../src/cli/traces.ts';
import { UserError } from '../../src/index.ts';
import { BIN, fixture, ROOT, run } from '../support/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-threads-'));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string) => path.join(folder, name);

const TRACES = [
  'msm/correct/trace.txt',
  'lab/missing/trace.txt',
  'lab/lost-trace-overwrite1/trace.txt',
  'lab/missing/trace.txt',
  'xe/leak-resv/trace.txt',
  'lab/tracecmd-lost/trace.dat.gz',
].map(fixture);

/** The same arguments by one thread and by several. */
function expectSame(args: readonly string[], written: readonly string[] = []): void {
  const read = () => written.map((name) => readFileSync(place(name), 'utf8'));
  const alone = run(['check', ...args]);
  const files = read();
  expect(run(['check', ...args, '-j', '3'])).toEqual(alone);
  expect(read()).toEqual(files);
}

describe('the same', () => {
  it('in every format', () => {
    const formats = ['text', 'csv', 'json', 'ndjson', 'sarif', 'junit', 'gitlab', 'github', 'ktap'];
    const reports = formats.flatMap((format) => ['--report', `${format}=${place(format)}`]);
    expectSame([...TRACES, ...reports, '--color', 'always'], formats);
  });

  it('a selection, another threshold', () => {
    expectSame([...TRACES, '--fail-on', 'never', '--vm', '#1', '--mmu', 'off']);
    expectSame([...TRACES, '--job', '27', '--kernel', '6.18', '--since', '1.5']);
  });

  it('an input that cannot be read, wherever it stands', () => {
    const files = [...TRACES.slice(0, 2), 'none.txt', fixture('README.md'), ...TRACES.slice(2)];
    for (const format of ['text', 'junit']) expectSame([...files, '--format', format]);
  });

  it('a baseline that knows a finding once less than it is there, and one that is written', () => {
    const [, missing = ''] = TRACES;
    const known = place('known.json');
    run(['check', missing, '--baseline', known, '--update-baseline']);
    expectSame([...TRACES, '--baseline', known, '--report', `json=${place('j.json')}`], ['j.json']);
    expectSame([missing, missing, '--baseline', place('all.json'), '--update-baseline'], ['all.json']);
    expectSame(
      [missing, 'none.txt', '--baseline', known, '--update-baseline', '--report', `junit=${place('u.xml')}`],
      ['u.xml'],
    );
    expectSame([missing, missing, '--baseline', place('none.json')]);
  });
});

it('takes files only, one at least at once', () => {
  expect(run(['check', '-', ...TRACES, '-j', '2']).err).toBe('gpuvm-trace: -j takes files, and - is standard input\n');
  expect(run(['check', TRACES[1] ?? '', '-j', '2', '--follow']).code).toBe(2);
  expect(run(['check', TRACES[1] ?? '', '-j', '0']).err).toContain('1 or more is expected');
});

describe('threads that die', () => {
  const module = place('worker.mjs');
  writeFileSync(
    module,
    `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ kind, trace, shown }) => {
      const file = trace?.[0].name;
      if (kind === 'print') parentPort.postMessage({ kind: 'printed', texts: [shown.join()] });
      else if (file.startsWith('dies')) throw new Error('broken inside');
      else if (file.startsWith('ends')) process.exit(7);
      else if (file.startsWith('none')) parentPort.postMessage({ kind: 'unread', message: file + ': no such file' });
      else if (file.startsWith('idle')) { reply(file); setTimeout(() => { throw new Error('afterwards'); }, 20); }
      else setTimeout(() => reply(file), file.startsWith('slow') ? 100 : 0);
    });
    const reply = (file) => parentPort.postMessage({ kind: 'checked', result: { file, findings: [{ rule: file }, { rule: 'x' }] } });`,
  );

  function checked(files: readonly string[], more: Partial<Threads> = {}): Promise<CheckedByThreads> {
    const look = { colors: false, links: false, width: undefined, allNotes: false };
    return checkByThreads(
      files.map((file) => [fileOf(file)]),
      {
        options: {} as Threads['options'],
        looks: [look],
        threads: 2,
        goesOn: false,
        isShown: () => true,
        module,
        ...more,
      },
    );
  }

  it('take only their file along', async () => {
    const { traces, unread, printed } = await checked(['slow1', 'dies', 'a', 'ends', 'b', 'dies2', 'c']);
    expect(traces.map(({ file }) => file)).toEqual(['slow1', 'a', 'b', 'c']);
    expect(unread).toEqual([
      { file: 'dies', message: 'dies: its analysis died: broken inside' },
      { file: 'ends', message: 'ends: its analysis died: its thread ended with 7' },
      { file: 'dies2', message: 'dies2: its analysis died: broken inside' },
    ]);
    expect(printed).toEqual([['0,1', '0,1', '0,1', '0,1']]);
  });

  it('behind an answer, no later file waits for them', async () => {
    const { traces, unread } = await checked(['idle1', 'slow1', 'slow2', 'slow3', 'a', 'b'], { threads: 1 });
    expect(traces.length + unread.length).toBe(6);
  });

  it('findings are asked for in the order of the files, whichever is ready first', async () => {
    const asked: string[] = [];
    const files = ['slow1', 'a', 'slow2', 'b', 'c', 'd'];
    await checked(files, { threads: 4, isShown: ({ rule }) => asked.push(rule) > 0 });
    expect(asked.filter((rule) => rule !== 'x')).toEqual(files);
  });

  it('the first file that cannot be read ends the run, where that ends it', async () => {
    const failing = checked(['slow1', 'none1', 'none2', 'a'], { threads: 3 });
    await expect(failing).rejects.toEqual(new UserError('none1: no such file'));
    const { unread } = await checked(['slow1', 'none1', 'none2', 'a'], { goesOn: true });
    expect(unread.map(({ file }) => file)).toEqual(['none1', 'none2']);
  });
});

it('Ctrl-C ends all threads', async () => {
  const pipes = ['one', 'two'].map(place);
  for (const pipe of pipes) spawnSync('mkfifo', [pipe]);
  copyFileSync(path.join(ROOT, TRACES[1] ?? ''), place('whole.txt'));
  const child = spawn(process.execPath, [BIN, 'check', '-j', '2', place('whole.txt'), ...pipes], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  child.kill('SIGINT');
  expect(await ended).toBe('SIGINT');
});
