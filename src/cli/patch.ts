// `patch`: what patches do to what is modelled.
import { Command, Option } from 'commander';
import { patchObject, patchText } from '../reporters/patch_text.ts';
import { toJson } from '../reporters/table.ts';
import { readPatchFiles } from './kernel_options.ts';
import { outputOption } from './options.ts';
import { type ColorWhen, emit } from './output.ts';
import { styleFor } from './style.ts';

interface PatchOptions {
  readonly format: 'text' | 'json';
  readonly output?: string;
  readonly color?: ColorWhen | true;
}

export function patchCommand(): Command {
  return new Command('patch')
    .description('say what patches do to drm_gpuvm, drm_exec and the drivers as far as they are modelled')
    .argument('<file...>', 'unified diffs, git format-patch mails or mailboxes, taken as one series')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .addOption(outputOption())
    .addOption(new Option('--color [when]', 'colours: auto, always, never').choices(['auto', 'always', 'never']))
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace patch 0001-drm-gpuvm-add-locking-helpers.patch
  git format-patch --stdout origin..topic > series.mbox; gpuvm-trace patch series.mbox --format json
  gpuvm-trace check trace.txt --patch series.mbox      what such a kernel's trace shows

Mails may be quoted-printable, base64, multipart, have CRLF, or have lost their blanks on the way.

Exit codes: 0, 2 a patch cannot be read.`,
    )
    .action(async (files: readonly string[], options: PatchOptions) => {
      const effects = await readPatchFiles(files);
      const text =
        options.format === 'json' ? toJson(patchObject(effects)) : patchText(effects, await styleFor(options));
      emit(text, options);
    });
}
