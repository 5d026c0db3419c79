// The GPU scheduler's events: when a job is queued, is run, is done. Linux 6.16 gave them new names. And those of fences: a
// job that is killed is signalled only, and who waits for one is told by nothing else.
import type { KernelEvent } from './probe_list.ts';

export const schedulerEvents: readonly KernelEvent[] = [
  ['gpu_scheduler/drm_sched_job_queue', 'gpu_scheduler/drm_sched_job'],
  ['gpu_scheduler/drm_sched_job_run', 'gpu_scheduler/drm_run_job'],
  ['gpu_scheduler/drm_sched_job_done', 'gpu_scheduler/drm_sched_process_job'],
  ['dma_fence/dma_fence_signaled'],
  ['dma_fence/dma_fence_wait_start'],
  ['dma_fence/dma_fence_wait_end'],
];
