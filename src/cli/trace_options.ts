// Options of every subcommand that analyzes a trace: what the trace does not tell about itself.
import { type Command, Option } from 'commander';
import { drivers } from '../dialects/index.ts';
import type { DriverName } from '../events/vm_event.ts';
import { addInputOptions, type InputChoice, inputOf } from './input_options.ts';
import { addKernelOptions, type KernelChoice, kernelOf } from './kernel_options.ts';
import { initialStateOption, probesOption } from './options.ts';
import type { RunOptions } from './run_analysis.ts';
import { type SnapshotChoice, snapshotOption } from './snapshot_option.ts';

export interface TraceChoice extends KernelChoice, InputChoice {
  readonly probes?: string;
  readonly initialState?: string;
  readonly snapshot?: readonly SnapshotChoice[];
  readonly driver?: DriverName;
}

export function addTraceOptions(command: Command): Command {
  return addInputOptions(addKernelOptions(command).addOption(probesOption()))
    .addOption(initialStateOption())
    .addOption(snapshotOption())
    .addOption(driverOption());
}

export async function traceOptionsOf(
  options: TraceChoice,
): Promise<Pick<RunOptions, 'input' | 'columns' | 'kernel' | 'probes' | 'initialState' | 'snapshots' | 'driver'>> {
  return {
    ...inputOf(options),
    kernel: await kernelOf(options),
    probes: options.probes,
    initialState: options.initialState,
    snapshots: options.snapshot,
    driver: options.driver,
  };
}

function driverOption(): Option {
  const text = 'whose trace it is: the functions of other drivers are not understood; found from the trace otherwise';
  return new Option('--driver <driver>', text).choices(drivers);
}
