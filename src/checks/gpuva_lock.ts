// gpuva-lock: a mapping is linked without the object’s gpuva.lock.
import { check } from './check.ts';
import { objText } from './text.ts';

export const gpuvaLock = check(
  'gpuva_unlocked',
  {
    id: 'gpuva-lock',
    severity: 'error',
    summary: 'in immediate mode, a mapping is linked while nobody holds its object’s gpuva.lock',
    meaning:
      'The VM is in immediate mode, where an object’s list of mappings is protected by gem->gpuva.lock instead of its dma_resv, and the mutex had no owner when drm_gpuva_link() was called.',
    why: 'The list is changed while eviction or another VM may walk it.',
    kernel: 'drm_gpuva_link(), drm_gem_gpuva_assert_lock_held() in drm_gpuvm.c and drm_gem.h; panthor_vma_link().',
    example: 'A helper that links is called on a path that forgot mutex_lock(&obj->gpuva.lock).',
    advice: 'Hold gpuva.lock around link and unlink of an immediate mode VM.',
  },
  (fact) => ({
    severity: 'error',
    confidence: 'certain',
    message: `a mapping of ${objText(fact)} is linked while nobody holds its gpuva.lock`,
  }),
);
