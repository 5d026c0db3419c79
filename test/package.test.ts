// The built package as programs meet it: the same names by import as by require, and those of the public interface.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import * as index from '../src/index.ts';
import { ROOT } from './support/run.ts';

function printed(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

const NAMES = Object.keys(index).sort();

it('gives the names of index.ts to require', () => {
  const names = printed('-p', `JSON.stringify(Object.keys(require('gpuvm-trace')).sort())`);
  expect(JSON.parse(names)).toEqual(NAMES);
});

it('gives each of them to import, by its name', () => {
  const program = `import { ${NAMES.join(', ')} } from 'gpuvm-trace';
    console.log(JSON.stringify([${NAMES.join(', ')}].map((one) => typeof one)), new Analysis({ file: 'x' }).finish().file);`;
  const types = Object.entries(index)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => typeof one);
  expect(printed('--input-type=module', '-e', program)).toBe(`${JSON.stringify(types)} x\n`);
});
