// What a MAP step says about its object: does the range lie in it, and may this VM map it at all?
import { add, hex, ptrHex } from '../base/u64.ts';
import { OP_MAP, type StepEvent } from '../events/vm_event.ts';
import type { Context } from './context.ts';
import type { OpView, StepView } from './fact.ts';
import { tell } from './tell.ts';
import type { VmState } from './vm_state.ts';

export function checkMapped(
  context: Context,
  vm: VmState | undefined,
  event: StepEvent,
  view: StepView,
  op: OpView | undefined,
): void {
  const { obj, offset, addr, range } = event;
  if (event.type !== OP_MAP || !obj || addr === undefined || range === undefined) return;
  const state = context.world.objs.get(obj);
  if (state === undefined) return;
  const resv = context.world.resvOf(obj);
  const said = { line: view.line, vm, op, step: view, obj, resv, span: { addr, range } };
  const end = offset === undefined ? 0 : add(offset, range);
  if (state.size > 0 && end > state.size) {
    const detail = `offset ${hex(offset ?? 0)} + range ${hex(range)} is ${hex(end)}, the object has ${hex(state.size)} bytes`;
    tell(context, { kind: 'range_beyond', detail, ...said });
  }
  const owner = vm === undefined || vm.resv === 0 || resv === vm.resv ? undefined : context.world.ownerOf(resv);
  if (owner !== undefined) {
    const detail = `it shares the dma_resv of VM ${ptrHex(owner.id)}, to which it is private`;
    tell(context, { kind: 'foreign_private', detail, ...said });
  }
}
