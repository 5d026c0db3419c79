// The step callbacks of drivers that carry out drm_gpuvm_sm_map() and drm_gpuvm_sm_unmap() themselves: one set of
// arguments for all of them.
import type { Args, ProbeSpec } from '../events/probe.ts';
import {
  type DriverName,
  type DriverStep,
  OP_MAP,
  OP_REMAP,
  OP_UNMAP,
  type StepPiece,
  type VmEvent,
} from '../events/vm_event.ts';
import { entry, ret } from './decode.ts';

const STEP_ARGS = [
  'op:ptr',
  'priv:ptr',
  'va:ptr',
  'keep:int',
  'gpuvm:ptr',
  'addr:u64',
  'range:u64',
  'obj:ptr',
  'offset:u64',
  'prev:ptr',
  'next:ptr',
  'prev_addr:u64',
  'prev_range:u64',
  'prev_offset:u64',
  'next_addr:u64',
  'next_range:u64',
  'next_offset:u64',
];

/** The members behind a NULL prev or next are stale bytes of the ring buffer. */
function piece(a: Args, at: number, members: number): StepPiece | undefined {
  const ptr = a.ptr(at) ?? 0;
  if (ptr === 0) return undefined;
  return { addr: a.u64(members), range: a.u64(members + 1), offset: a.u64(members + 2) };
}

function driverStep(driver: DriverName, type: number): (a: Args) => DriverStep {
  return (a) => ({
    kind: 'step',
    driver,
    by: 'driver',
    op: a.ptr(0) ?? 0,
    priv: a.ptr(1) ?? 0,
    type,
    va: a.ptr(2) ?? 0,
    keep: a.int(3) === 1,
    gpuvm: a.ptr(4) ?? 0,
    addr: a.u64(5),
    range: a.u64(6),
    obj: a.ptr(7),
    offset: a.u64(8),
    prev: type === OP_REMAP ? piece(a, 9, 11) : undefined,
    next: type === OP_REMAP ? piece(a, 10, 14) : undefined,
  });
}

function stepRet(a: Args): VmEvent | undefined {
  const code = a.int(1);
  return code === undefined ? undefined : { kind: 'step_ret', op: a.ptr(0) ?? 0, ret: code };
}

const RET_ARGS = ['op:ptr', 'ret:int'];

/** Entry and return of a driver's sm_step_map, sm_step_unmap and sm_step_remap (struct drm_gpuvm_ops). */
export function stepProbes(driver: DriverName, map: string, unmap: string, remap: string): ProbeSpec[] {
  return [
    entry('step_map', map, STEP_ARGS, driverStep(driver, OP_MAP)),
    entry('step_unmap', unmap, STEP_ARGS, driverStep(driver, OP_UNMAP)),
    entry('step_remap', remap, STEP_ARGS, driverStep(driver, OP_REMAP)),
    ret('step_map_ret', map, RET_ARGS, stepRet),
    ret('step_unmap_ret', unmap, RET_ARGS, stepRet),
    ret('step_remap_ret', remap, RET_ARGS, stepRet),
  ];
}
