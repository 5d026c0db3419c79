// The registry of checks: a new one is a new file and one line here; everything else derives from it.
import type { Fact } from '../replay/fact.ts';
import { badRollback } from './bad_rollback.ts';
import type { Check, RuleDoc } from './check.ts';
import { execMisuse } from './exec_misuse.ts';
import { extobjMismatch } from './extobj_mismatch.ts';
import { foreignPrivateObject } from './foreign_private_object.ts';
import { freedVm } from './freed_vm.ts';
import { gpuvaLock } from './gpuva_lock.ts';
import { implicitFence } from './implicit_fence.ts';
import { linkImbalance } from './link_imbalance.ts';
import { lockInSignallingPath } from './lock_in_signalling_path.ts';
import { lockLeak } from './lock_leak.ts';
import { lockPassMismatch } from './lock_pass_mismatch.ts';
import { lockStepDivergence } from './lock_step_divergence.ts';
import { misappliedStep } from './misapplied_step.ts';
import { missingLock } from './missing_lock.ts';
import { missingVmLock } from './missing_vm_lock.ts';
import { partialBlockUnmap } from './partial_block_unmap.ts';
import { ptPreallocShort } from './pt_prealloc_short.ts';
import { ptPreallocUnmade } from './pt_prealloc_unmade.ts';
import { pteHoleUnmap } from './pte_hole_unmap.ts';
import { pteMissing } from './pte_missing.ts';
import { pteOverrun } from './pte_overrun.ts';
import { pteOverwrite } from './pte_overwrite.ts';
import { pteStale } from './pte_stale.ts';
import { pteWrong } from './pte_wrong.ts';
import { rangeBeyondObject } from './range_beyond_object.ts';
import { redundantLock } from './redundant_lock.ts';
import { staleLockSet } from './stale_lock_set.ts';
import { stateMismatch } from './state_mismatch.ts';
import { stepDivergence } from './step_divergence.ts';
import { tlbStale } from './tlb_stale.ts';
import { transientUnmap } from './transient_unmap.ts';
import { unreservedFence } from './unreserved_fence.ts';
import { vaConflict } from './va_conflict.ts';
import { vmBoLeak } from './vm_bo_leak.ts';
import { vmRace } from './vm_race.ts';
import { wrongVmBo } from './wrong_vm_bo.ts';
import { zeroLengthBind } from './zero_length_bind.ts';

export const checks: readonly Check[] = [
  missingLock,
  missingVmLock,
  redundantLock,
  lockPassMismatch,
  staleLockSet,
  unreservedFence,
  implicitFence,
  execMisuse,
  stepDivergence,
  lockStepDivergence,
  misappliedStep,
  vaConflict,
  linkImbalance,
  wrongVmBo,
  extobjMismatch,
  vmBoLeak,
  zeroLengthBind,
  freedVm,
  vmRace,
  badRollback,
  foreignPrivateObject,
  gpuvaLock,
  lockInSignallingPath,
  lockLeak,
  rangeBeyondObject,
  stateMismatch,
  pteStale,
  pteMissing,
  pteWrong,
  pteOverwrite,
  pteOverrun,
  pteHoleUnmap,
  partialBlockUnmap,
  transientUnmap,
  tlbStale,
  ptPreallocShort,
  ptPreallocUnmade,
];

export const rules: readonly RuleDoc[] = checks.map((check) => check.doc);

const byFact = new Map<Fact['kind'], Check>(checks.map((check) => [check.on, check]));

/** The check that judges this fact. */
export function checkOf(fact: Fact): Check | undefined {
  return byFact.get(fact.kind);
}
