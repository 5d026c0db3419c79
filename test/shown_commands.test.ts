// The commands that README and docs/ show are run, by a shell, in their order, and say what is shown: all of README,
// and those on fixtures elsewhere.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN, FIXTURES, ROOT } from './support/run.ts';

/** A command of a console block, and the lines that are shown below it; `...` stands for any lines. */
interface Shown {
  readonly command: string;
  readonly lines: readonly string[];
}

/** Commands that find something. */
const FINDS = /^gpuvm-trace check (?!.*--baseline)/;

function commandsOf(section: string): Shown[] {
  const shown: Shown[] = [];
  for (const [, block = ''] of section.matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const [, command = '', lines = ''] of block.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm))
      shown.push({ command, lines: lines === '' ? ['...'] : lines.trimEnd().split('\n') });
  }
  return shown;
}

/** The output as a pattern: the lines in their order, with nothing in between but where `...` stands. */
function patternOf(lines: readonly string[]): RegExp {
  const parts = lines.map((line) => (/^ *\.\.\.$/.test(line) ? '(?:.*\n)*' : `${escaped(line)}\n`));
  return new RegExp(`^${parts.join('')}$`);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

const tour = commandsOf(readFileSync(path.join(ROOT, 'README.md'), 'utf8'));
const DOCS = path.join(ROOT, 'docs');
const later = readdirSync(DOCS)
  .flatMap((name) => commandsOf(readFileSync(path.join(DOCS, name), 'utf8')))
  .filter(({ command }) => command.includes(' fixtures/'));

describe('what README and docs/ show', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'readme-'));

  beforeAll(() => {
    symlinkSync(FIXTURES, path.join(folder, 'fixtures'));
    const command = path.join(folder, 'gpuvm-trace');
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
    chmodSync(command, 0o755);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('has the main commands in its tour', () => {
    const names = tour.map(({ command }) => command.split(' ')[1]);
    expect(names).toEqual(
      expect.arrayContaining(['capture', 'check', 'show', 'blame', 'explain', 'what-if', 'diff', 'reduce']),
    );
  });

  it.each([...tour, ...later])('$command', ({ command, lines }) => {
    const ran = spawnSync('sh', ['-c', command], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
    });
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toMatch(patternOf(lines));
    expect(ran.status).toBe(FINDS.test(command) ? 1 : 0);
  });
});
