// stale-lock-set: the lock pass does not cover the apply any more.
import { check } from './check.ts';

export const staleLockSet = check(
  'lock_set_stale',
  {
    id: 'stale-lock-set',
    severity: 'error',
    summary: 'locks were dropped, or the VM changed, between the lock pass and the apply',
    meaning:
      'The job’s steps ran after drm_exec_fini() had dropped the locks of its lock pass, or on a VM that another job had changed since the pass looked at it.',
    why: 'The set of locked objects is right only for the VM that the pass saw and only while the locks are held: between the two, another job can map, split or remove what the steps will meet.',
    kernel:
      'The contract in the documentation of drm_gpuvm_sm_map_exec_lock(): lock everything first, modify the VM afterwards under the same drm_exec.',
    example:
      'The ioctl runs the lock pass, unlocks, and queues a worker that calls drm_gpuvm_sm_map() later. Two binds to the same range are queued: the second meets mappings of the first, whose objects it never locked.',
    advice:
      'Modify the VM in the ioctl while the locks are held and defer only the page table work, or make the VM an immediate-mode one (DRM_GPUVM_IMMEDIATE_MODE) and lock in run_job by gpuva.lock.',
  },
  (fact) => {
    if (fact.why === 'dropped') {
      const message = 'the locks of the lock pass were dropped before the job was applied';
      return { severity: 'error', confidence: 'certain', message, role: fact.why };
    }
    const message = 'the VM was changed by others after the lock pass had computed its lock set';
    return { severity: 'warning', confidence: 'certain', message, role: fact.why };
  },
  { locks: 'drm_exec' },
);
