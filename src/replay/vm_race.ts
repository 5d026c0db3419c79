// Two tasks at the VA space of one VM: while drm_gpuvm_sm_map() or drm_gpuvm_sm_unmap() walks it for one, another changes
// it or looks something up. Where a lock kept them apart their calls could not be interleaved.
import type { Ptr } from '../base/u64.ts';
import type { Context } from './context.ts';
import { isWalking } from './pairing.ts';
import { tell } from './tell.ts';
import type { VmState } from './vm_state.ts';

/** What another task did to the tree within a walk. */
export interface Disturbance {
  readonly vm: VmState;
  readonly line: number;
  readonly pid: number;
  readonly what: string;
}

/** The tree is changed while nobody holds the driver's lock of the VM. */
export function tellUnowned(context: Context, vm: VmState, obj: Ptr, what: string): void {
  tell(context, {
    kind: 'vm_raced',
    shown: true,
    detail: `${what} while nobody holds the driver’s lock of the VM`,
    vm,
    obj,
  });
}

/** This task is at the tree: the walks of others are disturbed. */
export function disturbWalks({ world, task, where }: Context, vm: VmState, what: string): void {
  for (const other of world.tasks.values()) {
    if (other === task || other.walked !== vm || other.disturbed !== undefined || !isWalking(other)) continue;
    other.disturbed = { vm, line: where.line, pid: task.pid, what };
  }
}

/** The walk goes on: what happened before happened within it, also where the clocks of two CPUs differ a little. */
export function tellDisturbed(context: Context): void {
  const { task } = context;
  const by = task.disturbed;
  if (by === undefined) return;
  task.disturbed = undefined;
  if (task.walked !== by.vm || !isWalking(task)) return;
  tell(context, {
    kind: 'vm_raced',
    shown: false,
    detail: `while this walk of the VA space is not over, task ${by.pid} is at it too: ${by.what}`,
    vm: by.vm,
    line: by.line,
    evidence: [{ line: context.where.line, text: 'the walk goes on here' }],
    absence: 'call',
    needs: ['sm_ret'],
  });
}
