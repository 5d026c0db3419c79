// implicit-fence: a fence of a driver with explicit synchronization makes others wait.
import { check } from './check.ts';
import { objText } from './text.ts';

export const implicitFence = check(
  'fence_implicit',
  {
    id: 'implicit-fence',
    severity: 'warning',
    summary: 'a driver with explicit synchronization adds a fence of usage WRITE to an external object',
    meaning:
      'dma_resv_add_fence() was called with DMA_RESV_USAGE_WRITE for an object that does not share the VM’s dma_resv, in a driver whose users synchronize by syncobjs (panthor).',
    why: 'Every other user of a shared buffer, the compositor first of all, waits for each of this VM’s jobs, whether or not they touch the buffer.',
    kernel: 'drm_gpuvm_resv_add_fence() in drm_gpuvm.c, its extobj_usage; panthor before f9e7ac6e2e99.',
    example: 'drm_gpuvm_resv_add_fence(vm, exec, fence, DMA_RESV_USAGE_BOOKKEEP, DMA_RESV_USAGE_WRITE).',
    advice: 'Add fences to external objects with DMA_RESV_USAGE_BOOKKEEP, and let user space ask for implicit fences.',
  },
  (fact) => ({
    severity: 'warning',
    confidence: 'certain',
    message: `a fence is added to external ${objText(fact)} with usage WRITE instead of BOOKKEEP`,
  }),
);
