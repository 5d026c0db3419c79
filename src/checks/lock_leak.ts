// lock-leak: a system call returns with a dma_resv locked.
import { check } from './check.ts';
import { objText } from './text.ts';

export const lockLeak = check(
  'lock_leaked',
  {
    id: 'lock-leak',
    severity: 'error',
    summary: 'an ioctl returned with a dma_resv still locked',
    meaning:
      'The task took the lock within the ioctl, outside of drm_exec, and did not unlock it before the ioctl returned.',
    why: 'Nobody can unlock it any more but another call of the same driver: the next task that wants the object or the VM hangs.',
    kernel: 'xe_exec_ioctl() before 7d1a4258e602 (CVE-2024-53086).',
    example: 'An error path behind xe_vm_lock() returns without xe_vm_unlock().',
    advice: 'Unlock on every path out of the function.',
  },
  (fact) => ({
    severity: 'error',
    confidence: 'certain',
    message: `the ioctl returns with ${objText(fact)} locked`,
  }),
);
