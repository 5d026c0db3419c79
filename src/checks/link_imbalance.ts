// link-imbalance: tree and vm_bo lists of a VM disagree.
import { check } from './check.ts';

export const linkImbalance = check(
  'link_imbalance',
  {
    id: 'link-imbalance',
    severity: 'warning',
    summary: 'a mapping is in the tree but not linked to its vm_bo, or linked but not in the tree',
    meaning:
      'When the job was over, a mapping with an object had been inserted and not linked, or removed and not unlinked, or was unlinked while still in the tree.',
    why: 'Eviction and invalidation find an object’s mappings through its vm_bo: what is not linked is missed; what stays linked is a pointer to a freed mapping.',
    kernel: 'drm_gpuva_link(), drm_gpuva_unlink() in drm_gpuvm.c.',
    example: 'An error path removes a mapping from the tree and frees it without drm_gpuva_unlink().',
    advice: 'Pair every insert with a link and every remove with an unlink, on error paths too.',
  },
  (fact) => ({ severity: 'warning', confidence: 'certain', message: fact.detail }),
);
