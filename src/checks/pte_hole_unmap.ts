// pte-hole-unmap: an unmap call meets entries that are not there.
import { check } from './check.ts';

export const pteHoleUnmap = check(
  'pte_hole',
  {
    id: 'pte-hole-unmap',
    severity: 'warning',
    summary: 'a page table unmap meets an entry that is not there and stops short',
    meaning:
      'The driver unmapped a range of which the table does not translate all. io-pgtable’s unmap_pages() stops there and reports fewer bytes than asked; what the driver makes of that is its own affair.',
    why: 'Tree and tables have come apart before. A driver that goes on as if all were unmapped leaves the entries behind the hole live; one that tries again without progress loops.',
    kernel:
      '__arm_lpae_unmap() in io-pgtable-arm.c; panthor_vm_unmap_pages() (19e8bc945605), msm_iommu_pagetable_unmap().',
    example:
      'A map was refused half way, the mapping stays in the tree, and its later unmap finds the second half empty.',
    advice:
      'Find out why the entries are missing: the walk in the evidence says who cleared them, or that nobody ever wrote them.',
  },
  (fact) => ({ severity: 'warning', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
