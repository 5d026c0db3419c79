// `reduce`: the fewest ops that still give a finding, as text, as a C program, as an IGT test.
import { Command, Option } from 'commander';
import { UserError } from '../base/user_error.ts';
import { rules } from '../checks/index.ts';
import { Recorder } from '../reduce/recorder.ts';
import { REDUCIBLE, reduced } from '../reduce/reduce.ts';
import { opsOf, type Scenario } from '../reduce/scenario.ts';
import { scenarioText } from '../reporters/scenario.ts';
import { scenarioC } from '../reporters/scenario_c.ts';
import { scenarioIgt } from '../reporters/scenario_igt.ts';
import { integer, outputOption } from './options.ts';
import { emit } from './output.ts';
import { runAnalysis } from './run_analysis.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { type MergeChoice, mergeOption, nameOf, traceOf } from './traces.ts';

const PRINTERS = {
  text: scenarioText,
  json: (scenario: Scenario) => `${JSON.stringify(scenario, exact, 2)}\n`,
  c: scenarioC,
  igt: scenarioIgt,
} as const;

interface ReduceChoice extends TraceChoice, MergeChoice {
  readonly rule: string;
  readonly job?: number;
  readonly format: keyof typeof PRINTERS;
  readonly output?: string;
}

export function reduceCommand(): Command {
  const command = new Command('reduce')
    .description('find the fewest ops, objects and jobs that still give a finding, and print them as a test')
    .argument('<trace...>', 'a trace; - is standard input; several files of one run with --merge')
    .addOption(new Option('--rule <rule>', `whose finding: ${REDUCIBLE.join(', ')}`).makeOptionMandatory())
    .addOption(new Option('--job <id>', 'the finding of this job; the first of the trace otherwise').argParser(integer))
    .addOption(
      new Option('--format <format>', 'text; json; c: a program for the lab’s ioctls; igt: the skeleton of an IGT test')
        .choices(Object.keys(PRINTERS))
        .default('text'),
    );
  return addTraceOptions(command.addOption(mergeOption()))
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace reduce trace.txt --rule missing-lock
  gpuvm-trace reduce trace.txt --rule missing-lock --job 26 --format c -o reduced.c

Ops are left out as long as the finding stays (delta debugging). Each try is carried out on the models of drm_gpuvm by a
driver that locks as the trace's does for each op, and makes the same mistakes with its steps, and is judged by the same
rule, at the same op and type of step. Addresses, objects and offsets then get plain numbers, where the finding stays.
Other rules depend on more than ops: on other tasks, page tables, or the kernel's own steps.

Exit codes: 0, 2 could not do the job: no such finding, or the ops alone do not give it.`,
    )
    .action(reduce);
}

async function reduce(files: readonly string[], options: ReduceChoice): Promise<void> {
  const { rule, job, format } = options;
  if (!rules.some(({ id }) => id === rule)) throw new UserError(`${rule} is no rule; see gpuvm-trace rules`);
  if (!REDUCIBLE.some((one) => one === rule))
    throw new UserError(
      `${rule} cannot be reduced: it depends on more than the ops of a VM; can: ${REDUCIBLE.join(', ')}`,
    );
  const trace = traceOf(files, options);
  const recorder = new Recorder(rule, job);
  await runAnalysis(trace, {
    ...(await traceOptionsOf(options)),
    mmu: 'off',
    passes: true,
    onJob: (one) => recorder.job(one),
  });
  const where = `${nameOf(trace)}: ${rule}${job === undefined ? '' : ` of job ${job}`}`;
  const { scenario, isUnsure, line } = recorder;
  if (scenario === undefined)
    throw new UserError(`${where}: not found${isUnsure ? ' but where events are missing' : ' in any job'}`);
  const smallest = reduced(scenario);
  if (smallest === undefined)
    throw new UserError(
      `${where}: the ${opsOf(scenario).length} ops up to the job at line ${line} do not give it by themselves: other tasks or what was before the trace have a part in it`,
    );
  emit(PRINTERS[format](smallest), options);
}

/** 64-bit values as hex digits where a double does not hold them. */
function exact(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}
