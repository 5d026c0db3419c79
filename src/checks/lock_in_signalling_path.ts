// lock-in-signalling-path: a dma_resv is locked while the scheduler runs a job.
import { check } from './check.ts';
import { objText } from './text.ts';

export const lockInSignallingPath = check(
  'signalling_lock',
  {
    id: 'lock-in-signalling-path',
    severity: 'error',
    summary: 'a dma_resv is locked inside of the run of a job, where its fence must not wait for anything',
    meaning:
      'Between the start and the end of the scheduler’s run_job a dma_resv was locked. Whoever holds that lock may be waiting for the very fence that this run has to signal.',
    why: 'A deadlock that needs memory pressure or an eviction at the right moment: the holder waits for the fence, the run waits for the lock. lockdep’s dma_fence annotations know it, production kernels do not.',
    kernel:
      'dma_fence_begin_signalling() in dma-fence.c; msm_vma_job_run() before 8a7023b03535 (msm_gem_unpin_locked under the object’s lock).',
    example: 'msm unpinned each object of a VM_BIND job under its lock when the job had run.',
    advice: 'Do what needs the lock in the ioctl, or in a worker after the fence has signalled.',
  },
  (fact) => ({
    severity: 'error',
    confidence: 'certain',
    message: `${objText(fact)} is locked while the scheduler runs the job`,
  }),
);
