// transient-unmap: live entries that are torn down and set again.
import { check } from './check.ts';

export const transientUnmap = check(
  'pte_transient',
  {
    id: 'transient-unmap',
    severity: 'warning',
    summary:
      'live entries are cleared and set again as they were, although the step says keep or without locking the GPU out',
    meaning:
      'Within one job pages lost their translation and got the same one back. Reported where the step’s keep flag asked to leave them and the driver is one that honours it (msm: for exact in-place remaps only), or where the driver locks the GPU out of the ranges that it changes and did not here.',
    why: 'A GPU that is working there faults in between: user space need not wait before it binds the same thing again.',
    kernel: 'msm_gem_vm_sm_step_unmap() since fe2f3b1c702f; panthor_vm_lock_region() for atomic updates.',
    example:
      'A bind of what is already bound, to change its flags: UNMAP with keep, then MAP, both carried out on the tables.',
    advice:
      'Leave entries alone where keep is set and the request is the mapping itself; otherwise lock the GPU out around clear and set.',
  },
  (fact) => ({
    severity: 'warning',
    confidence: 'certain',
    message: `${fact.detail}${fact.why === 'keep' ? ', although the step says keep' : ', while the GPU is not locked out of them'}`,
    role: fact.why,
  }),
  { withheld: true },
);
