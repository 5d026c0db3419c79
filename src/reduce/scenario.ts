// What it takes to see a finding again: a VM, objects, and jobs of ops, each with how its driver locks for it. Data.
import type { U64 } from '../base/u64.ts';
import type { DriverName } from '../events/vm_event.ts';
import type { StepView } from '../replay/fact.ts';

/** A request as a driver hands it to drm_gpuvm. */
export interface Request {
  readonly addr: U64;
  readonly range: U64;
  /** A number of the scenario's objects; 0: NULL. */
  readonly obj: number;
  readonly offset: U64;
}

/**
 * What the lock pass does for an op. ask: it asks a helper (drm_gpuvm_sm_map_exec_lock() or _unmap_, or an ops list) with these
 * arguments, which should be the op's own. listed: it locks the op's object. nothing: not even that.
 */
export type OpLocking =
  | { readonly how: 'ask'; readonly request: Request }
  | { readonly how: 'listed' }
  | { readonly how: 'nothing' };

/** What the driver does wrong with each step of an op that it can be done wrong with. */
export type StepMistake = 'prev lost' | 'next lost' | 'wrong next' | 'unmap skipped';

export const STEP_MISTAKES: readonly StepMistake[] = ['prev lost', 'next lost', 'wrong next', 'unmap skipped'];

export interface ScenarioOp extends Request {
  readonly kind: 'map' | 'map_null' | 'unmap';
  readonly locking: OpLocking;
  readonly mistakes: readonly StepMistake[];
  /** The op that the finding is about. */
  readonly isTarget: boolean;
}

export interface ScenarioJob {
  /** As the trace numbers it. */
  readonly id: number;
  readonly ops: readonly ScenarioOp[];
  /** The VM's own dma_resv is locked first. */
  readonly locksVm: boolean;
  /** Objects that are locked beside those of the ops, where the VM maps them. */
  readonly also: readonly number[];
  /** All locks are dropped before the apply. */
  readonly dropsLocks: boolean;
  /** The job that the finding is about. */
  readonly isTarget: boolean;
}

export interface ScenarioObject {
  readonly number: number;
  /** Private to the VM: it shares its dma_resv. */
  readonly isPrivate: boolean;
}

export interface ScenarioVm {
  readonly flags: number;
  readonly start: U64;
  readonly range: U64;
  readonly kernelStart: U64;
  readonly kernelRange: U64;
}

/** What is to be seen again. */
export interface Target {
  readonly rule: string;
  readonly severity: string;
  /** Undefined where it is not about a step. */
  readonly step: StepView['type'] | undefined;
}

export interface Scenario {
  readonly driver: DriverName | undefined;
  readonly vm: ScenarioVm;
  readonly objects: readonly ScenarioObject[];
  readonly jobs: readonly ScenarioJob[];
  readonly target: Target;
}

export function opsOf({ jobs }: Scenario): ScenarioOp[] {
  return jobs.flatMap((job) => job.ops);
}

/** With other jobs, of which those without ops and objects that nothing names are left out. */
export function withJobs(scenario: Scenario, jobs: readonly ScenarioJob[]): Scenario {
  const left = jobs.filter((job) => job.ops.length > 0 || job.isTarget);
  const named = new Set(
    left.flatMap(({ ops, also }) => [
      ...also,
      ...ops.flatMap(({ obj, locking }) => [obj, locking.how === 'ask' ? locking.request.obj : 0]),
    ]),
  );
  return { ...scenario, jobs: left, objects: scenario.objects.filter(({ number }) => named.has(number)) };
}
