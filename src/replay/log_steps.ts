// Requests and steps that a driver printed to the kernel's log (xe with CONFIG_DRM_XE_DEBUG_VM). They name no VM and no object:
// they lead to mappings as one VM has them, and to no verdict. Where the calls themselves are probed, these tell.
import { OP_MAP, OP_REMAP, OP_UNMAP } from '../events/vm_event.ts';
import { UNKNOWN_OBJ } from '../gpuvm/gpuva.ts';
import { applyHandlers } from './apply.ts';
import type { Handlers } from './context.ts';
import { driverStep, finishStep } from './steps.ts';

/** Stands for the VM of a log that names none: no kernel pointer. */
export const LOG_VM = 1;
/** That there is a piece; the request and the old mapping say which. */
const SHOWN = { addr: undefined, range: undefined, offset: undefined } as const;

const TYPES = { map: OP_MAP, unmap: OP_UNMAP, remap: OP_REMAP } as const;

export const logStepHandlers: Handlers = {
  log_request(event, context) {
    if (!context.world.logOnly) return;
    const { call, addr, range } = event;
    const obj = call === 'map' ? UNKNOWN_OBJ : 0;
    const request = { gpuvm: LOG_VM, call, list: false, addr, range, obj, offset: event.offset } as const;
    applyHandlers.sm_request?.({ kind: 'sm_request', ...request }, context);
  },

  log_step(event, context) {
    if (!context.world.logOnly) return;
    const { type, addr, range, keep } = event;
    const of = { op: 0, priv: 0, va: 0, gpuvm: LOG_VM, obj: undefined, offset: undefined } as const;
    const piece = type === 'remap' ? SHOWN : undefined;
    driverStep(
      {
        kind: 'step',
        by: 'driver',
        driver: 'xe',
        ...of,
        type: TYPES[type],
        keep,
        addr,
        range,
        prev: piece,
        next: piece,
      },
      context,
    );
    finishStep(context, true);
  },
};
