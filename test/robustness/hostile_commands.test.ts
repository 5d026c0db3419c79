// Whatever tasks, VMs, traces and a patch's functions are called, the commands beside `check` show nothing of it that does
// anything, and neither does the command line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UserError } from '../../src/base/user_error.ts';
import { fixture } from '../support/captures.ts';
import { hostilePath, hostileText } from '../support/hostile_text.ts';
import { checkPlain, checkRendered } from '../support/rendered.ts';
import { renderedCommands } from '../support/rendered_commands.ts';
import { run } from '../support/run.ts';

/** Another seed makes another run, and more depth a longer one. */
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20261126);
const DEPTH = Number(process.env['ROBUSTNESS'] ?? 1);
const RUNS = 100 * DEPTH;

/** Mapped in the lab's trace, by a page. */
const ADDRESS = 0x114000;
/** So many lines of it: two jobs are over, and their VM is there still. */
const LINES = 150;
const TASK = 'vmb-correct';
const VM = 'vmbind-lab';
const BASE = Buffer.from(fixture('correct').read()).toString('latin1').split('\n').slice(0, LINES);

function spoilt(lines: readonly string[], task: string, vm: string): string {
  return lines
    .map((line) => line.replace(TASK, () => task).replace(`"${VM}"`, () => `"${vm}"`))
    .join('\n')
    .concat('\n');
}

function patchOf(text: string): string {
  const name = text.replace(/[\n\r]/g, '');
  const file = `drivers/gpu/drm/${name}.c`;
  const calls = `-\tdrm_exec_lock_obj(exec, ${name});\n+\tret = drm_gpuvm_sm_map_exec_lock(vm, exec, 1, ${name});`;
  return `From: ${name}\nSubject: [PATCH] ${name}\n\n---\n--- a/${file}\n+++ b/${file}\n@@ -1,3 +1,3 @@ int ${name}_fn(int ${name})\n {\n${calls}\n }\n`;
}

const PATCH = { name: 'a.patch', text: patchOf('own') };

it('the trace shows what the commands are asked for', async () => {
  const all = await renderedCommands([{ name: 'trace.txt', text: spoilt(BASE, TASK, VM) }], PATCH, ADDRESS);
  for (const command of ['walk', 'mmu']) expect(all.get(`${command} csv`)).toContain(VM);
  expect(all.get('walk csv')).toContain(TASK);
  expect(all.get('what-if 0 csv')?.split('\n').length).toBeGreaterThan(2);
  expect(all.get('coverage csv')).toContain('own_fn');
  checkRendered(all);
});

it('names of tasks, VMs, traces, patches and functions', async () => {
  const names = fc.tuple(hostileText(true, 3), hostileText(true), hostilePath, hostilePath, hostileText(false));
  await fc.assert(
    fc.asyncProperty(names, async ([task, vm, one, other, symbol]) => {
      const whole = spoilt(BASE, task.slice(0, 15), vm);
      const patch = { name: other, text: patchOf(symbol) };
      checkRendered(await renderedCommands([{ name: one, text: whole }], patch, ADDRESS));
      const half = Math.floor(BASE.length / 2);
      const halves = [BASE.slice(0, half), BASE.slice(half)].map((lines, i) => ({
        name: i === 0 ? one : other,
        text: spoilt(lines, task.slice(0, 15), vm),
      }));
      // A line break in a name may make a line without a time stamp, with which nothing can be merged.
      const hasBreak = /[\n\r]/.test(task + vm);
      const merged = await renderedCommands(halves, patch, ADDRESS).catch((error: unknown) => {
        if (hasBreak && error instanceof UserError && error.message.includes('has no time stamps')) return undefined;
        throw error;
      });
      if (merged !== undefined) checkRendered(merged);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

const EVIL = '\u001b[31m=1+1\nCPU:0 [LOST 5 EVENTS]\u202e\u009b2J"\\é漢';

it.each([
  'walk TRACE 0x114000',
  'walk TRACE 0x1',
  'walk TRACE EVIL',
  'mmu --merge TRACE HALF',
  'mmu NONE',
  'what-if TRACE --patch PATCH',
  'coverage TRACE --patch NONE',
  'coverage TRACE --format EVIL',
  'walk --EVIL',
  'EVIL',
  'constructor',
])('%s', (command) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-'));
  try {
    const file = (name: string) => path.join(folder, `${EVIL}${name}`);
    writeFileSync(file('TRACE'), spoilt(BASE, '\u001bc\u009b2J', '\u001b[31m=1+1'), 'latin1');
    writeFileSync(file('HALF'), spoilt(BASE.slice(0, 80), '\u001bc\u009b2J', '\u001b[31m=1+1'), 'latin1');
    writeFileSync(file('PATCH'), patchOf('\u001b[31mx'), 'latin1');
    const args = command.split(' ').map((arg) => (/^[A-DF-Z]/.test(arg) ? file(arg) : arg.replace('EVIL', EVIL)));
    const { code, out, err } = run(args);
    expect([0, 1, 2, 3]).toContain(code);
    checkPlain(out);
    checkPlain(err);
    expect(err).not.toContain('this is a bug');
    for (const line of err.split('\n').slice(0, -1)) expect(line).toMatch(/^(gpuvm-trace|error): /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
