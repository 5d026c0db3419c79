// Runs the built command line as a user does.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const FIXTURES = path.join(ROOT, 'fixtures');
export const BIN = path.join(ROOT, 'dist/bin/gpuvm-trace.js');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunInput {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** The repository where it is not said. */
  readonly cwd?: string;
}

export function run(args: readonly string[], { input, env, cwd = ROOT }: RunInput = {}): Ran {
  const ran = spawnSync(process.execPath, [BIN, ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(input === undefined ? {} : { input }),
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

export function fixture(name: string): string {
  return path.join('fixtures', name);
}
