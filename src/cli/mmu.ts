// `mmu`: what the page tables of each VM hold, against what its VA space says.
import { Command } from 'commander';
import type { Report } from '../analyze.ts';
import { ptrHex } from '../base/u64.ts';
import { compare } from '../mmu/compare.ts';
import { granule, sizeName } from '../mmu/format.ts';
import type { PageTable } from '../mmu/pgtable.ts';
import type { VmState } from '../replay/vm_state.ts';
import type { MmuMode } from '../replay/world.ts';
import { type MmuRow, mmuColumns } from '../reporters/columns.ts';
import type { Format } from '../reporters/formats.ts';
import { toFormat } from '../reporters/table.ts';
import type { Moment } from './moment.ts';
import { atOption, formatOption, mmuOption, outputOption, vmOption } from './options.ts';
import { emit } from './output.ts';
import { runUntil } from './run_until.ts';
import { wantsVm } from './select.ts';
import { addTraceOptions, type TraceChoice, traceOptionsOf } from './trace_options.ts';
import { type MergeChoice, mergeOption, traceOf } from './traces.ts';

interface MmuOptions extends TraceChoice, MergeChoice {
  readonly at: Moment;
  readonly format: Format;
  readonly output?: string;
  readonly vm?: readonly string[];
  readonly mmu: MmuMode;
}

export function mmuCommand(): Command {
  const command = new Command('mmu')
    .description('compare the page tables of each VM with its VA space, counted in 4 KiB pages')
    .argument('<trace...>', 'a trace; - is standard input; several files of one run with --merge')
    .addOption(mergeOption())
    .addOption(atOption())
    .addOption(vmOption())
    .addOption(mmuOption());
  return addTraceOptions(command)
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace mmu trace.txt --at last-job
  gpuvm-trace mmu trace.txt --at job:26 --format csv

pages: mapped by the VA space; used: present in the table; bad: mapped pages whose entry is absent or points
elsewhere; stray: pages in the table beyond the mapped ones (used - pages); stale: pages in the table that nothing
is mapped at. awaited: jobs that changed the VA space and have not written their tables yet, so that pages are
late, not bad. blocks: leaves above the smallest page; tables: of each level, root first.

The driver's table calls must be probed; without them --mmu derive shows what its steps call for.

Exit codes: 0, 2 could not do the job, 3 the trace does not show all of a VM's tables.`,
    )
    .action(mmu);
}

async function mmu(files: readonly string[], options: MmuOptions): Promise<void> {
  const report = await runUntil(traceOf(files, options), options.at, {
    ...(await traceOptionsOf(options)),
    mmu: options.mmu,
  });
  const rows = [...rowsOf(report, options.vm)];
  emit(renderMmu(rows, options.format), options);
}

export function renderMmu(rows: readonly MmuRow[], format: Format): string {
  return toFormat(format, mmuColumns, rows, { all: 'vms', one: 'vm' });
}

const NONE = { pages: 0, used: 0, bad: 0, stray: 0, stale: 0 };

/** Leaves above the smallest page, by size. */
function blocksOf(table: PageTable): string {
  const counts = new Map<number, number>();
  for (const { pgsize, addr, end } of table.runs()) {
    if (pgsize > granule(table.format)) counts.set(pgsize, (counts.get(pgsize) ?? 0) + (end - addr) / pgsize);
  }
  const sizes = [...counts].sort(([a], [b]) => a - b);
  return sizes.map(([size, count]) => `${sizeName(size)}:${count}`).join(' ');
}

/** Tables of each level, root first. */
function tablesOf(table: PageTable): string {
  return table.format.levels.map((_, level) => table.tableCount(level)).join('/');
}

/** Undefined where the trace does not show all of it. */
export function mmuRow({ world }: Report, vm: VmState): MmuRow | undefined {
  const mappings = [...world.mappingsOf(vm)];
  const { table, targetsShown, complete, clock, jobs } = vm.tables;
  if (!vm.known.unbroken) return undefined;
  if (table === undefined && mappings.length === 0)
    return { vm, counts: NONE, awaited: 0, blocks: '', tables: '', format: '' };
  if (table === undefined || !targetsShown || !complete) return undefined;
  const counts = compare(mappings, table, world.placeOf);
  const awaited = clock === 'run' ? jobs.size : 0;
  return { vm, counts, awaited, blocks: blocksOf(table), tables: tablesOf(table), format: table.format.name };
}

function* rowsOf(report: Report, vms: readonly string[] | undefined): Iterable<MmuRow> {
  for (const vm of report.world.vms.values()) {
    if (!wantsVm(vms, report, vm.id)) continue;
    const row = mmuRow(report, vm);
    if (row !== undefined) yield row;
    else {
      console.error(`gpuvm-trace: VM ${ptrHex(vm.id)}: not all of its table's history is in the trace`);
      process.exitCode = 3;
    }
  }
}
