// `state`: the mappings of each VM at a moment.
import { Command, Option } from 'commander';
import type { Report } from '../analyze.ts';
import { ptrHex } from '../base/u64.ts';
import { type StateRow, stateColumns, vmColumns } from '../reporters/columns.ts';
import { FORMATS } from '../reporters/formats.ts';
import { gpuvas } from '../reporters/gpuvas.ts';
import { toFormat, toJson, toNdjson, toObject } from '../reporters/table.ts';
import type { Moment } from './moment.ts';
import { atOption, outputOption, vmOption } from './options.ts';
import { emit } from './output.ts';
import { runUntil } from './run_until.ts';
import { wantsVm } from './select.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { type MergeChoice, mergeOption, traceOf } from './traces.ts';

const STATE_FORMATS = [...FORMATS, 'gpuvas'] as const;

interface StateOptions extends TraceChoice, MergeChoice {
  readonly at: Moment;
  readonly format: (typeof STATE_FORMATS)[number];
  readonly output?: string;
  readonly vm?: readonly string[];
}

export function stateCommand(): Command {
  const command = new Command('state')
    .description('print the mappings of each VM at a moment of the trace')
    .argument('<trace...>', 'a trace; - is standard input; several files of one run with --merge')
    .addOption(mergeOption())
    .addOption(atOption())
    .addOption(vmOption());
  return addTraceOptions(command)
    .addOption(
      new Option('--format <format>', 'gpuvas prints exactly what debugfs does').choices(STATE_FORMATS).default('text'),
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace state trace.txt --at last-job
  gpuvm-trace state trace.txt --at job:26 --format csv
  gpuvm-trace state trace.txt --at 49.023 --format gpuvas | diff - gpuvas.txt

The trace's end often lies behind the teardown of the VM: --at last-job is before it.

Exit codes: 0, 2 could not do the job, 3 the trace does not show all of a VM's history.`,
    )
    .action(state);
}

async function state(files: readonly string[], options: StateOptions): Promise<void> {
  const report = await runUntil(traceOf(files, options), options.at, await traceOptionsOf(options));
  emit(render(report, options), options);
  for (const vm of report.world.vms.values()) {
    if (vm.complete || !wantsVm(options.vm, report, vm.id)) continue;
    console.error(
      `gpuvm-trace: VM ${ptrHex(vm.id)}: not all of its history is in the trace, so mappings may be missing here`,
    );
    process.exitCode = 3;
  }
}

function* rowsOf(report: Report, vms: readonly string[] | undefined): Iterable<StateRow> {
  for (const vm of report.world.vms.values()) {
    if (!wantsVm(vms, report, vm.id)) continue;
    for (const va of report.world.mappingsOf(vm)) yield { vm, va, resv: report.world.resvOf(va.obj) };
  }
}

function render(report: Report, options: StateOptions): string {
  const { format, vm: vms } = options;
  const shown = [...report.world.vms.values()].filter((vm) => wantsVm(vms, report, vm.id));
  if (format === 'gpuvas') return shown.map((vm) => gpuvas(vm, report.world.mappingsOf(vm))).join('');
  const rows = [...rowsOf(report, vms)];
  const objects = () => shown.map((vm) => toObject(vmColumns, vm));
  if (format === 'json') return toJson({ vms: objects(), mappings: rows.map((row) => toObject(stateColumns, row)) });
  if (format === 'ndjson')
    return (
      toNdjson('vm', objects()) +
      toNdjson(
        'mapping',
        rows.map((row) => toObject(stateColumns, row)),
      )
    );
  return toFormat(format, stateColumns, rows, { all: 'mappings', one: 'mapping' });
}
