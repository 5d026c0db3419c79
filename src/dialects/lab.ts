// The lab's own driver (fixtures/lab): its ioctl, job and step functions, and its page table calls.
import type { ProbeSpec } from '../events/probe.ts';
import type { BindOp } from '../events/vm_event.ts';
import { bind, bindRet, entry, JOB_ARGS, jobOf, ret } from './decode.ts';
import { stepProbes } from './steps.ts';
import { MAP_ARGS, tableMap, tableUnmap, UNMAP_ARGS } from './tables.ts';

/** enum lab_op of the module's uapi header. */
const BIND_OPS: readonly BindOp[] = ['map', 'unmap', 'map_null', 'prefetch', 'bo_unmap', 'madvise'];

export const labProbes: readonly ProbeSpec[] = [
  bind('lab', 'lab_ioctl_vm_bind'),
  bindRet('lab_ioctl_vm_bind'),
  entry('submit', 'lab_ioctl_submit', [], () => ({ kind: 'other_ioctl' })),
  ret('submit_ret', 'lab_ioctl_submit', [], () => ({ kind: 'other_ioctl_ret' })),
  entry('lock_pass', 'lab_lock_pass', JOB_ARGS, (a) => ({
    kind: 'lock_pass',
    ...jobOf(a),
    exec: a.ptr(3) ?? 0,
    opCount: a.int(4),
  })),
  ret('lock_pass_ret', 'lab_lock_pass', ['job:ptr', 'ret:int'], (a) => ({
    kind: 'lock_pass_ret',
    job: a.ptr(0) ?? 0,
    ret: a.int(1) ?? 0,
  })),
  entry('apply', 'lab_apply', JOB_ARGS, (a) => ({ kind: 'apply', ...jobOf(a) })),
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
  ...stepProbes('lab', 'lab_sm_step_map', 'lab_sm_step_unmap', 'lab_sm_step_remap'),
  entry('drv_bo_free', 'lab_bo_free', ['obj:ptr'], (a) => ({ kind: 'obj_free', obj: a.ptr(0) ?? 0 })),
  entry('mmu_map', 'lab_mmu_map', MAP_ARGS, tableMap('lab')),
  entry('mmu_unmap', 'lab_mmu_unmap', UNMAP_ARGS, tableUnmap('lab')),
];
