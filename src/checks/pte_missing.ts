// pte-missing: a mapping without entries.
import { check } from './check.ts';

export const pteMissing = check(
  'pte_missing',
  {
    id: 'pte-missing',
    severity: 'error',
    summary: 'the VA space maps a range that the page tables do not translate',
    meaning:
      'All table writes of the jobs that changed this range are over, and a mapping’s pages have no entries; or a part of a sparse region was left invalid, where reads should give zero.',
    why: 'The GPU faults on an address that user space was told is mapped.',
    kernel:
      'drm_gpuva_op_map, drm_gpuva_op_remap_to_unmap_range() in drm_gpuvm.h; nouveau_uvmm.c for sparse regions (c6b9075cfbd6).',
    example:
      'The unmap for a REMAP takes more than the gap, so that the remaining prev or next loses entries (nouveau before be141849ec00).',
    advice: 'The evidence says which line cleared the entries, or that nobody ever wrote them.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
