// `capture`: a script that captures a trace. It is printed, never run.
import { Command } from 'commander';
import { captureScript } from '../probes/capture.ts';
import { TRACEFS_MODES, type TracefsMode } from '../probes/listing.ts';
import { outputOption } from './options.ts';
import { emit } from './output.ts';
import { type ProbesOptions, requestOf, withProbeOptions } from './probes.ts';

const EXAMPLES = `
Examples:
  gpuvm-trace capture --kernel 6.12 --driver xe -- vkcube --c 100 > capture.sh
  gpuvm-trace capture --driver msm -o capture.sh     trace until Enter is pressed

Read the script, then run it as root on the machine that is to be traced: sh capture.sh. It needs
nothing but a shell there.`;

export function captureCommand(): Command {
  return withProbeOptions(new Command('capture'), TRACEFS_MODES)
    .description('print a shell script that installs the probes, runs a command, saves the trace and cleans up')
    .argument('[command...]', 'what to run while tracing, behind --')
    .addOption(outputOption())
    .addHelpText('after', EXAMPLES)
    .action((command: string[], options: ProbesOptions<TracefsMode>) =>
      emit(captureScript(requestOf(options), command), options),
    );
}
