// pvr: everything in the ioctl, one op each.
import { SZ_4K } from '../mmu/format.ts';
import { PVR } from '../mmu/formats/pvr.ts';
import type { Driver } from './driver.ts';

export const pvr: Driver = {
  source: 'drivers/gpu/drm/imagination: pvr_vm.c, pvr_mmu.c',
  jobs: { is: 'all ops', by: 'pvr_ioctl_vm_map() and pvr_ioctl_vm_unmap() have one op.' },
  lockPass: {
    is: 'before the ops',
    by: 'pvr_vm_lock_extra(), called by drm_gpuvm_exec_lock(), locks the requested object besides the VM.',
  },
  apply: {
    is: 'ioctl',
    by: 'pvr_vm_bind_op_exec() calls drm_gpuvm_sm_map() and drm_gpuvm_sm_unmap(); pvr_vm_gpuva_*().',
  },
  treeLock: {
    is: 'own lock',
    by: 'vm_ctx->lock, by a map since CVE-2026-68260 only; the VM’s dma_resv is held besides.',
  },
  listLock: { is: 'resv', by: 'drm_gpuva_link() and drm_gpuva_unlink() under the object’s dma_resv.' },
  rollback: { is: 'left', by: 'nothing is undone.' },
  privateObjects: { is: 'none', by: 'the dma_resv of dummy_gem is given to no object.' },
  externals: { is: 'not listed', by: 'drm_gpuvm_bo_extobj_add() is not called.' },
  fences: { is: 'implicit', by: 'a bind adds none.' },
  close: { is: 'at once', by: 'pvr_vm_unmap_all().' },
  sparse: { is: 'none', by: 'every mapping has an object.' },
  tlb: {
    is: 'each ioctl',
    by: 'pvr_mmu_flush_exec(), called by pvr_mmu_op_context_destroy() when the locks are dropped.',
  },
  tables: {
    code: 'pvr',
    format: () => PVR,
    leaves: [SZ_4K],
    written: {
      is: 'with each step',
      by: 'pvr_vm_gpuva_*() call pvr_mmu_map() and pvr_mmu_unmap() before they change the VA space.',
    },
    keep: { is: 'ignored', by: 'pvr_vm_gpuva_unmap() does not look at it.' },
    remap: { is: 'gap', by: 'drm_gpuva_op_remap_to_unmap_range(), in pvr_vm_gpuva_remap().' },
    holes: { is: 'passed', by: 'pvr_mmu_unmap() destroys the entries that are there.' },
  },
};
