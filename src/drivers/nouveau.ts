// nouveau: ops lists, VA space before the lock pass, tables when the job runs.
import { SZ_4K } from '../mmu/format.ts';
import { NVKM_GP100 } from '../mmu/formats/nvkm.ts';
import type { Driver } from './driver.ts';

export const nouveau: Driver = {
  source: 'drivers/gpu/drm/nouveau: nouveau_uvmm.c, nvif/vmm.c, nvkm/subdev/mmu',
  jobs: { is: 'all ops', by: 'nouveau_uvmm_ioctl_vm_bind() makes one job; nouveau_job_submit() pushes it.' },
  lockPass: {
    is: 'after the ops',
    by: 'bind_lock_validate(), called by nouveau_uvmm_bind_job_submit() when the VA space has changed, locks the object of each step on the lists; the fences are added and the locks dropped before the job is pushed.',
  },
  apply: {
    is: 'ioctl',
    by: 'nouveau_uvmm_bind_job_submit(): the VA space first, bind_link_gpuvas() links under the locks.',
  },
  treeLock: { is: 'own lock', by: 'uvmm->mutex.' },
  listLock: { is: 'resv', by: 'drm_gpuva_link() and drm_gpuva_unlink() under the object’s dma_resv.' },
  rollback: { is: 'undone', by: 'nouveau_uvmm_bind_job_submit() unwinds its ops in reverse.' },
  privateObjects: { is: 'share resv', by: 'NOUVEAU_GEM_DOMAIN_NO_SHARE.' },
  externals: { is: 'listed', by: 'nouveau_uvmm_bind_job_submit() calls drm_gpuvm_bo_extobj_add() for each MAP.' },
  fences: { is: 'implicit', by: 'binds add BOOKKEEP fences, submissions WRITE ones.' },
  close: { is: 'at once', by: 'nouveau_uvmm_fini() unmaps what is left when all jobs are over.' },
  sparse: {
    is: 'regions',
    by: 'struct nouveau_uvma_region, in a tree of its own: no mappings of drm_gpuvm; nvif_vmm_raw_sparse().',
  },
  tlb: { is: 'each unmap', by: 'the *_vmm_flush() of the GPU’s generation, at the end of nvif_vmm_raw_unmap().' },
  tables: {
    code: 'nvif',
    format: () => NVKM_GP100,
    leaves: [SZ_4K],
    pageSizes: [SZ_4K],
    written: { is: 'run', by: 'nouveau_uvmm_bind_job_run() calls nvif_vmm_raw_map() and _unmap().' },
    keep: { is: 'unmap', by: 'op_unmap() makes no call then, and the MAP writes over the live entries.' },
    remap: { is: 'gap', by: 'op_remap() unmaps between prev and next.' },
    holes: { is: 'passed', by: 'nvkm clears what is invalid once more.' },
  },
};
