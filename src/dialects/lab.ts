// The lab's own driver (fixtures/lab): its ioctl, job and step functions, and its page table calls.
import type { Args, ProbeSpec } from '../events/probe.ts';
import {
  type BindOp,
  type DriverStep,
  OP_MAP,
  OP_REMAP,
  OP_UNMAP,
  type StepPiece,
  type VmEvent,
} from '../events/vm_event.ts';
import { entry, ret } from './decode.ts';

/** enum lab_op of the module's uapi header. */
const BIND_OPS: readonly BindOp[] = ['map', 'unmap', 'map_null', 'prefetch', 'bo_unmap', 'madvise'];

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

export function driverStep(type: number): (a: Args) => DriverStep {
  return (a) => ({
    kind: 'step',
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

const JOB_ARGS = ['job:ptr', 'id:int', 'gpuvm:ptr', 'exec:ptr', 'nops:int'];

export const labProbes: readonly ProbeSpec[] = [
  entry('bind', 'lab_ioctl_vm_bind', ['op_count:int'], (a) => ({ kind: 'bind', opCount: a.int(0) })),
  ret('bind_ret', 'lab_ioctl_vm_bind', ['job:int', 'ret|arg1:int'], (a) => ({
    kind: 'bind_ret',
    job: a.int(0),
    ret: a.int(1),
  })),
  entry('submit', 'lab_ioctl_submit', [], () => ({ kind: 'other_ioctl' })),
  ret('submit_ret', 'lab_ioctl_submit', [], () => ({ kind: 'other_ioctl_ret' })),
  entry('lock_pass', 'lab_lock_pass', JOB_ARGS, (a) => ({
    kind: 'lock_pass',
    job: a.ptr(0) ?? 0,
    id: a.int(1),
    gpuvm: a.ptr(2) ?? 0,
    exec: a.ptr(3) ?? 0,
    opCount: a.int(4),
  })),
  ret('lock_pass_ret', 'lab_lock_pass', ['job:ptr', 'ret:int'], (a) => ({
    kind: 'lock_pass_ret',
    job: a.ptr(0) ?? 0,
    ret: a.int(1) ?? 0,
  })),
  entry('apply', 'lab_apply', JOB_ARGS, (a) => ({
    kind: 'apply',
    job: a.ptr(0) ?? 0,
    id: a.int(1),
    gpuvm: a.ptr(2) ?? 0,
  })),
  ret('apply_ret', 'lab_apply', ['job:ptr', 'ret:int'], (a) => ({
    kind: 'apply_ret',
    job: a.ptr(0) ?? 0,
    ret: a.int(1) ?? 0,
  })),
  entry(
    'apply_op',
    'lab_apply_op',
    ['job:ptr', 'gpuvm:ptr', 'idx:int', 'op:int', 'addr:u64', 'range:u64', 'obj:ptr', 'offset:u64'],
    (a) => ({
      kind: 'apply_op',
      job: a.ptr(0) ?? 0,
      gpuvm: a.ptr(1) ?? 0,
      index: a.int(2) ?? 0,
      op: BIND_OPS[a.int(3) ?? -1] ?? 'other',
      addr: a.u64(4) ?? 0,
      range: a.u64(5) ?? 0,
      obj: a.ptr(6) ?? 0,
      offset: a.u64(7) ?? 0,
    }),
  ),
  entry('step_map', 'lab_sm_step_map', STEP_ARGS, driverStep(OP_MAP)),
  entry('step_unmap', 'lab_sm_step_unmap', STEP_ARGS, driverStep(OP_UNMAP)),
  entry('step_remap', 'lab_sm_step_remap', STEP_ARGS, driverStep(OP_REMAP)),
  ret('step_map_ret', 'lab_sm_step_map', ['op:ptr', 'ret:int'], stepRet),
  ret('step_unmap_ret', 'lab_sm_step_unmap', ['op:ptr', 'ret:int'], stepRet),
  ret('step_remap_ret', 'lab_sm_step_remap', ['op:ptr', 'ret:int'], stepRet),
  entry('drv_bo_free', 'lab_bo_free', ['obj:ptr'], (a) => ({ kind: 'obj_free', obj: a.ptr(0) ?? 0 })),
  entry('mmu_map', 'lab_mmu_map', ['gpuvm:ptr', 'addr:u64', 'len:u64', 'pte:u64'], (a) => ({
    kind: 'mmu_map',
    gpuvm: a.ptr(0) ?? 0,
    addr: a.u64(1) ?? 0,
    length: a.u64(2) ?? 0,
    pte: a.u64(3),
  })),
  entry('mmu_unmap', 'lab_mmu_unmap', ['gpuvm:ptr', 'addr:u64', 'len:u64'], (a) => ({
    kind: 'mmu_unmap',
    gpuvm: a.ptr(0) ?? 0,
    addr: a.u64(1) ?? 0,
    length: a.u64(2) ?? 0,
  })),
];
