// exec-misuse: drm_exec is used against its rules.
import type { Confidence, Severity } from '../findings/finding.ts';
import type { ExecMisuse, Fact } from '../replay/fact.ts';
import { check } from './check.ts';
import { objText } from './text.ts';

interface Rule {
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly message: (fact: Fact) => string;
}

const RULES: Record<ExecMisuse, Rule> = {
  ealready: {
    severity: 'error',
    confidence: 'certain',
    message: (fact) =>
      `locking ${objText(fact)} returned -EALREADY: its dma_resv is held already and DRM_EXEC_IGNORE_DUPLICATES is not set`,
  },
  'edeadlk-not-retried': {
    severity: 'error',
    confidence: 'certain',
    message: (fact) => `-EDEADLK (last for object ${objText(fact)}) was not followed by drm_exec_retry_on_contention()`,
  },
  unfinished: {
    severity: 'error',
    confidence: 'certain',
    message: () => 'the locking context is never finished: its locks stay held after the ioctl (no drm_exec_fini())',
  },
  'lock-after-modified': {
    severity: 'error',
    confidence: 'certain',
    message: (fact) => `${objText(fact)} is locked after the VM was already modified under the same locking context`,
  },
  'lock-after-done': {
    severity: 'error',
    confidence: 'certain',
    message: (fact) => `${objText(fact)} is locked after the drm_exec loop had ended (ww_acquire_done)`,
  },
  'rebind-after-done': {
    severity: 'error',
    confidence: 'certain',
    message: () =>
      'a mapping is bound again after the drm_exec loop had ended: the validation may evict objects that are locked and validated already',
  },
  'num-fences-0': {
    severity: 'error',
    confidence: 'certain',
    message: () => 'fences are reserved with num_fences 0: dma_resv_reserve_fences() warns and returns -EINVAL',
  },
  'fence-without-lock': {
    severity: 'warning',
    confidence: 'likely',
    message: (fact) => `a fence is added to ${objText(fact)}, which is not locked through the job's drm_exec`,
  },
};

export const execMisuse = check(
  'exec_misuse',
  {
    id: 'exec-misuse',
    severity: 'error',
    summary:
      'drm_exec used against its rules: -EALREADY, -EDEADLK not retried, never finished, locking too late, num_fences 0',
    meaning:
      'One of: a dma_resv locked twice without DRM_EXEC_IGNORE_DUPLICATES (-EALREADY); -EDEADLK without the retry that drops all locks; a context without drm_exec_fini(); a lock taken, or a mapping validated and bound again, after the VM was modified or after the loop ended; fences reserved with num_fences 0; a fence added to an object that is not locked.',
    why: 'Each of them fails the job, deadlocks, or leaves locks held. -EALREADY shows up only with objects that share a dma_resv (VM-private ones after drm_gpuvm_prepare_vm()), so it passes simple tests.',
    kernel:
      'drm_exec_init(), drm_exec_cleanup(), drm_exec_lock_obj(), drm_exec_fini() in drm_exec.c; dma_resv_reserve_fences() in dma-resv.c; xe_exec_ioctl() before 3edd52bead30 (rebinding behind the loop).',
    example:
      'drm_exec_init(&exec, 0, 0), drm_gpuvm_prepare_vm(), then drm_exec_lock_obj() of a VM-private object: -EALREADY.',
    advice:
      'Initialise with DRM_EXEC_IGNORE_DUPLICATES | DRM_EXEC_INTERRUPTIBLE_WAIT, call drm_exec_retry_on_contention() after every lock call before looking at its error, modify the VM only behind the loop, finish on every path, and reserve at least one fence.',
  },
  (fact) => {
    const rule = RULES[fact.misuse];
    return { severity: rule.severity, confidence: rule.confidence, message: rule.message(fact), role: fact.misuse };
  },
);
