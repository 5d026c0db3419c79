// Completion in the shells themselves.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rules } from '../../src/index.ts';
import { ROOT, run } from '../support/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));

const script = (shell: string) => path.join(folder, `completion.${shell}`);

/** A line, cut where the cursor is, and what completes its last word. */
const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['gpuvm-trace che', ['check']],
  ['gpuvm-trace --config README.md wha', ['what-if']],
  ['gpuvm-trace check --fail-on ', ['error', 'never', 'warning']],
  ['gpuvm-trace check -f --fail-on w', ['warning']],
  ['gpuvm-trace check --ign', ['--ignore']],
  ['gpuvm-trace walk --ign', []],
  ['gpuvm-trace check x.txt --rule pte-o', ['pte-overrun', 'pte-overwrite']],
  ['gpuvm-trace check --rule missing-lock,va-', ['missing-lock,va-conflict']],
  ['gpuvm-trace explain lock-l', ['lock-leak']],
  ['gpuvm-trace explain ', rules.map(({ id }) => id)],
  ['gpuvm-trace check READ', ['README.md']],
  ['gpuvm-trace check --baseline READ', ['README.md']],
  ['gpuvm-trace jobs --pid READ', []],
  ['gpuvm-trace completion z', ['zsh']],
  ['gpuvm-trace drivers pan', ['panthor']],
];

const lines = (text: string) => [...new Set(text.split('\n').filter((line) => line !== ''))].sort();

function shell(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

beforeAll(() => {
  for (const name of ['bash', 'zsh', 'fish']) {
    const { code, out } = run(['completion', name]);
    expect(code).toBe(0);
    writeFileSync(script(name), out);
  }
});

describe('bash', () => {
  const complete = (words: readonly string[]) =>
    lines(
      shell('bash', [
        '--norc',
        '-c',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gpuvm_trace; printf "%s\\n" "${COMPREPLY[@]}"',
        'bash',
        script('bash'),
        ...words,
      ]),
    );

  it.each(CASES)('%s', (line, expected) => expect(complete(line.split(' '))).toEqual([...expected].sort()));

  it('an option and its value with = between them, which bash makes three words of', () => {
    expect(complete(['gpuvm-trace', 'check', '--format', '=', 'sa'])).toEqual(['sarif']);
    expect(complete(['gpuvm-trace', 'check', '--fail-on', '='])).toEqual(['error', 'never', 'warning']);
    expect(complete(['gpuvm-trace', '--config', '=', 'README.md', 'blam'])).toEqual(['blame']);
  });
});

describe('zsh', () => {
  /** Another shell on a terminal of its own; whatever it adds as a match is written down. */
  const DRIVER = `
zmodload zsh/zpty
zpty -b inner zsh -f -i
answer() { local piece; while zpty -r inner piece '*END*'; do [[ $piece == *END* ]] && break; done }
zpty -w inner "PS1=; autoload -U compinit; compinit -u -D; source $1"
zpty -w inner 'compadd() { [[ " $* " == *" -[ODA] "* ]] && { builtin compadd "$@"; return }; local -a hits; builtin compadd -A hits "$@"; print -rl -- \${hits/#/$IPREFIX} >> '$2'; builtin compadd "$@" }'
zpty -w inner 'print EN""D'
answer
zpty -w -n inner "$3"$'\\t'
zpty -w inner $'\\x15print EN""D'
answer
`;

  it.each(CASES)('%s', (line, expected) => {
    const hits = path.join(folder, 'hits');
    writeFileSync(hits, '');
    shell('zsh', ['-f', '-c', DRIVER, 'zsh', script('zsh'), hits, line]);
    expect(lines(readFileSync(hits, 'utf8'))).toEqual([...expected].sort());
  });
});

describe('fish', () => {
  it.each(CASES)('%s', (line, expected) => {
    const out = shell('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script('fish'), line]);
    expect(lines(out.replace(/\t.*/g, ''))).toEqual([...expected].sort());
  });
});

describe('the manual page', () => {
  const page = () => run(['man']).out;

  it('has every subcommand and option, and nothing that mandoc warns of but the date that it has not', () => {
    const file = path.join(folder, 'gpuvm-trace.1');
    writeFileSync(file, page());
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', file], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: bold is a letter, a backspace and the letter again
    const shown = shell('mandoc', ['-T', 'utf8', '-O', 'width=100', file]).replace(/.\u0008/g, '');
    for (const [, name] of run(['--help']).out.matchAll(/^ {2}([a-z][a-z-]+) /gm))
      if (name !== 'help' && name !== 'gpuvm-trace') expect(shown).toMatch(new RegExp(`^ {3}${name}( |$)`, 'm'));
    for (const [, option] of run(['check', '--help']).out.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm))
      expect(shown).toContain(option);
    expect(shown).toContain('gpuvm-trace check --merge per_cpu/*/trace');
  });

  it('a page that is spoilt is warned of', () => {
    const file = path.join(folder, 'spoilt.1');
    writeFileSync(file, page().replace('.SH OPTIONS', '.XX OPTIONS'));
    expect(spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', file], { encoding: 'utf8' }).stdout).toContain('XX');
  });
});
