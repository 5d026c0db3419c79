// pte-overrun: table writes beyond the step that they are made for.
import { check } from './check.ts';

export const pteOverrun = check(
  'pte_overrun',
  {
    id: 'pte-overrun',
    severity: 'error',
    summary: 'a page table call reaches outside of the range that its step allows',
    meaning:
      'A MAP may write its own range, an UNMAP clear its mapping’s, a REMAP the gap between prev and next (panthor: widened to whole 2 MiB blocks; xe: all of the old mapping). The call goes beyond that, or belongs to no step.',
    why: 'The excess tears down or replaces translations of neighbours, which the VA space still maps.',
    kernel:
      'drm_gpuva_op_remap_to_unmap_range() in drm_gpuvm.h; be141849ec00 (CVE-2024-36018) in nouveau_uvmm.c, 3387e043918e in panthor_mmu.c.',
    example: 'A REMAP with prev and without next unmaps from prev’s end on for the length of the whole old mapping.',
    advice:
      'Take the range from drm_gpuva_op_remap_to_unmap_range() and the size of a map from the op, not from the scatter list.',
  },
  (fact) => ({
    severity: fact.hit > 0 ? 'error' : 'warning',
    confidence: 'certain',
    message:
      fact.hit > 0
        ? `${fact.detail}: it hits ${fact.hit} live ${fact.hit === 1 ? 'page' : 'pages'}`
        : `${fact.detail}; nothing was live there`,
  }),
  { withheld: true },
);
