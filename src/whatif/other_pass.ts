// The lock pass that is put in the place of the recorded one.
import type { LockAsk } from '../replay/job.ts';

/**
 * exec-lock: the VM's resv, and for each op what drm_gpuvm_sm_map_exec_lock() or drm_gpuvm_sm_unmap_exec_lock() locks.
 * listed: the VM's resv and the objects that the ops name. sweep: listed, and all external objects of the VM
 * (drm_gpuvm_prepare_objects()).
 */
export const LOCKINGS = ['exec-lock', 'listed', 'sweep'] as const;
export type Locking = (typeof LOCKINGS)[number];

/** What an argument of an exec-lock helper can be, as a part of the op that it is called for. */
export type OpPart = 'addr' | 'range' | 'obj' | 'offset';

/** An argument of one of the helpers that is another part of the op than its own name says, or becomes so. */
export interface Argument {
  readonly call: LockAsk['call'];
  readonly argument: OpPart;
  readonly is: OpPart;
}

export interface LockingPass {
  readonly kind: 'locking';
  readonly locking: Locking;
  /** The helpers that are called; for ops of the other call the listed object is locked. */
  readonly helpers: readonly LockAsk['call'][];
  /** What the recorded pass locked stays locked. */
  readonly adds: boolean;
  /** Arguments that their calls get wrong. */
  readonly wrong: readonly Argument[];
}

/** The helpers as they are meant: called for each op with what is then applied. */
export function lockingPass(locking: Locking): LockingPass {
  return { kind: 'locking', locking, helpers: ['map', 'unmap'], adds: false, wrong: [] };
}

export type OtherPass =
  | LockingPass
  /** The recorded requests, made again with other arguments; what is locked besides them stays. */
  | { readonly kind: 'arguments'; readonly changed: readonly Argument[] }
  /** Nothing about what is locked changes. */
  | { readonly kind: 'recorded' };
