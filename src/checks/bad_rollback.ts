// bad-rollback: a bind that failed left the VA space changed.
import { check } from './check.ts';

export const badRollback = check(
  'bad_rollback',
  {
    id: 'bad-rollback',
    severity: 'error',
    summary: 'a bind that failed did not leave the VA space as it was',
    meaning:
      'The driver undoes the changes of a bind that fails (nouveau, xe), and when the ioctl returned its error some mappings were gone, or others were there.',
    why: 'User space believes that nothing has changed. Later binds meet mappings that were never linked, or miss some that the GPU still uses.',
    kernel:
      'nouveau_uvmm_sm_prepare_unwind() in nouveau_uvmm.c; vm_bind_ioctl_ops_unwind() in xe_vm.c (bfe9e314d757: the range of a remapped mapping).',
    example: 'The unwind of a REMAP puts the old mapping back with the range that was already cut.',
    advice: 'Keep what the unwind needs before the mapping is changed, and undo the ops in reverse order.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
);
