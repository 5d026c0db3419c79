// wrong-vm-bo: a mapping hangs on the vm_bo of another object.
import { check } from './check.ts';

export const wrongVmBo = check(
  'wrong_vm_bo',
  {
    id: 'wrong-vm-bo',
    severity: 'error',
    summary: 'a mapping is linked to the vm_bo of another object',
    meaning: 'drm_gpuva_link() was given a vm_bo that was made for another object than the mapping’s.',
    why: 'Eviction of the mapping’s object does not find the mapping, eviction of the other one finds it wrongly, and the reference that the vm_bo holds is on the wrong object: the mapped one can be freed while the GPU uses it.',
    kernel: 'drm_gpuva_link() in drm_gpuvm.c (drm_WARN_ON(obj != vm_bo->obj)); pvr_vm_gpuva_remap() in pvr_vm.c.',
    example:
      'A MAP splits a mapping of another object; what is left on either side is linked to the vm_bo of the object that is being mapped.',
    advice: 'Link prev and next of a REMAP to the vm_bo of the mapping that is split, op->remap.unmap->va->vm_bo.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
