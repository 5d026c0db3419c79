// The program as commander has it: one subcommand a file, and what all of them share.
import { Command, CommanderError } from 'commander';
import { printablePath } from '../reporters/escape.ts';
import { type ConfigChoice, findConfig } from './find_config.ts';
import { VERSION } from './version.ts';

/** Loaded only when it is meant, since loading all of them takes longer than a small trace. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  check: async () => (await import('./check.ts')).checkCommand(),
  jobs: async () => (await import('./jobs.ts')).jobsCommand(),
  show: async () => (await import('./show.ts')).showCommand(),
  state: async () => (await import('./state.ts')).stateCommand(),
  mmu: async () => (await import('./mmu.ts')).mmuCommand(),
  walk: async () => (await import('./walk.ts')).walkCommand(),
  blame: async () => (await import('./blame.ts')).blameCommand(),
  'what-if': async () => (await import('./what_if.ts')).whatIfCommand(),
  merge: async () => (await import('./merge.ts')).mergeCommand(),
  diff: async () => (await import('./diff.ts')).diffCommand(),
  reduce: async () => (await import('./reduce.ts')).reduceCommand(),
  anonymize: async () => (await import('./anonymize.ts')).anonymizeCommand(),
  coverage: async () => (await import('./coverage.ts')).coverageCommand(),
  export: async () => (await import('./export.ts')).exportCommand(),
  query: async () => (await import('./query.ts')).queryCommand(),
  capture: async () => (await import('./capture.ts')).captureCommand(),
  probes: async () => (await import('./probes.ts')).probesCommand(),
  formats: async () => (await import('./formats.ts')).formatsCommand(),
  kernels: async () => (await import('./kernels.ts')).kernelsCommand(),
  drivers: async () => (await import('./drivers.ts')).driversCommand(),
  patch: async () => (await import('./patch.ts')).patchCommand(),
  rules: async () => (await import('./rules.ts')).rulesCommand(),
  explain: async () => (await import('./rules.ts')).explainCommand(),
  config: async () => (await import('./config.ts')).configCommand(program),
  completion: async () => (await import('./completion.ts')).completionCommand(program),
  man: async () => (await import('./man.ts')).manCommand(program),
};

const EXAMPLES = `
Examples:
  gpuvm-trace check trace.txt                    what is wrong, job by job
  gpuvm-trace check --fail-on warning *.txt.gz   as a CI gate, several traces
  gpuvm-trace jobs trace.txt --format csv        one row a VM_BIND job
  gpuvm-trace show trace.txt --job 26            one job in full
  gpuvm-trace state trace.txt --at job:26        the VA space at a moment
  gpuvm-trace walk trace.txt 0x114000            what the GPU sees at an address
  gpuvm-trace blame trace.txt 0x114000           how it came to be so, and why it faults
  gpuvm-trace what-if trace.txt --patch fix.patch   would it have helped: another lock pass
  gpuvm-trace merge shard*.json                  one report of many, for CI
  gpuvm-trace diff before.txt after.txt          what a change of the driver changed
  gpuvm-trace coverage *.txt.gz --min 80%        which cases the traces exercise
  gpuvm-trace reduce trace.txt --rule missing-lock   the fewest ops that still give it, as a test
  gpuvm-trace anonymize trace.txt -o public.txt  other names, the same findings: for a public bug
  gpuvm-trace patch 0001-drm-msm.patch           what a kernel patch changes of all this
  gpuvm-trace query trace.txt 'SELECT * FROM locks'   SQL over jobs, steps, locks, mappings, findings
  gpuvm-trace export --format perfetto -o t.json trace.txt   a time line; tables and graphs likewise
  gpuvm-trace capture --driver xe -- glxgears    a shell script that makes such a trace
  gpuvm-trace explain missing-lock               what a rule means
  gpuvm-trace config                             what .gpuvm-trace.json sets here

A trace is ftrace text (tracefs trace or trace_pipe, trace-cmd report), a trace.dat, or another of
\`gpuvm-trace formats\` (perf script, CSV, ...), plain or .gz or .zst; - is standard input.

Exit codes: 0 clean, 1 findings, 2 could not do the job, 3 inconclusive (events are missing).`;

/** The program with the subcommand that the arguments name, or with all of them where they name none. */
export async function program(name?: string): Promise<Command> {
  const command = new Command('gpuvm-trace')
    .description('Analyzes ftrace logs of GPU VM_BIND jobs against a model of the kernel’s drm_gpuvm and drm_exec.')
    .version(VERSION)
    .option('--config <file>', 'defaults of options; otherwise .gpuvm-trace.json in this folder or one above it')
    .option('--no-config', 'no file with defaults')
    .addHelpText('after', EXAMPLES)
    .hook('preAction', withConfig)
    .configureOutput({ outputError: (text, write) => write(`${printablePath(text.split('\n')[0] ?? '')}\n`) })
    .exitOverride();
  const named = name !== undefined && Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  const wanted = named !== undefined ? [named] : Object.values(SUBCOMMANDS);
  for (const load of wanted) {
    const sub = await load();
    sub.copyInheritedSettings(command);
    command.addCommand(sub);
  }
  return command;
}

/** Commands without options have nothing to set, and work beside a file that is broken. */
async function withConfig(command: Command, sub: Command): Promise<void> {
  if (sub.options.length === 0) return;
  const file = findConfig(command.opts<{ config?: ConfigChoice }>().config);
  if (file === undefined) return;
  const { applyConfig, readConfig } = await import('./config_file.ts');
  applyConfig(readConfig(file, (await program()).commands), sub);
}

/** Runs what the arguments say; returns the exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  try {
    await (await program(argv[2])).parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return Number(process.exitCode);
}
