// Runs the built command line as a user does.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { CommandThread } from './command_thread.ts';

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

const ENVIRONMENT = { PATH: process.env['PATH'] ?? '' };
let thread: CommandThread | undefined;

/** In a thread that commands share, unless it is given what only a process has. */
export function run(args: readonly string[], input: RunInput = {}): Ran {
  if (input.input !== undefined || input.env !== undefined) return runProcess(args, input);
  thread ??= new CommandThread(ENVIRONMENT);
  return thread.run(args, input.cwd ?? ROOT);
}

/** In a process of its own. */
export function runProcess(args: readonly string[], { input, env, cwd = ROOT }: RunInput = {}): Ran {
  const ran = spawnSync(process.execPath, [BIN, ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(input === undefined ? {} : { input }),
    env: { ...ENVIRONMENT, ...env },
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

export function fixture(name: string): string {
  return path.join('fixtures', name);
}
