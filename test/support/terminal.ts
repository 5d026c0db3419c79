// Runs the built command line on a terminal, by util-linux's script.
import { spawnSync } from 'node:child_process';
import { BIN, ROOT } from './run.ts';

export interface Terminal {
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** What the terminal receives; `commands` are for a shell, where `gpuvm-trace` is ours. */
export function onTerminal(commands: string, { columns = 80, env = {} }: Terminal = {}): string {
  const ours = commands.replaceAll(/\bgpuvm-trace /g, `'${process.execPath}' '${BIN}' `);
  const shell = `stty cols ${columns}; ${ours}`;
  const ran = spawnSync('script', ['-qec', shell, '/dev/null'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { PATH: process.env['PATH'] ?? '', SHELL: '/bin/sh', TERM: 'xterm', ...env },
  });
  if (ran.error !== undefined) throw ran.error;
  return ran.stdout.replaceAll('\r\n', '\n');
}
