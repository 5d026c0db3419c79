// unreserved-fence: a fence is added to a dma_resv without a slot for it.
import { check } from './check.ts';
import { objText } from './text.ts';

export const unreservedFence = check(
  'fence_unreserved',
  {
    id: 'unreserved-fence',
    severity: 'error',
    summary: 'a fence is added to a dma_resv for which no slot was reserved under this lock',
    meaning:
      'dma_resv_add_fence() was called on a dma_resv that the task had locked through drm_exec but for which no dma_resv_reserve_fences() succeeded since the lock was taken.',
    why: 'dma_resv_add_fence() cannot fail and cannot allocate: without a slot it dereferences a missing list or hits BUG_ON, unless an old fence happens to be replaceable. It works in testing and crashes in the field.',
    kernel:
      'dma_resv_reserve_fences() and dma_resv_add_fence() in dma-resv.c; drm_exec_prepare_obj() locks and reserves.',
    example: 'A driver locks its objects by drm_exec_lock_obj() and then attaches the job’s fence to each.',
    advice:
      'Lock objects that will get a fence by drm_exec_prepare_obj() (or num_fences of drm_gpuvm_sm_map_exec_lock()), at least 1. Slots do not survive an unlock.',
  },
  (fact) => ({
    severity: 'error',
    confidence: 'certain',
    message: `a fence is added to ${objText(fact)} without a reserved slot`,
  }),
);
