// What msm prints of its VMs (vm_dbg() of msm_gem_vma.c): mappings that enter and leave the VA space, and what is written to the
// page tables. In a log that is all there is, and leads to no verdict. Beside probes, the lines on page tables stand for calls
// that are not probed, and those on mappings are not needed.
import type { Ptr } from '../base/u64.ts';
import type { LogTable, TableMap, TableUnmap } from '../events/vm_event.ts';
import { type Gpuva, UNKNOWN_OBJ } from '../gpuvm/gpuva.ts';
import type { Context, Handlers } from './context.ts';
import { LOG_VM } from './log_steps.ts';
import { LoggedVm } from './logged_vm.ts';
import { siteOf, tableHandlers, writeMap, writeUnmap } from './tables/index.ts';
import { treeHandlers } from './tree.ts';
import type { VmState } from './vm_state.ts';

export const logMappingHandlers: Handlers = {
  log_mapping(event, context) {
    const vm = context.world.logOnly ? context.world.vm(event.id || LOG_VM) : undefined;
    if (vm === undefined) return;
    vm.logged ??= new LoggedVm();
    const { what, va, addr, range } = event;
    const isNull = event.isNull ?? vm.logged.splitsNull;
    if (what === 'split') vm.logged.splitsNull = isNull;
    const one = { gpuvm: vm.id, va, addr, range, obj: isNull ? 0 : UNKNOWN_OBJ };
    if (what === 'map' || what === 'piece') {
      remove(context, vm, vm.tree.get(va)); // its memory is used again
      treeHandlers.va_insert?.({ kind: 'va_insert', ...one, offset: 0, flags: 0, ret: 0 }, context);
      const made = vm.tree.get(va);
      if (what === 'map' && made !== undefined) vm.logged.mapped(made);
      return;
    }
    const known = what === 'unmap' && context.world.seen.has('log_table') ? vm.tree.get(va) : undefined;
    const stays = known?.addr === addr && known.range === range && vm.logged.unmapped(known);
    if (!stays) treeHandlers.va_remove?.({ kind: 'va_remove', ...one }, context);
  },

  log_table(event, context) {
    if (!context.world.logOnly) {
      writeBesideProbes(context, event);
      return;
    }
    const gpuvm = event.id || LOG_VM;
    writeUnjudged(context, callOf(event, gpuvm));
    const vm = context.world.vms.get(gpuvm);
    const gone = vm?.logged?.written(event, vm.tree.find(event.addr, event.length));
    if (vm !== undefined && gone !== undefined && vm.tree.get(gone.id) === gone) remove(context, vm, gone);
  },
};

function remove(context: Context, vm: VmState, va: Gpuva | undefined): void {
  if (va === undefined) return;
  const { id, addr, range, obj } = va;
  treeHandlers.va_remove?.({ kind: 'va_remove', gpuvm: vm.id, va: id, addr, range, obj }, context);
}

function callOf({ what, addr, length }: LogTable, gpuvm: Ptr): TableMap | TableUnmap {
  const at = { code: 'msm-log', gpuvm, table: 0, addr, length, pgsize: 0 } as const;
  if (what !== 'map') return { kind: 'mmu_unmap', ...at, sparse: false };
  return { kind: 'mmu_map', ...at, prot: undefined, va: 0, to: undefined };
}

/** A hash is the VM's in whose job's run it was first met: what is written elsewhere may be another VM's (a shrinker's). */
function writeBesideProbes(context: Context, event: LogTable): void {
  const { world, task } = context;
  const { gpuvm, id } = event;
  if (task.run !== undefined && id !== 0) world.bindTable(id, task.run.vm);
  const known = gpuvm !== 0 ? gpuvm : world.vmOfTable(id)?.id;
  if (known === undefined) return;
  const call = callOf(event, known);
  world.seen.add(call.kind);
  if (call.kind === 'mmu_map') tableHandlers.mmu_map?.(call, context);
  else tableHandlers.mmu_unmap?.(call, context);
}

function writeUnjudged(context: Context, call: TableMap | TableUnmap): void {
  const { world, task } = context;
  const site = world.mmu === 'trace' && call.length !== 0 ? siteOf(call, context) : undefined;
  if (site === undefined) return;
  world.seen.add(call.kind);
  if (call.kind === 'mmu_map') writeMap(context, site, call);
  else writeUnmap(context, site, call);
  world.watch?.call(context, site.step);
  task.tableRun = undefined;
}
