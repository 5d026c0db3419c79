// pte-overwrite: a map call meets live entries.
import { check } from './check.ts';

export const pteOverwrite = check(
  'pte_overwrite',
  {
    id: 'pte-overwrite',
    severity: 'error',
    summary: 'a page table map meets an entry that is live: it was refused, or wrote over something else',
    meaning:
      'The driver mapped where the table still translates. io-pgtable and pvr refuse that (-EEXIST), with io-pgtable’s NO_WARN quirk without a word; nouveau and xe write over the entry. The finding names the line that wrote the entry in the way.',
    why: 'The driver believes the range to be empty. Either an unmap was lost or too short, or a map reaches too far; the job fails half way, or a live translation changes under the GPU.',
    kernel:
      '__arm_lpae_map(), arm_lpae_init_pte() in io-pgtable-arm.c; pvr_page_create() in pvr_mmu.c; nvkm_vmm_map() in nvkm/subdev/mmu/vmm.c.',
    example:
      'The unmap of a REMAP is one page short; the MAP that follows is refused at that page, msm returns -EINVAL and declares the VM unusable.',
    advice: 'Look at the line that wrote the entry in the way, and at the step that should have cleared it.',
  },
  (fact) => ({
    severity: fact.refused ? 'error' : 'warning',
    confidence: 'certain',
    message: `${fact.detail}${fact.refused ? ': it is refused' : ' that leads elsewhere, and writes over it'}`,
    role: fact.refused ? 'refused' : 'overwritten',
  }),
  { withheld: true },
);
