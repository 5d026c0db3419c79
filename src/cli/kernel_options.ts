// --kernel and --patch: which kernel a trace is of, where the trace itself does not tell.
import { type Command, Option } from 'commander';
import type { AnalyzeOptions } from '../analyze.ts';
import { readHead } from '../io/text_file.ts';
import { type NamedKernel, type PatchedSwitches, parseKernel } from '../kernels/index.ts';
import type { PatchEffects } from '../patch/index.ts';

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

export async function kernelOf({ kernel, patch = [] }: KernelChoice): Promise<AnalyzeOptions['kernel']> {
  if (patch.length === 0) return { named: kernel };
  const { patchedSwitches } = await import('../patch/index.ts');
  const patches: PatchedSwitches[] = [];
  for (const name of patch) patches.push({ name, switches: patchedSwitches(await readPatchFiles([name])) });
  return { named: kernel, patches };
}

/** Reads them as one series. */
export async function readPatchFiles(files: readonly string[]): Promise<PatchEffects> {
  const { LARGEST_PATCH, readPatches } = await import('../patch/index.ts');
  return readPatches(files.map((name) => ({ name, text: readHead(name, LARGEST_PATCH + 1) })));
}
