// lock-step-divergence: the applied steps are not those that the VM showed when the lock pass ended.
import { check } from './check.ts';
import { opText } from './text.ts';

const SAFE = {
  1: 'an earlier op of the job removed or shrank what it would have met; that op’s lock covers it (safe case 1)',
  2: 'an earlier MAP of the job put there what it meets; that MAP’s lock covers it (safe case 2)',
} as const;

export const lockStepDivergence = check(
  'plan_diverged',
  {
    id: 'lock-step-divergence',
    severity: 'error',
    summary: 'an op’s applied steps differ from those that the VM showed when the lock pass ended',
    meaning:
      'The lock pass looks at the unmodified VM. Where ops of one job overlap, an earlier op changes what a later one meets: the steps then differ, legally, in two ways that the documentation of drm_gpuvm_sm_map_exec_lock() names. Where nothing of the job itself explains the difference, somebody else changed the VM in between.',
    why: 'The note helps to read a job whose lock pass and apply look different. The error says that the lock set was computed for another VM than the one that was modified.',
    kernel: 'drm_gpuvm_sm_map_exec_lock() in drm_gpuvm.c, its documentation.',
    example:
      'Op 0 unmaps [0x100000, 0x140000), op 1 maps into it: the lock pass saw a REMAP for op 1, the apply only a MAP (safe case 1).',
    advice:
      'Nothing for a note. For an error, keep the VM locked from the lock pass to the last step (see stale-lock-set).',
  },
  (fact) => {
    const what = `${opText(fact)}: the VM at lock time gives ${fact.planned}, applied was ${fact.applied}`;
    if (fact.safeCase !== undefined) {
      return {
        severity: 'note',
        confidence: 'certain',
        message: `${what}: ${SAFE[fact.safeCase]}`,
        role: `safe ${fact.safeCase}`,
      };
    }
    if (fact.immediate) {
      const message = `${what}: other jobs changed the VM in between, as immediate mode allows`;
      return { severity: 'note', confidence: 'certain', message, role: 'immediate' };
    }
    return {
      severity: 'error',
      confidence: 'certain',
      message: `${what}: nothing in the job explains it`,
      role: 'unexplained',
    };
  },
);
