// pte-wrong: entries that lead elsewhere.
import { check } from './check.ts';

export const pteWrong = check(
  'pte_wrong',
  {
    id: 'pte-wrong',
    severity: 'error',
    summary: 'the page tables lead to another object or offset than the VA space says',
    meaning:
      'All table writes of the jobs that changed this range are over, and its entries point to other memory than the mapping’s object at that offset. Where the calls show physical addresses, whose they are is learned from earlier mappings of the object.',
    why: 'The GPU reads and writes the wrong memory, without any fault.',
    kernel:
      'The map callback of the driver; panthor_vm_map_pages(), msm_iommu_pagetable_map() for how an offset walks a scatter list.',
    example: 'A loop over a scatter list applies the offset to each of its pieces and not to the first alone.',
    advice:
      'Compare offset and size of the map calls with the MAP step; where two mappings of one object disagree, the older is taken for right.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
