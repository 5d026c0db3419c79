// The functions of msm (msm_gem_vma.c, msm_iommu.c; VM_BIND since Linux 6.17).
import type { KernelFunction } from './function.ts';
import { flush } from './io_pgtable.ts';
import { stepFunctions } from './steps.ts';

const JOB = 'struct msm_vm_bind_job *job';
const MMU = 'struct msm_mmu *mmu';

const functions: readonly KernelFunction[] = [
  {
    signature: 'int msm_ioctl_vm_bind(struct drm_device *dev, void *data, struct drm_file *file)',
    entry: 'op_count=+4(data):u32 file',
    ret: 'ret=$retval',
    minimal: true,
  },
  {
    signature: `int vm_bind_job_lock_objects(${JOB}, struct drm_exec *exec)`,
    entry: 'job gpuvm=job->vm? exec nops=job->nr_ops?',
    ret: 'job ret=$retval',
    linkage: 'static',
  },
  {
    signature: `int vm_bind_job_prepare(${JOB})`,
    entry: 'job gpuvm=job->vm? nops=job->nr_ops?',
    ret: 'job ret=$retval',
    linkage: 'static',
  },
  ...stepFunctions('msm_gem_vm_sm_step_map', 'msm_gem_vm_sm_step_unmap', 'msm_gem_vm_sm_step_remap', {
    map: '_arg',
    unmap: '_arg',
    remap: 'arg',
  }),
  {
    signature: 'struct dma_fence *msm_vma_job_run(struct drm_sched_job *_job)',
    entry: 'job=_job',
    ret: 'job=_job',
    linkage: 'static',
  },
  { signature: 'void msm_gem_vm_close(struct drm_gpuvm *gpuvm)', entry: 'gpuvm', ret: '' },
  {
    signature: `int msm_iommu_pagetable_map(${MMU}, u64 iova, struct sg_table *sgt, size_t off, size_t len, int prot)`,
    entry: 'table=mmu addr=iova len sgt off prot',
    ret: 'table=mmu addr=iova len ret=$retval',
    linkage: 'static',
  },
  {
    signature: `int msm_iommu_pagetable_unmap(${MMU}, u64 iova, size_t size)`,
    entry: 'table=mmu addr=iova len=size',
    linkage: 'static',
  },
  {
    signature: `int msm_iommu_pagetable_prealloc_allocate(${MMU}, struct msm_mmu_prealloc *p)`,
    entry: 'count=p->count',
    ret: 'ret=$retval',
    linkage: 'static',
  },
  {
    signature: `void msm_iommu_pagetable_prealloc_cleanup(${MMU}, struct msm_mmu_prealloc *p)`,
    entry: 'count=p->count ptr=p->ptr',
    linkage: 'static',
  },
  {
    signature: 'void *msm_iommu_pagetable_alloc_pt(void *cookie, size_t size, gfp_t gfp)',
    ret: 'page=$retval',
    linkage: 'static',
  },
  flush,
];

export const msmFunctions = functions.map((fn): KernelFunction => ({ ...fn, only: { execLock: true } }));
