// zero-length-bind: a request of no bytes reaches drm_gpuvm.
import { check } from './check.ts';

export const zeroLengthBind = check(
  'zero_length',
  {
    id: 'zero-length-bind',
    severity: 'warning',
    summary: 'a bind op of range 0 was not refused and reached drm_gpuvm',
    meaning:
      'drm_gpuvm_sm_map(), drm_gpuvm_sm_unmap() or an ops list was asked for a range of 0 bytes, and it succeeded: drm_gpuvm_range_valid() does not refuse it.',
    why: 'Where the address lies within a mapping, that is split in two for nothing; a MAP moreover inserts a mapping of range 0, which no look-up finds and no later unmap removes, but which pins its object and the VM.',
    kernel: '__drm_gpuvm_sm_map(), __drm_gpuvm_sm_unmap(), drm_gpuvm_range_valid() in drm_gpuvm.c, up to 6.18.',
    example: 'An ioctl checks alignment and drm_gpuvm_range_valid() only; 0 passes both.',
    advice: 'Refuse ops of range 0 with -EINVAL in the ioctl, or skip them.',
  },
  (fact) => ({ severity: 'warning', confidence: 'certain', message: fact.detail }),
);
