// foreign-private-object: an object that is private to another VM is mapped.
import { check } from './check.ts';
import { objText } from './text.ts';

export const foreignPrivateObject = check(
  'foreign_private',
  {
    id: 'foreign-private-object',
    severity: 'error',
    summary: 'a VM maps an object that is private to another VM',
    meaning: 'The object’s dma_resv is that of another VM, so it was made private to that one, and is mapped here.',
    why: 'Such an object counts as external here, and its lock is the other VM’s: lifetimes and lock order that the driver relies on do not hold.',
    kernel: 'drm_gpuvm_is_extobj() in drm_gpuvm.h; msm since c07612365087 (_NO_SHARE).',
    example: 'An object made with a no-share flag for one VM is bound in a second one.',
    advice: 'Refuse the bind where obj->resv is the resv of another VM.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: `MAP of ${objText(fact)}: ${fact.detail}` }),
);
