// tlb-stale: changed entries without a TLB flush.
import { check } from './check.ts';

export const tlbStale = check(
  'tlb_stale',
  {
    id: 'tlb-stale',
    severity: 'error',
    summary: 'a job cleared or changed entries and ended without the TLB flush that covers them',
    meaning:
      'The driver’s flushes are in the trace, and none came between the change and the end of the job, when its fence says that the range is unmapped.',
    why: 'The GPU may go on with the old translation, to memory that is free by then.',
    kernel:
      'panthor_vm_unlock_region() and panthor_vm_flush_range() in panthor_mmu.c, iommu_flush_iotlb_all() in msm_iommu.c, pvr_mmu_flush_exec() in pvr_mmu.c.',
    example: 'An error path returns between the table writes and the unlock of the region.',
    advice: 'Flush on every path that has cleared entries, before the fence is signalled.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
