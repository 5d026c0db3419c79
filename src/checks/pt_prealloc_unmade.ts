// pt-prealloc-unmade: pages for tables are given back that were never set aside.
import { check } from './check.ts';

export const ptPreallocUnmade = check(
  'pt_unmade',
  {
    id: 'pt-prealloc-unmade',
    severity: 'error',
    summary: 'pages set aside for tables are freed although setting them aside had failed',
    meaning:
      'msm_iommu_pagetable_prealloc_allocate() returned an error for the job, and its cleanup then freed a number of pages that is not 0.',
    why: 'The array of pages was never filled: kmem_cache_free_bulk() frees whatever pointers stand there.',
    kernel:
      'msm_iommu_pagetable_prealloc_allocate(), msm_iommu_pagetable_prealloc_cleanup() in msm_iommu.c before 830d68f2cb8a.',
    example: 'The error path of kmem_cache_alloc_bulk() leaves the count as it was asked for.',
    advice: 'Set the count to what was really allocated, on the error path too.',
  },
  ({ count, remaining }) => ({
    severity: 'error',
    confidence: 'certain',
    message: `${remaining} of ${count} pages are freed that were never set aside`,
  }),
);
