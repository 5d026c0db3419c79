// range-beyond-object: a mapping reaches beyond its object.
import { check } from './check.ts';
import { objText } from './text.ts';

export const rangeBeyondObject = check(
  'range_beyond',
  {
    id: 'range-beyond-object',
    severity: 'error',
    summary: 'a MAP asks for more of an object than there is',
    meaning:
      'The offset and the range of a MAP step add up to more than the size that the object was initialised with.',
    why: 'The page tables get whatever lies behind the object’s pages, or the walk over its scatter list runs out half way.',
    kernel: 'drm_gem_private_object_init() in drm_gem.c; vm_bind_job_lookup_ops() of msm since 3a3bef68a6c1.',
    example: 'An ioctl checks the offset and the range each, and not their sum.',
    advice: 'Check offset > size || range > size - offset: the sum may wrap.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: `MAP of ${objText(fact)}: ${fact.detail}` }),
);
