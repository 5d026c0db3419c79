// Does the driver hold the dma_resv of the object that a step changes, and where should the lock pass have taken it?
import { type Ptr, ptrHex } from '../base/u64.ts';
import type { StepEvent } from '../events/vm_event.ts';
import type { Context } from './context.ts';
import { describeOp } from './describe.ts';
import type { Evidence } from './fact.ts';
import type { Job } from './job.ts';
import { isWalking } from './pairing.ts';
import { tell } from './tell.ts';
import type { VmState } from './vm_state.ts';
import type { World } from './world.ts';

/** Why a lock that is not held is not missed. */
export const VM_UNKNOWN = 'its VM was made before the trace began: it may be in immediate mode';

export function needObj(world: World, job: Job, obj: Ptr): void {
  if (obj === 0) return;
  const resv = world.resvOf(obj);
  if (resv !== 0) job.needed.add(resv);
  else job.unknown.add('the dma_resv of an object that it uses is not known');
}

/** drm_gpuvm.c's rule: whoever changes an object's mappings holds its dma_resv, immediate mode aside. */
export function checkLocked(context: Context, job: Job | undefined, vm: VmState | undefined, event: StepEvent): void {
  const { task, world } = context;
  if (event.obj === 0) return;
  if (event.obj === undefined) {
    job?.unknown.add('its steps do not show their objects');
    return;
  }
  if (job !== undefined) needObj(world, job, event.obj);
  // Without its VM nobody knows whether it is in immediate mode.
  if (vm === undefined || vm.ownListLock) return;
  const resv = world.resvOf(event.obj);
  if (resv === 0 || task.holds(resv)) return;
  if (job === undefined && !world.isFramed(task.pid)) return;
  // As its VM, so its locks may be from before the trace.
  if (job?.resumed || (vm.dump !== undefined && task.contexts.some((open) => !open.known))) return;
  if (!vm.initKnown) {
    job?.unknown.add(VM_UNKNOWN);
    return;
  }
  if (job !== undefined) job.counts.missing++;
  const evidence = [...(job === undefined ? [] : requestEvidence(job)), ...lockEvidence(context, job, resv)];
  tell(context, {
    kind: 'step_unlocked',
    insideExec: task.contexts.some((open) => open.known && open.exec.state === 'locked'),
    obj: event.obj,
    resv,
    vm,
    span: event.addr === undefined || event.range === undefined ? undefined : { addr: event.addr, range: event.range },
    evidence,
    absence: job === undefined && !isWalking(task) ? 'call' : undefined,
  });
}

export function requestEvidence(job: Job): Evidence[] {
  const { op } = job;
  return op === undefined
    ? []
    : [{ line: op.requestLine || op.line, text: `op ${op.index} asks for ${describeOp(op)}` }];
}

/** The lock pass that should have covered the object. */
export function lockEvidence(context: Context, job: Job | undefined, resv: Ptr): Evidence[] {
  const evidence: Evidence[] = [];
  for (const ask of job?.asks ?? [])
    evidence.push({ line: ask.line, text: `the lock pass asks for ${describeOp(ask)}` });
  if (evidence.length > 4) evidence.splice(4);
  if (job !== undefined && job.lockEndLine > 0) {
    const held = context.task.contexts.flatMap((open) => open.exec.objects);
    const shown = held.slice(0, 6).map((one) => ptrHex(one.obj));
    if (held.length > shown.length) shown.push(`${held.length - shown.length} more`);
    evidence.push({
      line: job.lockEndLine,
      text:
        held.length === 0
          ? 'the lock pass ends; nothing is locked any more'
          : `the lock pass ends with ${shown.join(', ')}`,
    });
  }
  if (job?.locksDropped)
    evidence.push({ line: job.locksDroppedLine, text: 'drm_exec_fini() drops the locks of the pass' });
  for (const other of context.world.contexts.values()) {
    if (other.pid !== context.task.pid && other.exec.holdsResv(resv)) {
      evidence.push({ line: other.line, text: `task ${other.pid} holds its dma_resv meanwhile` });
    }
  }
  return evidence;
}
