// `blame`: everything that ever shaped an address, and what it was at the time of a GPU fault.
import { Command, Option } from 'commander';
import type { Report } from '../analyze.ts';
import { hex, ptrHex, type U64 } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import { parseCrash } from '../dumps/index.ts';
import type { LineNames } from '../events/lines.ts';
import type { VmCrash } from '../events/vm_crash.ts';
import { readFileSync } from '../io/text_file.ts';
import { lookAt } from '../replay/look.ts';
import type { VmState } from '../replay/vm_state.ts';
import { coversAddress, type Watch } from '../replay/watch.ts';
import { type BlameRow, blameColumns } from '../reporters/blame_rows.ts';
import { blameText } from '../reporters/blame_text.ts';
import { crashText, viewCrash } from '../reporters/crash.ts';
import { type Fault, isBefore, verdictOf, verdictWithoutVm } from '../reporters/fault.ts';
import type { Format } from '../reporters/formats.ts';
import { counted } from '../reporters/style.ts';
import { placed, toFormat } from '../reporters/table.ts';
import { vmTitle } from '../reporters/vm_title.ts';
import { noVm, parseAddress, splitAddress, vmsAt } from './address.ts';
import { fitted } from './fitted.ts';
import { formatOption, outputOption, vmOption } from './options.ts';
import { emit, terminalWidth } from './output.ts';
import { type RunOptions, runAnalysis } from './run_analysis.ts';
import { isVm } from './select.ts';
import { withTrace } from './spooled.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { type MergeChoice, mergeOption, type Trace, traceOf } from './traces.ts';

interface BlameOptions extends TraceChoice, MergeChoice {
  readonly devcoredump?: string;
  readonly fault?: Fault;
  readonly format: Format;
  readonly output?: string;
  readonly vm?: readonly string[];
}

export function blameCommand(): Command {
  const command = new Command('blame')
    .description(
      'list everything that ever shaped an address; with --fault: say first what it was at that time and why',
    )
    .usage('[options] <trace...> [address]')
    .argument(
      '<trace...>',
      'a trace (- is standard input; several files of one run with --merge), then a GPU address such as 0x114000, which may be left out with --fault or --devcoredump',
    )
    .addOption(mergeOption())
    .addOption(
      new Option('--fault <address@time>', 'a GPU fault: its address and its time as the trace prints times').argParser(
        parseFault,
      ),
    )
    .option(
      '--devcoredump <file>',
      'msm’s devcoredump of a GPU’s crash, or a kernel’s log with its fault and vm-log: what it says of the address, and its fault’s is the default',
    )
    .addOption(vmOption());
  return addTraceOptions(command)
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace blame trace.txt 0x114000                     what was ever done at this address, by whom
  gpuvm-trace blame trace.txt --fault 0x114000@57.727300   was it mapped then, and if not, who unmapped it
  gpuvm-trace blame trace.txt 0x114000 --vm '#2' --format csv
  gpuvm-trace blame trace.txt --devcoredump data           /sys/class/devcoredump/devcd*/data, saved after the fault

Events: bind and unbind (ops of an ioctl), listed and step (what drm_gpuvm makes of them), insert and remove (the VA
space), table map and unmap (the page table), as lock, as unlock and flush, sparse, evict. Flushes of everything are
listed only where the entry was changed since the last one. leads to: where this very address leads, not the range.
locks: what the task holds in a drm_exec then, and whether that protects the object concerned (steps must, immediate
mode aside; the VA space itself is protected by a lock of the driver). Check judges them, not this list.
A terminal that is too narrow for the table gets two lines an event or more; a pipe gets a line an event.

Exit codes: 0, 2 could not do the job, 3 the trace does not show all of the VM's history, or events were given up.`,
    )
    .action(blame);
}

