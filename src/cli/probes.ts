// `probes`: the probe definitions that a kernel and a driver call for.
import { Command, Option } from 'commander';
import { UserError } from '../base/user_error.ts';
import { backportsTo, parseKernel } from '../kernels/index.ts';
import { ARCHS, type Arch } from '../probes/kprobe.ts';
import { listing, MODES, type ProbeMode, type ProbeRequest } from '../probes/listing.ts';
import { PROBED_DRIVERS, type ProbedDriver } from '../probes/probe_list.ts';
import { outputOption } from './options.ts';
import { emit, type OutputOptions } from './output.ts';

type TracedKernel = Pick<ProbeRequest, 'kernel' | 'backports'>;

export interface ProbesOptions<Mode extends ProbeMode = ProbeMode> extends OutputOptions {
  readonly kernel: TracedKernel;
  readonly driver: ProbedDriver;
  readonly mode: Mode;
  readonly arch: Arch;
  readonly minimal?: boolean;
}

const EXAMPLES = `
Examples:
  gpuvm-trace probes --kernel 6.12 --driver nouveau
  gpuvm-trace probes --driver msm --mode kprobe --arch arm64   for a kernel without BTF
  gpuvm-trace probes --driver xe --minimal                     enough to find missing locks
  gpuvm-trace probes --kernel 6.12,exec-lock=on                a 6.12.y that has what 6.17 brought
  gpuvm-trace probes --driver panthor --mode bpftrace          a script whose output is such a trace

The driver must be loaded when they are installed. A line that the kernel refuses (a function that it
has inlined, or lacks) can be left out: what it would have shown is then unknown, never wrong.`;

export function probesCommand(): Command {
  return withProbeOptions(new Command('probes'), MODES)
    .description('print the probe definitions that a kernel and a driver call for')
    .addOption(outputOption())
    .addHelpText('after', EXAMPLES)
    .action((options: ProbesOptions) => emit(listing(requestOf(options)), options));
}

/** The options that say which probes. */
export function withProbeOptions(command: Command, modes: readonly ProbeMode[]): Command {
  return command
    .addOption(
      new Option('--kernel <kernel>', 'the kernel that is traced: a version, and switches as in 6.12,exec-lock=on')
        .argParser(kernelVersion)
        .default(kernelVersion('6.18'), '6.18'),
    )
    .addOption(
      new Option('--driver <driver>', 'its driver; none: only what all drivers share')
        .choices(PROBED_DRIVERS)
        .default('none'),
    )
    .addOption(new Option('--mode <mode>', 'kprobe works without BTF').choices(modes).default('fprobe'))
    .addOption(new Option('--arch <arch>', 'whose registers kprobes name').choices(ARCHS).default('x86_64'))
    .option('--minimal', 'only what finding missing locks takes: exported functions and the ioctl');
}

export function requestOf<Mode extends ProbeMode>(options: ProbesOptions<Mode>): ProbeRequest<Mode> {
  const { kernel, driver, mode, arch, minimal = false } = options;
  return { ...kernel, driver, mode, arch, minimal };
}

/** What a user sets alone is certain. */
function kernelVersion(text: string): TracedKernel {
  const { profile, set } = parseKernel(text);
  if (profile === undefined) throw new UserError(`--kernel ${text}: a version is needed, such as 6.12`);
  const kernel = { name: text, switches: { ...profile.switches, ...set } };
  return { kernel, backports: { ...backportsTo(profile), ...set } };
}
