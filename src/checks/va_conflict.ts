// va-conflict: the VA space refuses a mapping.
import { check } from './check.ts';

export const vaConflict = check(
  'va_conflict',
  {
    id: 'va-conflict',
    severity: 'error',
    summary: 'a mapping was refused because something else is mapped in its range, or the range is not valid',
    meaning:
      'drm_gpuva_insert() returned -EEXIST or -EINVAL. The finding names the mapping that was in the way and the line that put it there.',
    why: 'After the split and merge steps of a request its range is empty; an insert can only be refused if an earlier step was not carried out or the tree was changed from outside.',
    kernel: 'drm_gpuva_insert(), drm_gpuvm_range_valid() in drm_gpuvm.c.',
    example:
      'An UNMAP step is skipped; the MAP that follows is refused with -EEXIST, which drm_gpuva_map() does not pass on.',
    advice: 'Look at the line that inserted the mapping in the way, and at the step that should have removed it.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
);
