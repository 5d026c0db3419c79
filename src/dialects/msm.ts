// msm (drivers/gpu/drm/msm: msm_gem_vma.c, msm_iommu.c): lock pass and tree changes in the ioctl, table writes when the
// scheduler runs the job.
import { type Ptr, ptrFromU64, sub } from '../base/u64.ts';
import type { Args, ProbeSpec } from '../events/probe.ts';
import type { LogMapping, LogTable, VmEvent } from '../events/vm_event.ts';
import { bind, bindRet, entry, JOB_ARGS, jobOf, prDebug, rawPtr, ret, run, tracepoint, vmClose } from './decode.ts';
import { stepProbes } from './steps.ts';
import { MAP_ARGS, MAP_RET_ARGS, tableMap, tableMapRet, tableUnmap, UNMAP_ARGS } from './tables.ts';

/** vm_dbg() of msm_gem_vma.c, with dynamic debug: numbers are hex digits without 0x. */
function debugLine(
  functionName: string,
  text: { readonly head?: string; readonly rest: string; readonly sample?: string },
  args: readonly string[],
  decode: (a: Args) => VmEvent | undefined,
): ProbeSpec {
  return tracepoint(
    'printk:console',
    prDebug('msm', functionName, text.head ?? '', text.rest, text.sample),
    args,
    decode,
  );
}

/** In vm_log() the second number is where the range ends; in the step callbacks it is how long it is. */
const TABLE_REST = '{vm}:{queue}: {addr:16} {end:16}';
const TABLE_ARGS = ['vm:hex', 'queue:int', 'addr:hex', 'end:hex'];
const MAPPING_REST = '{vm}:{va}:{obj}: {addr:16} {range:16}';
const MAPPING_ARGS = ['vm:hex', 'va:hex', 'addr:hex', 'range:hex', 'obj:hex'];

/** A pointer or a hash of it. A struct msm_gem_vm begins with its drm_gpuvm, a struct msm_gem_vma with its drm_gpuva. */
function pointer(a: Args, index: number): Ptr {
  return ptrFromU64(a.u64(index) ?? 0);
}

function logTable(what: LogTable['what']): (a: Args) => LogTable | undefined {
  return (a) => {
    const [addr, end] = [a.u64(2), a.u64(3)];
    if (addr === undefined || end === undefined || end < addr) return undefined;
    const id = pointer(a, 0);
    return { kind: 'log_table', what, gpuvm: rawPtr(id), id, addr, length: sub(end, addr) };
  };
}

function logMapping(what: LogMapping['what']): (a: Args) => LogMapping | undefined {
  return (a) => {
    const [addr, range] = [a.u64(2), a.u64(3)];
    if (addr === undefined || range === undefined) return undefined;
    const obj = a.u64(4);
    const isNull = obj === undefined ? undefined : obj === 0;
    return { kind: 'log_mapping', what, id: pointer(a, 0), va: pointer(a, 1), addr, range, isNull };
  };
}

/** What a REMAP leaves of the mapping before it; the lines of these name no object. */
function remapPiece(side: 'prev' | 'next'): ProbeSpec {
  const text = { head: `${side}_vma: `, rest: '{vm}:{va}: {addr:16} {range:16}' };
  return debugLine('msm_gem_vm_sm_step_remap', text, MAPPING_ARGS.slice(0, 4), logMapping('piece'));
}

