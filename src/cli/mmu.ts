// `mmu`: what the page tables of each VM hold, against what its VA space says.
import { Command } from 'commander';
import { type MmuMode, ptrHex, type Report } from '../index.ts';
import { compare } from '../mmu/compare.ts';
import { type MmuRow, mmuColumns } from '../reporters/columns.ts';
import { type Format, toFormat } from '../reporters/table.ts';
import { type Moment, runUntil } from './moment.ts';
import { atOption, formatOption, mmuOption, outputOption, probesOption, vmOption } from './options.ts';
import { emit } from './output.ts';
import { wantsVm } from './select.ts';

interface MmuOptions {
  readonly at: Moment;
  readonly format: Format;
  readonly output?: string;
  readonly vm?: readonly string[];
  readonly probes?: string;
  readonly mmu: MmuMode;
}

export function mmuCommand(): Command {
  return new Command('mmu')
    .description('compare the page tables of each VM with its VA space, counted in 4 KiB pages')
    .argument('<trace>', 'a trace; - is standard input')
    .addOption(atOption())
    .addOption(vmOption())
    .addOption(mmuOption())
    .addOption(probesOption())
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace mmu trace.txt --at last-job
  gpuvm-trace mmu trace.txt --at job:26 --format csv

pages: mapped by the VA space; used: present in the table; bad: mapped pages whose entry is absent or points
elsewhere; stray: pages in the table beyond the mapped ones. The table calls must be probed (lab_mmu_map,
lab_mmu_unmap).`,
    )
    .action(mmu);
}

async function mmu(file: string, options: MmuOptions): Promise<void> {
  const report = await runUntil(file, options.at, { probes: options.probes, mmu: options.mmu });
  const rows = [...rowsOf(report, options.vm)];
  emit(toFormat(options.format, mmuColumns, rows, { all: 'vms', one: 'vm' }), options);
}

const NONE = { pages: 0, used: 0, bad: 0, stray: 0 };

function* rowsOf(report: Report, vms: readonly string[] | undefined): Iterable<MmuRow> {
  for (const vm of report.world.vms.values()) {
    if (!wantsVm(vms, report, vm.id)) continue;
    const mappings = [...report.world.mappingsOf(vm)];
    const { table } = vm.tables;
    if (table === undefined && mappings.length === 0 && vm.complete) {
      yield { vm, counts: NONE };
    } else if (table !== undefined && vm.tables.targetsShown && vm.tables.complete && vm.complete) {
      yield { vm, counts: compare(mappings, table, (target) => report.world.memory.placeOf(target)) };
    } else {
      console.error(`gpuvm-trace: VM ${ptrHex(vm.id)}: not all of its table's history is in the trace`);
      process.exitCode = 3;
    }
  }
}
