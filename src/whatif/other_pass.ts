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

/** An argument of the helper's calls that becomes another part of the op. */
export interface ChangedArgument {
  readonly call: LockAsk['call'];
  readonly argument: OpPart;
  readonly becomes: OpPart;
}

export type OtherPass =
  | { readonly kind: 'locking'; readonly locking: Locking }
  /** The recorded requests, made again with other arguments. */
  | { readonly kind: 'arguments'; readonly changes: readonly ChangedArgument[] }
  /** Nothing about what is locked changes. */
  | { readonly kind: 'recorded' };
