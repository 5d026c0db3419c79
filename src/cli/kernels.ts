// `kernels`: the profiles and how their switches stand.
import { Command } from 'commander';
import { type KernelProfile, kernels, switches } from '../kernels/index.ts';
import type { Format } from '../reporters/formats.ts';
import { type Column, toFormat } from '../reporters/table.ts';
import { formatOption, outputOption } from './options.ts';
import { emit } from './output.ts';

interface KernelsOptions {
  readonly format: Format;
  readonly output?: string;
}

const columns: readonly Column<KernelProfile>[] = [
  { name: 'kernel', kind: 'hex', cell: (profile) => profile.name },
  ...switches.map(
    ({ key, name }): Column<KernelProfile> => ({ name, kind: 'flag', cell: ({ switches: own }) => own[key] }),
  ),
];

export function kernelsCommand(): Command {
  return new Command('kernels')
    .description('list the kernels that are told apart, and how their switches stand')
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
The switches:
${switches.map(({ name, meaning }) => `  ${name.padEnd(16)} ${meaning}`).join('\n')}

A version stands for the newest line that is not above it: 6.14 is as 6.13. A line with three numbers is
of that stable series only: 6.12.120 is as 6.12.117, 6.13 is not. Stable kernels carry backports: set single switches
where yours differs.

Examples:
  gpuvm-trace kernels
  gpuvm-trace check trace.txt --kernel 6.12.117-amd64
  gpuvm-trace check trace.txt --kernel 6.12,keeps-prelocked=off`,
    )
    .action((options: KernelsOptions) => {
      emit(toFormat(options.format, columns, kernels, { all: 'kernels', one: 'kernel' }), options);
    });
}
