// xe: ops lists, VA space before the lock pass, table updates at the end of the ioctl.
import { SZ_1G, SZ_2M, SZ_4K } from '../mmu/format.ts';
import { XE } from '../mmu/formats/xe.ts';
import type { Driver } from './driver.ts';

export const xe: Driver = {
  source: 'drivers/gpu/drm/xe: xe_vm.c, xe_pt.c',
  jobs: { is: 'all ops', by: 'xe_vm_bind_ioctl(); no job of the scheduler changes the VA space.' },
  lockPass: {
    is: 'after the ops',
    by: 'vm_bind_ioctl_ops_lock_and_prep() locks the VM and the objects of the lists; a new mapping was linked in a short drm_exec of its own before.',
  },
  apply: { is: 'ioctl', by: 'xe_vma_op_commit(), called by vm_bind_ioctl_ops_parse().' },
  treeLock: { is: 'own lock', by: 'vm->lock, held for writing during the whole ioctl.' },
  listLock: { is: 'resv', by: 'xe_vma_create() links and xe_vma_destroy() unlinks under the object’s dma_resv.' },
  rollback: { is: 'undone', by: 'vm_bind_ioctl_ops_unwind().' },
  privateObjects: { is: 'share resv', by: 'objects made with a vm_id (bo->vm).' },
  externals: { is: 'listed', by: 'xe_vma_create() calls drm_gpuvm_bo_extobj_add().' },
  fences: { is: 'implicit', by: 'xe_exec_ioctl() adds WRITE fences to external objects.' },
  close: {
    is: 'later',
    by: 'xe_vma_destroy() lets xe_vma_destroy_late() wait for the last fence, with a reference of the VM or the object.',
  },
  sparse: { is: 'NULL maps', by: 'DRM_XE_VM_BIND_FLAG_NULL is a mapping without an object, DRM_GPUVA_SPARSE.' },
  tlb: { is: 'own jobs', by: 'invalidation jobs behind each unbind; no probe shows them.' },
  tables: {
    code: 'xe',
    format: () => XE,
    leaves: [SZ_4K, SZ_2M, SZ_1G],
    pageSizes: [SZ_4K],
    written: { is: 'ioctl', by: 'xe_pt_update_ops_run(), of what the tracepoints xe_vma_bind and xe_vma_unbind say.' },
    keep: { is: 'ignored', by: 'the flag is printed only.' },
    remap: {
      is: 'whole',
      by: 'the old mapping is unbound and its rest bound again, but for prev and next that end at the size of its largest entries (skip_prev, skip_next).',
    },
    holes: { is: 'passed', by: 'xe_pt_stage_unbind() clears what is there.' },
  },
};
