// gpuva-lock: an object’s list of mappings changes without its gpuva.lock.
import { check } from './check.ts';
import { objText } from './text.ts';

export const gpuvaLock = check(
  'gpuva_unlocked',
  {
    id: 'gpuva-lock',
    severity: 'error',
    summary: 'in immediate mode, an object’s list of mappings changes while nobody holds its gpuva.lock',
    meaning:
      'The VM is in immediate mode, where an object’s list of mappings is protected by gem->gpuva.lock instead of its dma_resv, and the mutex had no owner when a mapping was linked or unlinked, or when a vm_bo was destroyed.',
    why: 'The list is changed while eviction or another VM may walk it.',
    kernel:
      'drm_gpuva_link(), drm_gpuva_unlink(), drm_gpuvm_bo_destroy(), drm_gem_gpuva_assert_lock_held() in drm_gpuvm.c and drm_gem.h; panthor_vma_link(); drm_gpuvm_bo_obtain_prealloc() since 9ce4aef9a5b1.',
    example: 'A helper that links is called on a path that forgot mutex_lock(&obj->gpuva.lock).',
    advice: 'Hold gpuva.lock around link and unlink of an immediate mode VM.',
  },
  (fact) => ({
    severity: 'error',
    confidence: 'certain',
    message: `${fact.what} while nobody holds the gpuva.lock of ${objText(fact)}`,
  }),
);
