// `probes`: the probe definitions that a kernel and a driver call for.
import { Command, InvalidArgumentError, Option } from 'commander';
import { ARCHS, type Arch } from '../probes/kprobe.ts';
import { listing, MODES, type ProbeMode, type ProbeRequest } from '../probes/listing.ts';
import { KERNEL_NAMES, kernelOf, PROBED_DRIVERS, type ProbedDriver } from '../probes/probe_list.ts';
import { outputOption } from './options.ts';
import { emit, type OutputOptions } from './output.ts';

interface ProbesOptions extends OutputOptions {
  readonly kernel: ProbeRequest['kernel'];
  readonly driver: ProbedDriver;
  readonly mode: ProbeMode;
  readonly arch: Arch;
  readonly minimal?: boolean;
}

const EXAMPLES = `
Examples:
  gpuvm-trace probes --kernel 6.12 --driver nouveau
  gpuvm-trace probes --driver msm --mode kprobe --arch arm64   for a kernel without BTF
  gpuvm-trace probes --driver xe --minimal                     enough to find missing locks

The driver must be loaded when they are installed. A line that the kernel refuses (a function that it
has inlined, or lacks) can be left out: what it would have shown is then unknown, never wrong.`;

export function probesCommand(): Command {
  return withProbeOptions(new Command('probes'))
    .description('print the probe definitions that a kernel and a driver call for')
    .addOption(outputOption())
    .addHelpText('after', EXAMPLES)
    .action((options: ProbesOptions) => emit(listing(requestOf(options)), options));
}

/** The options that say which probes. */
export function withProbeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--kernel <version>', `the kernel that is traced, from ${KERNEL_NAMES[0]} on`)
        .argParser(kernelVersion)
        .default(kernelVersion('6.18'), '6.18'),
    )
    .addOption(
      new Option('--driver <driver>', 'its driver; none: only what all drivers share')
        .choices(PROBED_DRIVERS)
        .default('none'),
    )
    .addOption(new Option('--mode <mode>', 'fprobe needs BTF, kprobe works without').choices(MODES).default('fprobe'))
    .addOption(new Option('--arch <arch>', 'whose registers kprobes name').choices(ARCHS).default('x86_64'))
    .option('--minimal', 'only what finding missing locks takes: exported functions and the ioctl');
}

export function requestOf({ kernel, driver, mode, arch, minimal = false }: ProbesOptions): ProbeRequest {
  return { kernel, driver, mode, arch, minimal };
}

function kernelVersion(text: string): ProbeRequest['kernel'] {
  const kernel = /^v?\d+\.\d+/.test(text) ? kernelOf(text.replace(/^v/, '')) : undefined;
  if (kernel === undefined)
    throw new InvalidArgumentError(`known are ${KERNEL_NAMES.join(', ')} and what lies between.`);
  return kernel;
}
