// partial-block-unmap: an unmap that would have to split a block.
import { check } from './check.ts';

export const partialBlockUnmap = check(
  'pte_partial_block',
  {
    id: 'partial-block-unmap',
    severity: 'error',
    summary: 'a page table unmap asks for a part of a live 2M or larger block, which is refused',
    meaning:
      'From 6.13 on io-pgtable does not split a block any more: unmap_pages() for a part of one returns 0 and leaves it as it is (33729a5fc0ca). Where the return is not probed it is taken to be such a kernel; `likely` then means that an older one would have split it.',
    why: 'The whole block stays live. Later maps into it are refused, and the driver either leaks entries or gives up the VM.',
    kernel: '__arm_lpae_unmap() in io-pgtable-arm.c; unmap_hugepage_align() in panthor_mmu.c (8e7460eac786).',
    example: 'A MAP into the middle of a mapping that was made with 2 MiB pages: the gap’s edges lie inside of blocks.',
    advice:
      'Widen the unmap to whole blocks and map the rest again, while the GPU is locked out of the range; or map with small pages only, as msm does.',
  },
  (fact) => {
    if (fact.proof === 'derived') {
      const message = `${fact.detail}; the driver has to widen it (tables derived from the steps)`;
      return { severity: 'note', confidence: 'likely', message };
    }
    return { severity: 'error', confidence: fact.proof === 'shown' ? 'certain' : 'likely', message: fact.detail };
  },
  { withheld: true },
);
