// lock-pass-mismatch: the lock pass was asked about another operation than the one that was applied.
import type { LeftOut } from '../replay/fact.ts';
import { check } from './check.ts';
import { opText } from './text.ts';

export const lockPassMismatch = check(
  'request_mismatch',
  {
    id: 'lock-pass-mismatch',
    severity: 'error',
    summary: 'the lock pass was given another address, range or object than the operation that was applied',
    meaning:
      'The arguments of drm_gpuvm_sm_map_exec_lock() or drm_gpuvm_sm_unmap_exec_lock() (or of the ops list that a driver locks by) differ from those of the drm_gpuvm_sm_map() or drm_gpuvm_sm_unmap() that followed for the same op.',
    why: 'The lock pass then locks the objects of another range. Where the objects in the real range share the VM’s dma_resv nothing is visible; with external objects the steps run unlocked.',
    kernel: 'drm_gpuvm_sm_map_exec_lock() and drm_gpuvm_sm_unmap_exec_lock() in drm_gpuvm.c.',
    example:
      'msm called drm_gpuvm_sm_unmap_exec_lock(vm, exec, op->iova, op->obj_offset): obj_offset, which is 0 for an UNMAP, stood where range belongs (85042c2cd970, CVE-2026-53054).',
    advice: 'Build the request once per op and hand the same one to the lock pass and to the apply.',
  },
  (fact) => ({
    severity: 'error',
    confidence: 'certain',
    message: `the lock pass of ${opText(fact)} was given ${fact.what}${leftOutText(fact.leftOut)}`,
  }),
);

/** What became of the steps that the request leaves out: those on the VM's private objects hide such a bug. */
function leftOutText(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return '';
  const count = (effect: LeftOut['effect']) => leftOut.filter((left) => left.effect === effect).length;
  const parts = [`, which leaves out ${leftOut.length === 1 ? '1 step' : `${leftOut.length} steps`}`];
  if (count('unlocked') > 0) parts.push(`${count('unlocked')} unlocked`);
  if (count('hidden') > 0) parts.push(`${count('hidden')} hidden by the VM’s dma_resv, which their objects share`);
  return parts.join(', ');
}