export const msmProbes: readonly ProbeSpec[] = [
  bind('msm', 'msm_ioctl_vm_bind'),
  bindRet('msm_ioctl_vm_bind'),
  entry('lock_pass', 'vm_bind_job_lock_objects', JOB_ARGS, (a) => ({
    kind: 'lock_pass',
    ...jobOf(a),
    exec: a.ptr(3) ?? 0,
    opCount: a.int(4),
  })),
  ret('lock_pass_ret', 'vm_bind_job_lock_objects', ['job:ptr', 'ret:int'], (a) => ({
    kind: 'lock_pass_ret',
    job: a.ptr(0) ?? 0,
    ret: a.int(1) ?? 0,
  })),
  entry('apply', 'vm_bind_job_prepare', JOB_ARGS, (a) => ({ kind: 'apply', ...jobOf(a) })),
  ret('apply_ret', 'vm_bind_job_prepare', ['job:ptr', 'ret:int'], (a) => ({
    kind: 'apply_ret',
    job: a.ptr(0) ?? 0,
    ret: a.int(1) ?? 0,
  })),
  ...stepProbes('msm', 'msm_gem_vm_sm_step_map', 'msm_gem_vm_sm_step_unmap', 'msm_gem_vm_sm_step_remap'),
  ...run('msm_vma_job_run'),
  ...vmClose('msm_gem_vm_close'),
  entry('mmu_map', 'msm_iommu_pagetable_map', MAP_ARGS, tableMap('msm')),
  ret('mmu_map_ret', 'msm_iommu_pagetable_map', MAP_RET_ARGS, tableMapRet('msm')),
  entry('mmu_unmap', 'msm_iommu_pagetable_unmap', UNMAP_ARGS, tableUnmap('msm')),
  entry('pt_prealloc', 'msm_iommu_pagetable_prealloc_allocate', ['gpuvm:ptr', 'count:int'], (a) => {
    const count = a.int(1);
    return count === undefined ? undefined : { kind: 'pt_prealloc', gpuvm: a.ptr(0) ?? 0, count };
  }),
  ret('pt_prealloc_ret', 'msm_iommu_pagetable_prealloc_allocate', ['gpuvm:ptr', 'ret:int'], (a) => {
    const code = a.int(1);
    return code === undefined ? undefined : { kind: 'pt_prealloc_ret', ret: code };
  }),
  entry('pt_cleanup', 'msm_iommu_pagetable_prealloc_cleanup', ['count:int', 'ptr:int'], (a) => {
    const [count, used] = [a.int(0), a.int(1)];
    if (count === undefined || used === undefined) return undefined;
    return { kind: 'pt_prealloc_free', count, remaining: count - used };
  }),
  tracepoint(
    'drm_msm_gpu:msm_mmu_prealloc_cleanup',
    { head: 'count=', rest: '{count}, remaining={remaining}' },
    ['count:int', 'remaining:int'],
    (a) => ({ kind: 'pt_prealloc_free', count: a.int(0) ?? 0, remaining: a.int(1) ?? 0 }),
  ),
  ret('pt_alloc_ret', 'msm_iommu_pagetable_alloc_pt', ['gpuvm:ptr', 'page|ret:ptr'], (a) => {
    const page = a.ptr(1);
    return page === undefined ? undefined : { kind: 'pt_alloc_ret', gpuvm: a.ptr(0) ?? 0, page };
  }),
  debugLine('vm_log', { head: 'map:', rest: TABLE_REST }, TABLE_ARGS, logTable('map')),
  debugLine('vm_log', { head: 'unmap:', rest: TABLE_REST }, TABLE_ARGS, logTable('unmap')),
  // Other unmaps are called by their reason: the VM, or a handle of a kernel-managed VM's object, is closed; evict, purge.
  debugLine('vm_log', { head: '(?:close|detach):', rest: TABLE_REST, sample: 'close:' }, TABLE_ARGS, logTable('close')),
  debugLine(
    'vm_log',
    { head: String.raw`(?!(?:un)?map:|close:|detach:)[\w-]+:`, rest: TABLE_REST, sample: 'evict:' },
    TABLE_ARGS,
    logTable('evict'),
  ),
  debugLine('msm_gem_vm_sm_step_map', { rest: MAPPING_REST }, MAPPING_ARGS, logMapping('map')),
  debugLine('msm_gem_vm_sm_step_unmap', { rest: MAPPING_REST }, MAPPING_ARGS, logMapping('unmap')),
  debugLine('msm_gem_vm_sm_step_remap', { head: 'orig_vma: ', rest: MAPPING_REST }, MAPPING_ARGS, logMapping('split')),
  remapPiece('prev'),
  remapPiece('next'),
];
