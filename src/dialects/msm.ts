// msm (drivers/gpu/drm/msm: msm_gem_vma.c, msm_iommu.c): lock pass and tree changes in the ioctl, table writes when the
// scheduler runs the job.
import type { ProbeSpec } from '../events/probe.ts';
import { bind, bindRet, entry, JOB_ARGS, jobOf, ret, run, tracepoint, vmClose } from './decode.ts';
import { stepProbes } from './steps.ts';
import { MAP_ARGS, MAP_RET_ARGS, tableMap, tableMapRet, tableUnmap, UNMAP_ARGS } from './tables.ts';

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
];
