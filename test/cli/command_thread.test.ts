// What the tests of commands rest on: a command in the thread that they share is what it is as a process of its own.
import { expect, it } from 'vitest';
import { FIXTURES, fixture, run, runProcess } from '../support/run.ts';

const MISSING = fixture('lab/missing/trace.txt');

const COMMANDS: readonly (readonly string[])[] = [
  ['--version'],
  [],
  ['check', '--help'],
  ['check', MISSING],
  ['check', MISSING, '--color', 'always', '--explain'],
  ['check', 'no-such-file'],
  ['check', '--no-such-option'],
  ['no-such-command'],
  ['check', fixture('lab/tracecmd-misc/trace.dat.gz'), '--format', 'json'],
  ['check', MISSING, fixture('lab/correct/trace.txt'), '-j', '2', '--format', 'sarif'],
  ['jobs', fixture('lab/lost-pipe-overwrite1/trace.txt.gz'), '--format', 'csv'],
  ['state', MISSING, '--at', 'last-job'],
  ['walk', MISSING, '0x1'],
  ['diff', MISSING, fixture('lab/correct/trace.txt')],
  ['anonymize', MISSING],
  ['query', MISSING, 'SELECT job, rule FROM findings ORDER BY 1, 2'],
  ['config'],
  ['completion', 'bash'],
];

it.each(COMMANDS.map((args) => [args.join(' '), args] as const))('gpuvm-trace %s', (_, args) => {
  const own = runProcess(args);
  expect(own.out + own.err).not.toBe('');
  expect(run(args)).toEqual(own);
  expect(run(args)).toEqual(own); // nothing of it is left in the thread
});

it('in another folder', () => {
  const args = ['check', 'missing/trace.txt'];
  const there = { cwd: `${FIXTURES}/lab` };
  expect(run(args, there)).toEqual(runProcess(args, there));
  expect(run(args).code).toBe(2);
});
