// What the replay learned that a correct driver on a correct kernel would not show: facts, which the checks judge.
import type { Ptr, U64 } from '../base/u64.ts';
import type { BindOp, VmEventKind } from '../events/vm_event.ts';
import type { Job } from './job.ts';
import type { VmState } from './vm_state.ts';

/** A place in the trace with what stands there, in a reader's words. */
export interface Evidence {
  readonly line: number;
  readonly text: string;
}

export interface Span {
  readonly addr: U64;
  readonly range: U64;
}

/** A step as recorded; addr to offset are those of the old mapping for REMAP and UNMAP, undefined where not probed. */
export interface StepView {
  readonly line: number;
  /** Its number within the op, from 0. */
  readonly index: number;
  readonly type: 'map' | 'remap' | 'unmap' | 'prefetch';
  readonly va: Ptr;
  readonly keep: boolean;
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly obj: Ptr | undefined;
  readonly offset: U64 | undefined;
}

export interface OpView {
  readonly index: number;
  readonly kind: BindOp;
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly obj: Ptr;
  readonly offset: U64;
  readonly line: number;
}

/**
 * A fact that rests on what the trace does not show: lines lost unnoticed would excuse it. `tree`: lines of changes of
 * the VM, which that VM's end would betray; `call`: others; `frame`: those of the driver's frame around the job.
 */
export type Absence = 'tree' | 'call' | 'frame';

/** What a trace can show: events of a kind, and the steps of each type. */
export type Shown =
  | VmEventKind
  | 'map step'
  | 'remap step'
  | 'unmap step'
  | 'prefetch step'
  | 'listed step'
  | 'removal in a step';

/** Why a lock was not needed. */
export type LockClass = 'retry leftover' | 'failed batch' | 'whole-VM sweep' | 'unneeded';

export type ExecMisuse =
  | 'ealready'
  | 'edeadlk-not-retried'
  | 'unfinished'
  | 'lock-after-modified'
  | 'lock-after-done'
  | 'rebind-after-done'
  | 'num-fences-0'
  | 'fence-without-lock';

/**
 * A step of an op, on the VM as it stood at the lock pass, whose object the op's request there does not lock. `unlocked`:
 * a step of the job found it so. `hidden`: the object shares the VM's own dma_resv, which the job holds.
 */
export interface LeftOut {
  readonly step: string;
  readonly effect: 'unlocked' | 'hidden' | 'none';
}

/** How a driver failed to do what a step asked. */
export type Misapplied =
  | 'prev lost'
  | 'next lost'
  | 'wrong prev'
  | 'wrong next'
  | 'unmap skipped'
  | 'insert refused'
  | 'wrong map'
  | 'map skipped';

/** Where a fact was seen. `job` is undefined outside of any VM_BIND job. */
interface At {
  readonly line: number;
  readonly time: string;
  readonly job: Job | undefined;
  readonly vm: VmState | undefined;
  readonly op: OpView | undefined;
  readonly step: StepView | undefined;
  readonly obj: Ptr;
  readonly resv: Ptr;
  readonly span: Span | undefined;
  readonly evidence: readonly Evidence[];
  readonly absence: Absence | undefined;
  /** It stands only if events of these kinds are in the trace: what is not probed says nothing by its absence. */
  readonly needs: readonly Shown[] | undefined;
}

export type Fact = At &
  (
    | { readonly kind: 'step_unlocked'; readonly insideExec: boolean }
    | { readonly kind: 'lock_unneeded'; readonly why: LockClass }
    | {
        readonly kind: 'request_mismatch';
        readonly locked: OpView;
        readonly what: string;
        readonly leftOut: readonly LeftOut[];
      }
    | { readonly kind: 'lock_set_stale'; readonly why: 'dropped' | 'vm-changed' }
    | { readonly kind: 'fence_unreserved' }
    | { readonly kind: 'exec_misuse'; readonly misuse: ExecMisuse }
    | {
        readonly kind: 'step_diverged';
        readonly expected: string;
        readonly recorded: string;
        readonly during: 'lock pass' | 'apply';
      }
    | {
        readonly kind: 'plan_diverged';
        readonly planned: string;
        readonly applied: string;
        /** The patch's safe case that explains it; undefined where none does. */
        readonly safeCase: 1 | 2 | undefined;
        readonly immediate: boolean;
      }
    | { readonly kind: 'step_misapplied'; readonly how: Misapplied; readonly detail: string }
    | { readonly kind: 'va_conflict'; readonly detail: string }
    | { readonly kind: 'signalling_lock' }
    | { readonly kind: 'lock_leaked' }
    | { readonly kind: 'gpuva_unlocked'; readonly what: string }
    | { readonly kind: 'vm_unlocked'; readonly what: string }
    | { readonly kind: 'wrong_vm_bo'; readonly detail: string }
    | { readonly kind: 'extobj_mismatch'; readonly detail: string }
    | { readonly kind: 'vm_bo_leaked'; readonly detail: string }
    | { readonly kind: 'fence_implicit'; readonly usage: number }
    | { readonly kind: 'pt_unmade'; readonly count: number; readonly remaining: number }
    | { readonly kind: 'zero_length'; readonly detail: string }
    | { readonly kind: 'vm_gone'; readonly detail: string }
    | {
        readonly kind: 'vm_raced';
        readonly detail: string;
        /** The trace shows who owns the lock; otherwise the order of two tasks' events tells. */
        readonly shown: boolean;
      }
    | { readonly kind: 'range_beyond'; readonly detail: string }
    | { readonly kind: 'foreign_private'; readonly detail: string }
    | {
        readonly kind: 'state_mismatch';
        readonly how: 'absent' | 'extra' | 'other range' | 'other object' | 'other offset';
        readonly detail: string;
      }
    | { readonly kind: 'bad_rollback'; readonly detail: string }
    | { readonly kind: 'link_imbalance'; readonly detail: string }
    | { readonly kind: 'pte_overwrite'; readonly refused: boolean; readonly detail: string }
    | { readonly kind: 'pte_hole'; readonly detail: string }
    | {
        readonly kind: 'pte_partial_block';
        readonly detail: string;
        /** The call's return says so; the tables are derived: what the driver did about it is not shown. */
        readonly proof: 'shown' | 'modelled' | 'derived';
      }
    | {
        readonly kind: 'pte_overrun';
        readonly detail: string /** Pages of live entries that it hits. */;
        readonly hit: number;
      }
    | { readonly kind: 'pte_stale'; readonly detail: string; readonly pages: number }
    | { readonly kind: 'pte_missing'; readonly detail: string; readonly pages: number }
    | { readonly kind: 'pte_wrong'; readonly detail: string; readonly pages: number }
    | { readonly kind: 'pte_transient'; readonly why: 'keep' | 'not locked out'; readonly detail: string }
    | { readonly kind: 'tlb_stale'; readonly detail: string }
    | { readonly kind: 'pt_short'; readonly detail: string; readonly certain: boolean }
  );

export type FactKind = Fact['kind'];
export type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>;
