// pt-prealloc-short: too few pages for new tables.
import { check } from './check.ts';

export const ptPreallocShort = check(
  'pt_short',
  {
    id: 'pt-prealloc-short',
    severity: 'error',
    summary: 'a job needs more pages for page tables than were set aside for it',
    meaning:
      'Drivers that write tables in the fence signalling path set pages aside in the ioctl, for nothing may be allocated later. Fewer were set aside than the job’s maps need, by the model’s count or because the driver’s allocator returned NULL.',
    why: 'The map fails with -ENOMEM in the worker, after the VA space was changed, and the VM is lost.',
    kernel:
      'msm_iommu_pagetable_prealloc_count() and msm_iommu_pagetable_alloc_pt() in msm_iommu.c; panthor_vm_prepare_map_op_ctx() in panthor_mmu.c.',
    example: 'Ops that are merged for the count although there is a gap between them.',
    advice: 'Count the tables of every level for each op’s range, aligned to what a table covers.',
  },
  (fact) => ({ severity: 'error', confidence: fact.certain ? 'certain' : 'likely', message: fact.detail }),
);
