// missing-vm-lock: a VM's lists or tree change without the lock that protects them.
import { check } from './check.ts';

export const missingVmLock = check(
  'vm_unlocked',
  {
    id: 'missing-vm-lock',
    severity: 'error',
    summary: 'a vm_bo, a list or the tree of a VM changes without the dma_resv that protects it',
    meaning:
      'A vm_bo was destroyed, or put onto the list of external objects, while the task held no lock on the VM’s dma_resv, in a VM with DRM_GPUVM_RESV_PROTECTED; or a vm_bo was destroyed without its object’s dma_resv; or a mapping entered or left the tree of a driver that protects it with the VM’s dma_resv (msm). Told only where every dma_resv lock is probed (ww_mutex_lock and its relatives).',
    why: 'Destroying a vm_bo takes it off the VM’s lists and the object’s: another task that walks them at that moment follows a freed pointer. gpuvm asserts it under lockdep only, so a production kernel says nothing.',
    kernel:
      'drm_gpuvm_bo_destroy(), drm_gpuvm_bo_extobj_add() in drm_gpuvm.c (drm_gpuvm_resv_assert_held, drm_gem_gpuva_assert_lock_held); msm_gem_vma_new(), msm_gem_vma_close(); panthor before fa998a9eac88.',
    example:
      'drm_gpuvm_bo_obtain_prealloc() finds that the VM already has a vm_bo of the object, and destroys the preallocated one at once: before fa998a9eac88 panthor called it without the VM’s dma_resv.',
    advice: 'Lock the VM’s dma_resv around every call that may drop the last reference of a vm_bo.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.what, role: fact.what.replace(/0x\w+/g, '') }),
  { locks: 'dma_resv', withheld: true },
);
