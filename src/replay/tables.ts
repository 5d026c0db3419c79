// The page tables of each VM, as the driver's table calls leave them. Kept only where the caller asks for them.
import { OP_MAP } from '../events/vm_event.ts';
import { flat, flatMap, flatUnmap } from '../mmu/formats/flat.ts';
import { PageTable } from '../mmu/pgtable.ts';
import type { Context, Handlers } from './context.ts';
import type { VmState } from './vm_state.ts';

/** The VM's table; undefined while its bounds are not known. */
function tableOf(vm: VmState | undefined): PageTable | undefined {
  if (vm === undefined || !vm.initKnown) return undefined;
  vm.table ??= new PageTable(flat(vm.init.mmStart, vm.init.mmRange));
  return vm.table;
}

/** The object of the MAP step in which the call is made: the table entry itself holds only the driver's number for it. */
function objOfStep(context: Context) {
  const event = context.task.step?.event;
  return event?.type === OP_MAP ? event.obj : undefined;
}

export const tableHandlers: Handlers = {
  mmu_map(event, context) {
    const { world, where } = context;
    if (!world.tables) return;
    const vm = world.vm(event.gpuvm);
    const table = tableOf(vm);
    if (vm === undefined || table === undefined) return;
    if (event.pte === undefined) vm.tableShown = false;
    else flatMap(table, event.addr, event.length, event.pte, where.line, objOfStep(context));
  },

  mmu_unmap(event, context) {
    const { world, where } = context;
    if (!world.tables) return;
    const table = tableOf(world.vm(event.gpuvm));
    if (table !== undefined) flatUnmap(table, event.addr, event.length, where.line);
  },
};
