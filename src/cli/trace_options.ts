// Options of every subcommand that analyzes a trace: what the trace does not tell about itself.
import type { Command } from 'commander';
import { addKernelOptions, type KernelChoice, kernelOf } from './kernel_options.ts';
import { initialStateOption, probesOption } from './options.ts';
import type { RunOptions } from './run_analysis.ts';

export interface TraceChoice extends KernelChoice {
  readonly probes?: string;
  readonly initialState?: string;
}

export function addTraceOptions(command: Command): Command {
  return addKernelOptions(command).addOption(probesOption()).addOption(initialStateOption());
}

export function traceOptionsOf(options: TraceChoice): Pick<RunOptions, 'kernel' | 'probes' | 'initialState'> {
  return { kernel: kernelOf(options), probes: options.probes, initialState: options.initialState };
}
