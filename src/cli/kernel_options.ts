// --kernel and --patch: which kernel a trace is of, where the trace itself does not tell.
import { type Command, Option } from 'commander';
import {
  type AnalyzeOptions,
  LARGEST_PATCH,
  type NamedKernel,
  type PatchEffects,
  parseKernel,
  patchedSwitches,
  readPatches,
} from '../index.ts';
import { readHead } from '../io/text_file.ts';

export interface KernelChoice {
  readonly kernel?: NamedKernel | undefined;
  readonly patch?: readonly string[];
}

export function addKernelOptions(command: Command): Command {
  return command.addOption(kernelOption()).addOption(patchOption());
}

export function kernelOption(): Option {
  return new Option(
    '--kernel <kernel>',
    'the traced kernel: a version, and switches as in 6.12,exec-lock=on (see `kernels`); default: what the trace tells',
  ).argParser(parseKernel);
}

function patchOption(): Option {
  const collect = (file: string, before: readonly string[] = []) => [...before, file];
  return new Option('--patch <file>', 'a patch that the traced kernel has: diff, mail or mbox (repeatable)').argParser(
    collect,
  );
}

export function kernelOf({ kernel, patch = [] }: KernelChoice): AnalyzeOptions['kernel'] {
  const patches = patch.map((name) => ({ name, switches: patchedSwitches(readPatchFiles([name])) }));
  return { named: kernel, patches };
}

/** Reads them as one series. */
export function readPatchFiles(files: readonly string[]): PatchEffects {
  return readPatches(files.map((name) => ({ name, text: readHead(name, LARGEST_PATCH + 1) })));
}
