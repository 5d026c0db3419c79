// A VM in a heading: its place among the trace's VMs, its name, its pointer.
import { hex, ptrHex } from '../base/u64.ts';
import type { VmState } from '../replay/vm_state.ts';

/** With the name as the trace has it: to be made printable. */
export function vmTitle({ id, name, ordinal }: Pick<VmState, 'id' | 'name' | 'ordinal'>): string {
  return `VM ${ordinal}${name === '' ? '' : ` "${name}"`} ${ptrHex(id)}`;
}

/** With what it can map. */
export function vmBounds(vm: VmState): string {
  return `${vmTitle(vm)} maps ${hex(vm.init.mmStart)}+${hex(vm.init.mmRange)}`;
}
