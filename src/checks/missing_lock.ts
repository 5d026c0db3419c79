// missing-lock: a step touches an object whose dma_resv the task does not hold.
import { check } from './check.ts';
import { objText, opText, spanText, stepText } from './text.ts';

export const missingLock = check(
  'step_unlocked',
  {
    id: 'missing-lock',
    severity: 'error',
    summary: 'a step changes the mappings of an object whose dma_resv the task does not hold',
    meaning:
      'A MAP, REMAP or UNMAP step was carried out on a GEM object while the task held no lock on its dma_resv, on a VM that is not in immediate mode. Locks are counted by dma_resv: an object that shares the resv of a locked one is locked.',
    why: 'The list of an object’s mappings and vm_bos is protected by its resv. Without it, another task can evict, unmap or free the object in the middle of the change: use after free, corrupted lists. gpuvm asserts it under lockdep only, so a production kernel says nothing.',
    kernel:
      'drm_gpuva_link() and drm_gpuva_unlink() in drm_gpuvm.c (drm_gem_gpuva_assert_lock_held); the objects that UNMAP and REMAP steps will touch are what drm_gpuvm_sm_map_exec_lock() and drm_gpuvm_sm_unmap_exec_lock() lock (6.17).',
    example:
      'A MAP of [0x114000, 0x118000) splits a mapping of another object B at [0x110000, 0x120000). The driver locks the mapped object only; the REMAP step then works on B unlocked. In msm, an UNMAP was lock-passed with range 0 for two releases (85042c2cd970, CVE-2026-53054).',
    advice:
      'Lock in the drm_exec loop, before anything is modified, every object that the steps of all ops will touch: call drm_gpuvm_sm_map_exec_lock() or drm_gpuvm_sm_unmap_exec_lock() for each op with the very arguments of the later drm_gpuvm_sm_map() or drm_gpuvm_sm_unmap(), and keep the locks until the last step.',
  },
  (fact) => {
    const text = `${objText(fact)} of ${spanText(fact.span)}`;
    if (fact.job === undefined && !fact.insideExec) {
      return {
        severity: 'note',
        confidence: 'likely',
        message: `${stepText(fact)} outside of any job touches ${text}, not locked through drm_exec; a plain dma_resv_lock() would not show`,
      };
    }
    return {
      severity: 'error',
      confidence: 'certain',
      message: `${stepText(fact)} of ${opText(fact)} touches ${text} without holding its dma_resv`,
    };
  },
  { locks: 'drm_exec', withheld: true },
);
