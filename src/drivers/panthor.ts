// panthor: VA space and tables are changed together when a job runs, in immediate mode.
import { SZ_2M, SZ_4K } from '../mmu/format.ts';
import { PANTHOR } from '../mmu/formats/arm_lpae.ts';
import type { Driver } from './driver.ts';

export const panthor: Driver = {
  source: 'drivers/gpu/drm/panthor: panthor_mmu.c, panthor_drv.c',
  jobs: {
    is: 'each op',
    by: 'panthor_vm_bind_job_create() for each op of the ioctl; panthor_submit_ctx_push_jobs() pushes each behind its fences.',
  },
  lockPass: {
    is: 'fences only',
    by: 'panthor_vm_bind_job_prepare_resvs() locks the VM and the object of a MAP to add fences: what a step touches needs no dma_resv.',
  },
  apply: {
    is: 'run',
    by: 'panthor_vm_bind_run_job() calls panthor_vm_exec_op(); a synchronous bind calls it in the ioctl.',
  },
  treeLock: { is: 'own lock', by: 'vm->op_lock.' },
  listLock: {
    is: 'gpuva.lock',
    by: 'panthor_vma_link() and panthor_vma_unlink() take it around drm_gpuva_link() and _unlink().',
  },
  rollback: { is: 'left', by: 'panthor_vm_bind_run_job() marks the VM unusable, and MAPs are refused from there on.' },
  privateObjects: { is: 'share resv', by: 'objects made with an exclusive_vm_id.' },
  externals: { is: 'listed', by: 'panthor_vm_prepare_map_op_ctx() calls drm_gpuvm_bo_extobj_add().' },
  fences: {
    is: 'explicit',
    by: 'panthor_vm_update_resvs() adds BOOKKEEP fences to external objects, of submissions too.',
  },
  close: { is: 'at once', by: 'panthor_vm_destroy() unmaps the whole range.' },
  sparse: { is: 'none', by: 'up to 6.18.' },
  tlb: {
    is: 'each update',
    by: 'panthor_vm_unlock_region() at the end of panthor_vm_exec_op(); panthor_vm_flush_range() behind each call before.',
  },
  tables: {
    code: 'io-pgtable',
    format: () => PANTHOR,
    leaves: [SZ_4K, SZ_2M],
    isIoPgtable: true,
    written: {
      is: 'with each step',
      by: 'panthor_gpuva_sm_step_*(): table first, by arm_lpae_map_pages() and arm_lpae_unmap_pages(), then the VA space.',
    },
    keep: {
      is: 'ignored',
      by: 'entries are cleared and set again with the GPU locked out (panthor_vm_lock_region()).',
    },
    remap: {
      is: 'blocks',
      by: 'unmap_hugepage_align() widens the gap to 2M blocks, and what is left of them is mapped again.',
    },
    holes: { is: 'refused', by: 'io-pgtable warns and stops; panthor_vm_unmap_pages().' },
  },
};
