// misapplied-step: a driver did not do what a step asked.
import { check } from './check.ts';
import { opText, spanText, stepText } from './text.ts';

export const misappliedStep = check(
  'step_misapplied',
  {
    id: 'misapplied-step',
    severity: 'error',
    summary:
      'the driver did not carry a step out as emitted: prev or next lost, wrong offset, unmap skipped, insert refused',
    meaning:
      'Within a step callback that returned 0, the driver did not insert the prev or next mapping that a REMAP keeps, inserted one with another range or offset, left the old mapping in the tree, or its insert was refused by drm_gpuva_insert().',
    why: 'The VA space is now another one than user space asked for: a lost next makes the GPU fault on memory that was never unmapped, a wrong offset shows it other pages, a mapping left behind keeps its object alive and refuses later inserts.',
    kernel:
      'drm_gpuva_map(), drm_gpuva_remap() and drm_gpuva_unmap() in drm_gpuvm.c. drm_gpuva_map() ignores what drm_gpuva_insert() returns, so a refused insert has no other sign.',
    example:
      'The remap callback passes the old mapping’s offset on to next: pages behind the hole show the beginning of the object.',
    advice:
      'Apply prev, next and unmap exactly as the op gives them; take next’s offset from op->remap.next, never from the old mapping; check drm_gpuva_insert()’s result.',
  },
  (fact) => ({
    severity: 'error',
    confidence: 'certain',
    message: `${stepText(fact)} of ${opText(fact)} at ${spanText(fact.span)}: ${fact.how}${fact.detail === '' ? '' : ` (${fact.detail})`}`,
    role: fact.how,
  }),
  { withheld: true },
);
