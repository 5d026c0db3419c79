// What a trace must show for a rule to be able to fire: where it does and the rule is silent, that means something.
import type { Shown } from '../replay/fact.ts';
import type { World } from '../replay/world.ts';

type Heard = (world: World) => boolean;

function all(...kinds: readonly Shown[]): Heard {
  return ({ seen }) => kinds.every((kind) => seen.has(kind));
}

const locks: Heard = (world) => world.stepsShown && world.locksShown;
const tables: Heard = ({ seen }) => seen.has('mmu_map') || seen.has('mmu_unmap');

/** Rules that are not here: nothing is claimed of them. */
export const RULE_NEEDS: Readonly<Record<string, Heard>> = {
  'missing-lock': locks,
  'missing-vm-lock': (world) => world.resvLocksShown,
  'redundant-lock': (world) => locks(world) && world.seen.has('exec_fini'),
  'lock-pass-mismatch': all('exec_lock', 'sm_request'),
  'stale-lock-set': all('exec_cleanup', 'sm_request'),
  'unreserved-fence': ({ seen }) =>
    seen.has('add_fence') && (seen.has('reserve_fences') || seen.has('prepare_obj_ret')),
  'implicit-fence': all('add_fence'),
  'exec-misuse': all('exec_init', 'exec_cleanup', 'lock_obj_ret'),
  'step-divergence': ({ seen }) => seen.has('va_insert') && (seen.has('step') || seen.has('core_step')),
  'lock-step-divergence': all('step', 'exec_cleanup'),
  'misapplied-step': all('step', 'va_insert', 'va_remove'),
  'va-conflict': all('va_insert'),
  'link-imbalance': all('step', 'va_insert', 'va_link', 'va_unlink'),
  'wrong-vm-bo': all('va_link'),
  'extobj-mismatch': all('bo_extobj_add'),
  'zero-length-bind': all('sm_request'),
  'bad-rollback': all('va_insert', 'va_remove', 'bind_ret'),
  'foreign-private-object': (world) => world.stepsShown && world.seen.has('vm_init'),
  'range-beyond-object': (world) => world.stepsShown && world.seen.has('obj_init'),
  'lock-in-signalling-path': ({ seen }) => seen.has('run_ret') && (seen.has('resv_lock') || seen.has('lock_obj_ret')),
  'vm-race': all('sm_request', 'sm_ret', 'va_insert'),
  'lock-leak': all('resv_lock', 'resv_unlock'),
  'pte-stale': tables,
  'pte-missing': tables,
  'pte-wrong': tables,
  'pte-overwrite': all('mmu_map'),
  'pte-overrun': tables,
  'pte-hole-unmap': all('mmu_unmap'),
  'partial-block-unmap': all('mmu_unmap'),
  'transient-unmap': all('mmu_map', 'mmu_unmap'),
  'tlb-stale': all('mmu_unmap', 'tlb_flush'),
  'pt-prealloc-short': all('pt_prealloc'),
};
