// `anonymize`: the same trace with other names, to be attached to a public bug.
import { Command } from 'commander';
import { Anonymizer } from '../anonymize/anonymizer.ts';
import { UserError } from '../base/user_error.ts';
import { isSameFile, TextWriter, writeReport } from '../io/trace_file.ts';
import { addInputOptions, type InputChoice, inputOf } from './input_options.ts';
import { outputOption, probesOption } from './options.ts';
import { mustBeTrace, readDefinitions, readInto } from './run_analysis.ts';
import { fileOf } from './traces.ts';

interface AnonymizeChoice extends InputChoice {
  readonly keys?: string;
  readonly output?: string;
  readonly probes?: string;
  readonly shiftTimes?: boolean;
}

export function anonymizeCommand(): Command {
  const command = new Command('anonymize')
    .description('write the same trace with other names, which gives the same findings, to attach it to a public bug')
    .argument('<trace>', 'a trace; - is standard input')
    .addOption(outputOption())
    .option('--keys <file>', 'write there which name stands for which, as JSON: keep it to yourself')
    .option('--shift-times', 'let times begin at 1000 s instead of telling how long the machine was up')
    .addOption(probesOption());
  return addInputOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace anonymize trace.txt.gz -o public.txt
  gpuvm-trace anonymize trace.dat --shift-times --keys private.json | gzip > public.txt.gz

The result is text of the tracer, whatever the trace is (a trace.dat, perf script, CSV ...). It is written anew from what is
understood, so that what is not cannot slip through.
  replaced   pointers (alike within 64 KiB, so that members stay at their place), pids, names of tasks and VMs
  kept       GPU addresses, sizes, offsets, flags, page table entries, results, CPUs, times, job numbers, the names of
             functions that are understood, the kernel's version without what was put behind it
  left out   all else: other events, markers, other arguments, callers and addresses of code, tgids, command lines, host
             names, device names; an empty line or one with \`other:\` stands where they stood, as headers count entries
Equal names stay equal within one trace, and the same trace gives the same names again. Lines keep their numbers, but
those of function_graph, trace.dat, CSV and others that have several events a line or none.

Exit codes: 0, 2 could not do the job.`,
    )
    .action(anonymize);
}

async function anonymize(path: string, options: AnonymizeChoice): Promise<void> {
  const { output = '-', keys, probes, shiftTimes } = options;
  for (const target of [output, keys ?? '-'])
    if (path !== '-' && isSameFile(path, target)) throw new UserError(`${target}: is the trace itself`);
  const file = fileOf(path);
  const writer = new TextWriter(output === '-' ? (text) => process.stdout.write(text) : output);
  const anonymizer = new Anonymizer(
    { file: file.name, ...inputOf(options), definitions: readDefinitions(probes), shiftTimes },
    (text) => writer.write(text),
  );
  const bytes = await readInto(file, options.input, anonymizer);
  anonymizer.finish();
  mustBeTrace([file], bytes, anonymizer);
  writer.end();
  if (keys !== undefined) writeReport(keys, `${JSON.stringify(anonymizer.keys, undefined, 1)}\n`);
}
