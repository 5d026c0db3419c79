// vm-race: two tasks are at the tree of one VM.
import { check } from './check.ts';

export const vmRace = check(
  'vm_raced',
  {
    id: 'vm-race',
    severity: 'error',
    summary: 'a task changes or searches the tree of a VM while drm_gpuvm walks it for another',
    meaning:
      'Between the entry and the return of drm_gpuvm_sm_map() or drm_gpuvm_sm_unmap() in one task, another one inserted, removed or looked up a mapping of the same VM. Any lock that both hold would have kept them apart. Or the probe of an insert or remove shows who owns the driver’s lock (vm_lock), and nobody did.',
    why: 'The tree has no lock of its own: a walk that meets a change follows freed nodes.',
    kernel:
      'drm_gpuvm.c, “Locking”: the driver protects the tree; pvr_vm_map() without vm_ctx->lock up to 7.1.5 (CVE-2026-68260).',
    example: 'pvr held vm_ctx->lock to find the mapping that an unmap names, but not to map.',
    advice: 'Hold one lock around every call that walks or changes the tree of a VM.',
  },
  (fact) => ({ severity: 'error', confidence: fact.shown ? 'certain' : 'likely', message: fact.detail }),
  { withheld: true },
);
