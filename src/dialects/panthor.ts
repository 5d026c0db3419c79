// panthor (panthor_mmu.c): one job an op; tree and tables are changed together when the job runs, under the VM's op_lock
// and with the accesses of the GPU locked out.
import { type U64, wrap } from '../base/u64.ts';
import type { Args, ProbeSpec, TracepointText } from '../events/probe.ts';
import type { TableMap, TableUnmap } from '../events/vm_event.ts';
import { drmDebug, entry, isErrPtr, JOB_ARGS, jobOf, ret, tracepoint, vmCreate } from './decode.ts';
import { stepProbes } from './steps.ts';
import { FLUSH_ARGS, tlbFlush } from './tables.ts';

/** Kernels that print `iova` without 0x print it before the call and tell of no pages: theirs is another text. */
function debugText(what: 'map' | 'unmap', rest: string): TracepointText {
  const head = `${what}: as=-?\\d+, iova=(?=0x)`;
  return drmDebug('panthor', String.raw`panthor_[\w.]+`, head, `{iova}, sz={sz}, ${rest}`, `${what}: as=0, iova=`);
}

/** `iova` and `sz` are the region's that is worked on: a call's own are its address and the pages that it did. */
const PAGES_ARGS = ['va:u64', 'pgcnt:u64', 'pgsz:u64'];

function bytesOf(count: U64, size: U64): U64 {
  const bytes = Number(count) * Number(size);
  return Number.isSafeInteger(bytes) ? bytes : wrap(BigInt(count) * BigInt(size));
}

function debugMap(a: Args): TableMap | undefined {
  const [addr, count, size, phys] = [a.u64(0), a.u64(1), a.u64(2), a.u64(3)];
  if (addr === undefined || count === undefined || size === undefined || phys === undefined) return undefined;
  const to = { kind: 'phys', addr: phys } as const;
  const length = bytesOf(count, size);
  return {
    kind: 'mmu_map',
    code: 'panthor',
    gpuvm: 0,
    table: 0,
    addr,
    length,
    pgsize: Number(size),
    prot: undefined,
    va: 0,
    to,
  };
}

function debugUnmap(a: Args): TableUnmap | undefined {
  const [addr, count, size] = [a.u64(0), a.u64(1), a.u64(2)];
  if (addr === undefined || count === undefined || size === undefined) return undefined;
  const length = bytesOf(count, size);
  return {
    kind: 'mmu_unmap',
    code: 'panthor',
    gpuvm: 0,
    table: 0,
    addr,
    length,
    pgsize: Number(size),
    sparse: false,
  };
}

export const panthorProbes: readonly ProbeSpec[] = [
  entry('bind', 'panthor_ioctl_vm_bind', [], () => ({ kind: 'other_ioctl' })),
  ret('bind_ret', 'panthor_ioctl_vm_bind', [], () => ({ kind: 'other_ioctl_ret' })),
  ret('job_create', 'panthor_vm_bind_job_create', ['job:ptr', 'gpuvm|vm:ptr', 'file:ptr'], (a) => {
    const job = a.ptr(0) ?? 0;
    if (job === 0 || isErrPtr(job)) return undefined;
    return { kind: 'job_new', driver: 'panthor', job, gpuvm: a.ptr(1) ?? 0, file: a.ptr(2) ?? 0 };
  }),
  ...vmCreate('panthor_ioctl_vm_create'),
  entry('work', 'panthor_vm_bind_run_job', JOB_ARGS, (a) => ({ kind: 'apply', ...jobOf(a) })),
  ret('work_ret', 'panthor_vm_bind_run_job', ['job|sched_job:ptr', 'run_ret:int'], (a) => ({
    kind: 'apply_ret',
    job: a.ptr(0) ?? 0,
    ret: a.int(1) ?? 0,
  })),
  ...stepProbes('panthor', 'panthor_gpuva_sm_step_map', 'panthor_gpuva_sm_step_unmap', 'panthor_gpuva_sm_step_remap'),
  entry('lock_region', 'panthor_vm_lock_region', ['gpuvm|vm:ptr', 'start|addr:u64', 'size:u64'], (a) => ({
    kind: 'as_lock',
    gpuvm: a.ptr(0) ?? 0,
    addr: a.u64(1) ?? 0,
    size: a.u64(2) ?? 0,
  })),
  entry('unlock_region', 'panthor_vm_unlock_region', ['gpuvm|vm:ptr'], (a) => ({
    kind: 'as_unlock',
    gpuvm: a.ptr(0) ?? 0,
  })),
  entry('flush_range', 'panthor_vm_flush_range', FLUSH_ARGS, tlbFlush),
  tracepoint(
    'printk:console',
    debugText('map', 'va={va}, pa={pa}, pgcnt={pgcnt}, pgsz={pgsz}'),
    [...PAGES_ARGS, 'pa:u64'],
    debugMap,
  ),
  tracepoint('printk:console', debugText('unmap', 'va={va}, pgcnt={pgcnt}, pgsz={pgsz}'), PAGES_ARGS, debugUnmap),
];
