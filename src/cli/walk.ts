// `walk`: what the GPU meets on its way to an address, level by level, beside what the VA space says.
import { Command, Option } from 'commander';
import type { Report } from '../analyze.ts';
import { hex, ptrHex, type U64 } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import { type Look, lookAt } from '../replay/look.ts';
import { printable } from '../reporters/escape.ts';
import type { Format } from '../reporters/formats.ts';
import { placed, toFormat } from '../reporters/table.ts';
import { walkColumns, walkRows, walkText } from '../reporters/walk.ts';
import { noVm, splitAddress, vmsAt } from './address.ts';
import { type Moment, parseMoment } from './moment.ts';
import { formatOption, outputOption, vmOption } from './options.ts';
import { emit } from './output.ts';
import { type RunOptions, runAnalysis } from './run_analysis.ts';
import { runUntil } from './run_until.ts';
import { isVm } from './select.ts';
import { withTrace } from './spooled.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { type MergeChoice, mergeOption, type Trace, traceOf } from './traces.ts';

interface WalkOptions extends TraceChoice, MergeChoice {
  readonly at?: Moment;
  readonly format: Format;
  readonly output?: string;
  readonly vm?: readonly string[];
}

export function walkCommand(): Command {
  const command = new Command('walk')
    .description('print what the GPU meets on its way to an address, level by level, beside what the VA space says')
    .usage('[options] <trace...> <address>')
    .argument(
      '<trace...>',
      'a trace (- is standard input; several files of one run with --merge), then a GPU address such as 0x114000',
    )
    .addOption(mergeOption())
    .addOption(
      new Option('--at <moment>', 'a time stamp, line:N, job:ID (when it ends), last-job, or end')
        .argParser(parseMoment)
        .default(undefined, 'when the last job that changed the address was done with it'),
    )
    .addOption(vmOption());
  return addTraceOptions(command)
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace walk trace.txt 0x114000
  gpuvm-trace walk trace.txt 0x114000 --at 57.727300      what the GPU saw at the time of a fault
  gpuvm-trace walk trace.txt 0x114000 --at job:26 --vm '#2' --format json

Without --at, evictions and the teardown of a VM that is gone by the end do not count: the moment is before them, with
the table writes of the last job that changed the address done. \`gpuvm-trace blame\` lists how it came to that.

Rights are left out: no probe shows them. hint: bytes that the walker may take for contiguous.

Exit codes: 0, 2 could not do the job, 3 the trace does not show all of the VM's history or of its page table.`,
    )
    .action(walk);
}

async function walk(args: readonly string[], options: WalkOptions): Promise<void> {
  const { files, address } = splitAddress(args, options);
  if (address === undefined) throw new UserError('an address is needed behind the trace, such as 0x114000');
  const { format, vm: wanted } = options;
  const run: RunOptions = {
    ...(await traceOptionsOf(options)),
    watch: { addr: address, vm: (vm) => isVm(wanted, vm) },
  };
  const { moment, report, callsShown } = await withTrace(traceOf(files, options), (trace) =>
    stateAt(trace, options.at, run),
  );
  const looks = vmsAt(report, address, wanted).map((vm) => lookAt(report.world, vm, address, callsShown));
  if (looks.length === 0) throw noVm(report, address, { vm: wanted, when: momentText(moment, report) });
  emit(renderWalk(looks, report, address, moment, format), options);
  for (const look of looks) warn(look);
}

interface State {
  readonly moment: Moment;
  readonly report: Report;
  /** Somewhere in the trace: before the first call a table is empty then, and not unknown. */
  readonly callsShown: boolean;
}

async function stateAt(trace: Trace, at: Moment | undefined, run: RunOptions): Promise<State> {
  const showsCalls = ({ world }: Report) => world.seen.has('mmu_map');
  if (at === undefined) {
    const whole = await runAnalysis(trace, run);
    const moment = lastChange(whole);
    return { moment, report: await runUntil(trace, moment, run), callsShown: showsCalls(whole) };
  }
  const report = await runUntil(trace, at, run);
  return { moment: at, report, callsShown: showsCalls(report) || showsCalls(await runAnalysis(trace, run)) };
}

/** Where the last job was done with the address; a VM that is still there at the end counts with all of its events. */
function lastChange({ world, jobs }: Report): Moment {
  const rows = new Map(jobs.map((row) => [row.line, row]));
  const overAt = (line: number) => Math.max(rows.get(line)?.endLine ?? 0, rows.get(line)?.ranLine ?? 0);
  let line = 0;
  for (const { job, vm, endLine } of world.watch?.entries ?? []) {
    if (job === undefined && world.vms.get(vm.id) !== vm) continue;
    line = Math.max(line, endLine, job === undefined ? 0 : overAt(job.line));
  }
  // Never touched: any moment will do at which its VM is still there.
  if (line === 0) line = jobs.reduce((last, row) => Math.max(last, row.endLine), 0);
  return line === 0 ? { kind: 'end' } : { kind: 'event', number: line };
}

export function renderWalk(
  looks: readonly Look[],
  report: Report,
  address: U64,
  moment: Moment,
  format: Format,
): string {
  const { watch } = report.world;
  if (format === 'text')
    return [
      `${hex(address)} ${momentText(moment, report)}\n`,
      ...looks.map((look) => walkText(look, watch, report.lines)),
    ].join('\n');
  const rows = looks.flatMap((look) => walkRows(look, watch));
  return toFormat(format, placed(walkColumns, report.lines), rows, { all: 'rows', one: 'row' });
}

function momentText(moment: Moment, { lines }: Report): string {
  switch (moment.kind) {
    case 'time':
      return `at ${moment.seconds}`;
    case 'line':
      return `after line ${moment.line}`;
    case 'event':
      return `after ${printable(lines.name(moment.number))}`;
    case 'job':
      return `after job ${moment.job}`;
    case 'last-job':
      return 'after the last job';
    case 'end':
      return 'at the end of the trace';
  }
}

function warn({ vm, spaceKnown, tableKnown }: Look): void {
  if (spaceKnown && tableKnown) return;
  const why = !spaceKnown
    ? 'not all of its history is in the trace'
    : vm.tables.complete
      ? 'the trace shows no page table call'
      : 'not all of its page table’s history is in the trace';
  console.error(`gpuvm-trace: VM ${ptrHex(vm.id)}: ${why}`);
  process.exitCode = 3;
}
