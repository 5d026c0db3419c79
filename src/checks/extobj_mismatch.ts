// extobj-mismatch: the list of external objects does not hold just the external ones.
import { check } from './check.ts';

export const extobjMismatch = check(
  'extobj_mismatch',
  {
    id: 'extobj-mismatch',
    severity: 'warning',
    summary: 'a VM’s list of external objects lacks one, or has one that shares the VM’s dma_resv',
    meaning:
      'An object that is on the list of external objects has the VM’s own dma_resv, which was given to it after it was mapped; or an external object was mapped and never put onto the list, by a driver that locks and fences what is on it.',
    why: 'What is wrongly on the list is locked and validated twice, with -EALREADY where the caller does not ignore duplicates. What is missing is not locked, not validated and gets no fence when the VM is used.',
    kernel:
      'drm_gpuvm_is_extobj(), drm_gpuvm_bo_extobj_add(), drm_gpuvm_prepare_objects() in drm_gpuvm.c; panthor before ce04ec03a9c2.',
    example:
      'panthor mapped a kernel object first and made it share the VM’s dma_resv afterwards: it stayed on the list.',
    advice: 'Give an object its dma_resv before it is mapped, and call drm_gpuvm_bo_extobj_add() before the link.',
  },
  (fact) => ({ severity: 'warning', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
