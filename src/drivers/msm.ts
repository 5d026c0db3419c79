// msm: lock pass and VA space in the ioctl, tables when the job runs.
import { type Format, SZ_4K } from '../mmu/format.ts';
import { MSM } from '../mmu/formats/arm_lpae.ts';
import type { Driver } from './driver.ts';

/**
 * msm's loops around io-pgtable: an unmap goes on behind a hole. How far a map came that is refused depends on its scatter
 * list, which is not in the trace; it is taken back by an unmap call of the driver's own, which is.
 */
const LOOPS: Format = {
  ...MSM,
  name: 'msm arm_lpae_s1 4K',
  semantics: { ...MSM.semantics, unmapHole: 'skip', refusedAt: 'entry', call: 'range' },
};

export const msm: Driver = {
  source: 'drivers/gpu/drm/msm: msm_gem_vma.c, msm_iommu.c',
  jobs: { is: 'all ops', by: 'msm_ioctl_vm_bind() makes one job, of a struct msm_vm_op for each table call.' },
  lockPass: {
    is: 'before the ops',
    by: 'vm_bind_job_lock_objects() locks the VM and asks drm_gpuvm_sm_map_exec_lock() and drm_gpuvm_sm_unmap_exec_lock() for each op; drm_exec_fini() comes after the job was pushed.',
  },
  apply: {
    is: 'ioctl',
    by: 'vm_bind_job_prepare() calls drm_gpuvm_sm_map() and drm_gpuvm_sm_unmap(); msm_gem_vm_sm_step_*().',
  },
  treeLock: { is: 'resv', by: 'msm_gem_vma_new() and msm_gem_vma_close() assert the VM’s dma_resv.' },
  listLock: { is: 'resv', by: 'drm_gpuva_link() and drm_gpuva_unlink() under the object’s dma_resv.' },
  rollback: { is: 'left', by: 'nothing is undone: msm_gem_vm_unusable() makes the next binds return -EPIPE.' },
  privateObjects: { is: 'share resv', by: 'MSM_BO_NO_SHARE.' },
  externals: { is: 'listed', by: 'msm_gem_vma_new() calls drm_gpuvm_bo_extobj_add().' },
  fences: { is: 'implicit', by: 'vm_bind_job_attach_fences() adds KERNEL fences to the objects of the ops.' },
  close: { is: 'at once', by: 'msm_gem_vm_close() waits for the last fence, then closes every mapping.' },
  sparse: { is: 'NULL maps', by: 'MAP_NULL is a mapping without an object, to the PRR page.' },
  tlb: { is: 'each unmap', by: 'msm_iommu_pagetable_unmap() ends in one flush of the whole context.' },
  tables: {
    code: 'msm',
    format: () => LOOPS,
    leaves: [SZ_4K],
    written: { is: 'run', by: 'msm_vma_job_run() calls msm_iommu_pagetable_map() and _unmap().' },
    keep: {
      is: 'in place',
      by: 'msm_gem_vm_sm_step_unmap() leaves a mapping alone that the MAP puts back as it was, and the MAP step then does nothing.',
    },
    remap: { is: 'gap', by: 'drm_gpuva_op_remap_to_unmap_range().' },
    holes: { is: 'refused', by: 'io-pgtable unmaps nothing there; msm_iommu_pagetable_unmap() goes on behind it.' },
  },
};
