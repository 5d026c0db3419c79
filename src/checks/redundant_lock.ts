// redundant-lock: an object was locked that nothing in the job needed.
import type { LockClass } from '../replay/fact.ts';
import { check } from './check.ts';
import { objText } from './text.ts';

const REASON: Record<LockClass, string> = {
  'retry leftover':
    'it was contended in an earlier attempt, taken first in the next, and not asked for any more (not a mistake)',
  'failed batch': 'the job failed before it came to need it',
  'whole-VM sweep': 'drm_gpuvm_prepare_objects() locks every external object of the VM',
  unneeded: 'no listed object and no step has its dma_resv',
};

export const redundantLock = check(
  'lock_unneeded',
  {
    id: 'redundant-lock',
    severity: 'warning',
    summary: 'an object was locked whose dma_resv neither a listed object nor a step needed',
    meaning:
      'At the end of the apply, the locking context held an object other than the VM’s own whose dma_resv was that of no object that the ioctl lists and of no object that a step touched. The class says why: retry leftover, failed batch, whole-VM sweep, or unneeded.',
    why: 'Every lock too many serialises unrelated work on shared buffers and makes -EDEADLK and retries more likely. A sweep over all external objects costs the more the more the VM maps.',
    kernel: 'drm_exec_lock_obj() in drm_exec.c, drm_gpuvm_prepare_objects() in drm_gpuvm.c.',
    example:
      'A driver calls drm_gpuvm_prepare_objects() in its VM_BIND ioctl: for a bind of one object it locks the seven others that the VM maps.',
    advice:
      'For VM_BIND, lock per op with the *_exec_lock() helpers instead of sweeping. A lock set that is too large once in a while (retry leftover, failed batch) is legal and needs no change.',
  },
  (fact) => ({
    severity: fact.why === 'whole-VM sweep' || fact.why === 'unneeded' ? 'warning' : 'note',
    confidence: 'certain',
    message: `${objText(fact)} was locked without need: ${fact.why}: ${REASON[fact.why]}`,
    role: fact.why,
  }),
  { locks: 'drm_exec', withheld: true },
);
