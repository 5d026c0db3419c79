// step-divergence: the recorded steps are not what drm_gpuvm's algorithm gives on this VM.
import { check } from './check.ts';
import { opText } from './text.ts';

export const stepDivergence = check(
  'step_diverged',
  {
    id: 'step-divergence',
    severity: 'error',
    summary: 'the recorded steps differ from what the kernel’s split and merge algorithm gives on the VM’s mappings',
    meaning:
      'On the mappings that the VM had, __drm_gpuvm_sm_map() or __drm_gpuvm_sm_unmap() gives another step at this place than the trace shows: another type, range, object, keep flag, prev or next, or none at all.',
    why: 'Either drm_gpuvm.c was changed (a patch under test, a backport), or the tree was modified behind its back during the walk, or a driver left steps of its ops list out.',
    kernel: '__drm_gpuvm_sm_map() and __drm_gpuvm_sm_unmap() in drm_gpuvm.c.',
    example:
      'A patched kernel emits UNMAP where a mapping reaches beyond the request: the rest that REMAP would have kept is lost.',
    advice:
      'Compare drm_gpuvm.c with mainline; check that the VM’s lock is held over the whole walk; carry out every op of a list in order.',
  },
  (fact) => ({
    severity: 'error',
    confidence: 'certain',
    message: `${opText(fact) || 'the request'}: in the ${fact.during}, drm_gpuvm gives ${fact.expected}, the trace shows ${fact.recorded}`,
    role: fact.during,
  }),
);