function parseFault(text: string): Fault {
  const [, where, time] = /^([^@]*)@(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (where === undefined || time === undefined)
    throw new UserError(`${text} is no fault; expected ADDRESS@TIME such as 0x114000@57.727300`);
  return { addr: parseAddress(where), time };
}

async function blame(args: readonly string[], options: BlameOptions): Promise<void> {
  const { fault, devcoredump } = options;
  const crash = devcoredump === undefined ? undefined : parseCrash(readFileSync(devcoredump), devcoredump);
  const { files, address = fault?.addr ?? crash?.fault?.addr } = splitAddress(args, options);
  if (address === undefined) {
    const why = crash === undefined ? 'an address is needed' : `${devcoredump} names no fault, so an address is needed`;
    throw new UserError(`${why}: as an argument, or with --fault ADDRESS@TIME`);
  }
  if (fault !== undefined && fault.addr !== address)
    throw new UserError(`the address is ${hex(address)}, and that of --fault is ${hex(fault.addr)}: give one of them`);
  await withTrace(traceOf(files, options), (copy) => blameIn(copy, address, crash, options));
}

async function blameIn(trace: Trace, address: U64, crash: VmCrash | undefined, options: BlameOptions): Promise<void> {
  const { fault, format, vm } = options;
  const run: RunOptions = {
    ...(await traceOptionsOf(options)),
    watch: { addr: address, vm: (one) => isVm(vm, one) },
  };
  const report = await runAnalysis(trace, run);
  const { watch } = report.world;
  if (watch === undefined) return;
  const rows: BlameRow[] = watch.entries.map((entry) => ({ entry }));
  if (fault !== undefined) {
    for (const row of await faultRows(trace, fault, report, options)) {
      const at = rows.findIndex(({ entry }) => entry !== undefined && !isBefore(entry, fault));
      rows.splice(at < 0 ? rows.length : at, 0, row);
    }
  } else if (crash === undefined && !watch.vms.some((one) => coversAddress(one, address))) {
    throw noVm(report, address, { vm, when: 'in the trace' });
  }
  const left = crash && viewCrash(options.devcoredump ?? '', crash, watch, report.lines);
  const nothing = rows.length === 0 ? `${hex(address)}: nothing in the trace touches it\n` : '';
  const all: BlameRow[] = [...(left?.rows ?? []).map((row) => ({ crash: row })), ...rows];
  const head = left === undefined ? '' : `${crashText(left)}\n`;
  const width = terminalWidth(options);
  if (format === 'text') emit(fitted(head + (nothing || blameText(rows, report.lines, width)), width), options);
  else emit(toFormat(format, placed(blameColumns, report.lines), all, { all: 'events', one: 'event' }), options);
  warn(rows, address, watch);
}

/** The state at the time of the fault is that of a second reading, which ends there. */
async function faultRows(trace: Trace, fault: Fault, whole: Report, options: BlameOptions): Promise<BlameRow[]> {
  let first: string | undefined;
  const then = await runAnalysis(trace, {
    ...(await traceOptionsOf(options)),
    until: (where) => {
      const time = where.time();
      first ??= time;
      return Number(time) <= Number(fault.time);
    },
  });
  if (first === '') throw new UserError(`${whole.file}: the trace has no time stamps to look for ${fault.time}`);
  if (first !== undefined && Number(first) > Number(fault.time))
    throw new UserError(`${whole.file}: the trace begins at ${first}, after the fault at ${fault.time}`);
  const { watch } = whole.world;
  const met = (watch?.vms ?? []).filter((vm) => coversAddress(vm, fault.addr));
  const rows: BlameRow[] = [];
  for (const there of vmsAt(then, fault.addr, options.vm)) {
    const vm = met.find(({ ordinal }) => ordinal === there.ordinal) ?? there;
    const entries = (watch?.entries ?? []).filter((entry) => entry.vm === vm);
    const look = { ...lookAt(then.world, there, fault.addr, whole.world.seen.has('mmu_map')), vm };
    rows.push({ fault: verdictOf(fault, look, { entries, dropped: watch?.dropped ?? 0, lines: whole.lines }) });
  }
  if (rows.length > 0) return rows;
  if (met.length === 0) throw noVm(whole, fault.addr, { vm: options.vm, when: 'in the trace' });
  const shown = met.slice(0, 4).map((vm) => `${vmTitle(vm)}, ${lifeText(vm, watch, whole.lines)}`);
  return [{ fault: verdictWithoutVm(fault, shown.join('; ')) }];
}

function lifeText(vm: VmState, watch: Watch | undefined, lines: LineNames): string {
  const made = vm.line === 0 ? 'made before the trace begins' : `made at ${lines.name(vm.line)}`;
  const freed = watch?.entries.findLast((entry) => entry.kind === 'free' && entry.vm === vm);
  return freed === undefined ? made : `${made}, freed at ${freed.time}, ${lines.name(freed.line)}`;
}

function warn(rows: readonly BlameRow[], address: U64, watch: Watch): void {
  const say = (text: string) => {
    console.error(`gpuvm-trace: ${text}`);
    process.exitCode = 3;
  };
  for (const vm of watch.vms) {
    if (!coversAddress(vm, address)) continue;
    if (!vm.complete) say(`VM ${ptrHex(vm.id)}: not all of its history is in the trace, so events may be missing here`);
    else if (vm.tables.table !== undefined && !vm.tables.complete)
      say(`VM ${ptrHex(vm.id)}: not all of its page table's history is in the trace`);
  }
  if (watch.dropped > 0) say(`the oldest ${counted(watch.dropped, 'event')} of ${hex(address)} are left out`);
  const blind = rows.find(({ fault }) => fault?.word === 'space only');
  if (blind !== undefined) say('the trace shows no page table call: only the VA space is known');
}
