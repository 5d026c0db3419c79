// vm-bo-leak: a file is closed and vm_bos or mappings still keep its VM.
import { check } from './check.ts';

export const vmBoLeak = check(
  'vm_bo_leaked',
  {
    id: 'vm-bo-leak',
    severity: 'error',
    summary: 'a file is closed, and vm_bos or mappings that nobody cleans up keep its VM and its objects',
    meaning:
      'drm_file_free() returned and a VM that the file’s binds used is not freed: its last vm_bos wait for drm_gpuvm_bo_deferred_cleanup(), or mappings are still in its tree.',
    why: 'Each vm_bo and each mapping holds a reference on the VM, each vm_bo one on its object: VM, objects and imported buffers stay until memory runs out.',
    kernel:
      'drm_gpuvm_bo_defer_zombie_cleanup(), drm_gpuvm_bo_deferred_cleanup() in drm_gpuvm.c (AsahiLinux PR 548); pvr_vm_unmap_all() (CVE-2024-53084).',
    example:
      'A driver in immediate mode unmaps everything with drm_gpuva_unlink_defer() when its VM goes, and never cleans up.',
    advice: 'Unmap all when the VM is torn down, then call drm_gpuvm_bo_deferred_cleanup(), then drop the VM.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail }),
  { withheld: true },
);
