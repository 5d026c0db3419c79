// Requests and steps in a reader's words, as findings and `show` print them.
import { hex, ptrHex } from '../base/u64.ts';
import type { BindOp, StepEvent } from '../events/vm_event.ts';
import { UNKNOWN_OBJ } from '../gpuvm/gpuva.ts';
import type { Step } from '../gpuvm/sm_map.ts';
import type { OpView } from './fact.ts';

/** By enum drm_gpuva_op_type. */
export const STEP_TYPES = ['map', 'remap', 'unmap', 'prefetch'] as const;

export function describeOp(
  op: Pick<OpView, 'addr' | 'range' | 'obj' | 'offset'> & { kind?: BindOp; call?: string },
): string {
  const kind = (op.kind ?? op.call ?? '').toUpperCase();
  const where =
    op.addr === undefined || op.range === undefined ? '(address not probed)' : `${hex(op.addr)}+${hex(op.range)}`;
  const what = op.obj === 0 || op.obj === UNKNOWN_OBJ ? '' : ` of ${ptrHex(op.obj)} at offset ${hex(op.offset)}`;
  return `${kind} ${where}${what}`;
}

export function describeEvent(event: StepEvent): string {
  const type = (STEP_TYPES[event.type] ?? '?').toUpperCase();
  const where = event.addr === undefined || event.range === undefined ? '' : ` ${hex(event.addr)}+${hex(event.range)}`;
  return `${type}${where}${event.obj ? ` of ${ptrHex(event.obj)}` : ''}${event.keep ? ' keep' : ''}`;
}

export function describeStep(step: Step): string {
  const of = step.kind === 'map' ? step : step.va;
  const keep = step.kind !== 'map' && step.keep ? ' keep' : '';
  return `${step.kind.toUpperCase()} ${hex(of.addr)}+${hex(of.range)}${of.obj === 0 ? '' : ` of ${ptrHex(of.obj)}`}${keep}`;
}
