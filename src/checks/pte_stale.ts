// pte-stale: entries that outlive their mapping.
import { check } from './check.ts';

export const pteStale = check(
  'pte_stale',
  {
    id: 'pte-stale',
    severity: 'error',
    summary: 'the page tables translate a range that the VA space does not map',
    meaning:
      'All table writes of the jobs that changed this range are over, nothing is mapped there, and the table still translates it.',
    why: 'The GPU can go on reading and writing memory that the driver believes to be unreachable, after it was freed and given to somebody else.',
    kernel: 'drm_gpuva_op_unmap, drm_gpuva_op_remap_to_unmap_range() in drm_gpuvm.h; the unmap callback of the driver.',
    example:
      'A driver’s sm_step_unmap removes the mapping from the tree and forgets the table, or unmaps a block’s part that io-pgtable refuses to split.',
    advice:
      'Look at the unmap calls between the line that wrote the entry and the end of the job: `gpuvm-trace blame` lists them.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
