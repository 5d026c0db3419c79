// Completions in the real shells, and the manual page in a real reader of them. Debian's packages: zsh, fish, mandoc.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { rules } from '../../src/index.ts';
import { run } from '../support/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'completion-'));
afterAll(() => rmSync(folder, { recursive: true }));

function shell(command: string, args: readonly string[]): string {
  const ran = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', HOME: folder },
  });
  if (ran.error !== undefined) throw new Error(`these tests need ${command}: ${ran.error.message}`);
  expect(ran.stderr).toBe('');
  return ran.stdout;
}

function saved(name: string, args: readonly string[]): string {
  const file = path.join(folder, name);
  writeFileSync(file, run(args).out);
  return file;
}

const missing = rules.map(({ id }) => id).filter((id) => id.startsWith('missing-'));

/** What is typed, and the words that it may become. */
const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['gpuvm-trace che', ['check']],
  ['gpuvm-trace check --fail-o', ['--fail-on']],
  ['gpuvm-trace check --fail-on ', ['error', 'never', 'warning']],
  ['gpuvm-trace check --rule missing-', missing],
  ['gpuvm-trace explain missing-', missing],
  ['gpuvm-trace drivers pa', ['panthor']],
  ['gpuvm-trace completion z', ['zsh']],
];

describe('bash', () => {
  const script = saved('bash', ['completion', 'bash']);
  const complete = (typed: string) =>
    shell('bash', [
      '-c',
      `source '${script}'; COMP_WORDS=(${typed.endsWith(' ') ? `${typed} ''` : typed}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _gpuvm_trace; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]);

  it.each(CASES)('%s', (typed, words) => {
    expect(complete(typed).trim().split('\n').toSorted()).toEqual(words.toSorted());
  });

  it('leaves files to the shell', () => {
    expect(complete('gpuvm-trace check trace').trim()).toBe('');
    expect(shell('bash', ['-c', `source '${script}'; complete -p gpuvm-trace`])).toContain('-o default');
  });
});

describe('fish', () => {
  const script = saved('fish', ['completion', 'fish']);

  it.each(CASES)('%s', (typed, words) => {
    const out = shell('fish', ['--no-config', '-c', `source '${script}'; complete -C '${typed}'`]);
    const shown = out
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(shown.toSorted()).toEqual(words.toSorted());
  });
});

describe('zsh', () => {
  saved('_gpuvm-trace', ['completion', 'zsh']);
  /** What is printed in a terminal in which someone types and asks for the list of completions. */
  const list = (typed: string) => {
    const file = path.join(folder, 'type.zsh');
    writeFileSync(
      file,
      `zmodload zsh/zpty
zpty z zsh -f -i
until_line() { while zpty -r z line; do print -r -- "$line"; [[ $line == *$1* ]] && break; done }
zpty -w z "PROMPT=; fpath=('${folder}' \\$fpath); autoload -Uz compinit; compinit -u -D; bindkey -e; bindkey '^X' list-choices '^T' kill-whole-line; LISTMAX=1000; stty columns 60; print REA''DY"
until_line READY >/dev/null
zpty -n -w z ${JSON.stringify(typed)}$'\\x18\\x14'
zpty -w z "print DO''NE"
until_line DONE
zpty -d z
`,
    );
    return shell('zsh', ['-f', file]);
  };

  it.each(CASES.filter(([, words]) => words.length > 1))('%s', (typed, words) => {
    const shown = list(typed);
    for (const word of words) expect(shown).toContain(word);
    expect(shown).not.toContain('redundant-lock');
  });
});

describe('the manual page', () => {
  const page = saved('gpuvm-trace.1', ['man']);

  it('is sound roff', () => {
    const said = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', page], { encoding: 'utf8' });
    // It has the version, and no date, which would differ from build to build.
    expect(said.stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
    expect(said.error).toBeUndefined();
  });

  it('names each subcommand and option', () => {
    const text = shell('sh', ['-c', `mandoc -T utf8 -O width=200 '${page}' | sed 's/.\\x08//g'`]);
    const { out } = run(['check', '--help']);
    const flags = [...out.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = '']) => flag);
    expect(flags.length).toBeGreaterThan(15);
    for (const flag of flags) expect(text).toContain(flag);
    expect(text).toContain('Exit codes: 0 clean');
  });
});
