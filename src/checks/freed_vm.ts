// freed-vm: a VM is used before it is made or after it is gone, or a job of it runs after its teardown.
import { check } from './check.ts';

export const freedVm = check(
  'vm_gone',
  {
    id: 'freed-vm',
    severity: 'error',
    summary:
      'a VM is used before the ioctl that makes it is over, or after it was freed, or a job of it runs after it was torn down',
    meaning:
      'Another task used the VM while the ioctl that makes it was still running; or an event uses a VM whose last reference is gone, with no drm_gpuvm_init() at that address since; or a bind job runs that was submitted before the teardown of its VM removed the mappings.',
    why: 'The one user meets a half-made VM, the other freed memory; the job writes page tables for mappings that are gone, to memory that may already belong to somebody else.',
    kernel:
      'xe_vm_create_ioctl() before CVE-2024-49865, rebind_work_func() in xe_vm.c before 28d21e3e66c5, msm_gem_vm_close() before 86404a9e3013.',
    example: 'A handle is published with xa_alloc() before the VM is complete; another thread guesses it.',
    advice: 'Publish a handle last, flush workers before the VM is freed, and wait for the last bind before teardown.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
