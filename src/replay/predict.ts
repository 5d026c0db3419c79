// The steps that drm_gpuvm.c gives for a request, on the VM as the lock pass left it and as it is now, against those
// recorded.
import { add, hex, type U64 } from '../base/u64.ts';
import { OP_MAP, type SmRequest, type StepEvent } from '../events/vm_event.ts';
import { type Recorded, type Step, stepsOfMadvise } from '../gpuvm/sm_map.ts';
import type { Context } from './context.ts';
import { describeEvent, describeOp, describeStep, STEP_TYPES } from './describe.ts';
import type { Evidence } from './fact.ts';
import type { Job, OpRun } from './job.ts';
import { needObj, requestEvidence } from './step_locks.ts';
import { tell } from './tell.ts';
import { contradicted } from './tree.ts';
import type { VmState } from './vm_state.ts';

/** What the VM as the lock pass left it gives for this op. */
export function planOp(job: Job, op: OpRun): void {
  const { vm } = job;
  if (vm === undefined || job.lockVersion < 0) job.unplanned = true;
  if (vm === undefined || job.lockVersion < 0 || op.addr === undefined || op.range === undefined) return;
  const call = op.predicted;
  if (call === undefined) return;
  op.planned = vm.stepsAt(job.lockVersion, call, { addr: op.addr, range: op.range, obj: op.obj, offset: op.offset });
  if (op.planned === undefined) job.unplanned = true;
}

/** The VM is still the one that the lock pass left, and the call is the op itself: then the plan is what is to be expected. */
export function isAsPlanned(job: Job, op: OpRun, event: SmRequest): boolean {
  if (op.planned === undefined || job.lockVersion !== job.vm?.version || event.addr === undefined) return false;
  return event.call === op.predicted && event.obj === op.obj && event.offset === op.offset;
}

/** What the VM gives now. */
export function expectedOf(vm: VmState | undefined, event: SmRequest): Recorded | undefined {
  const { addr, range, obj, offset, call } = event;
  if (addr === undefined || range === undefined || !vm?.isPredictable(addr, range)) return undefined;
  if (call === 'map' || call === 'unmap') return vm.stepsNow(call, { addr, range, obj, offset });
  return call === 'madvise' ? stepsOfMadvise(vm.tree, { addr, range, obj, offset }) : undefined;
}

/** Compares with what the VM at lock time gave: the truth's `diverged`. */
export function checkPlanned(context: Context, job: Job, op: OpRun, event: StepEvent): void {
  if (op.planned === undefined || op.diverged || op.stepDiverged) return;
  const planned = op.planned.steps[op.count];
  if (planned === undefined || !sameStep(planned, event)) {
    planDiverged(
      context,
      job,
      op,
      planned === undefined ? 'nothing more' : describeStep(planned),
      describeEvent(event),
    );
  }
}

function planDiverged(context: Context, job: Job, op: OpRun, planned: string, applied: string): void {
  op.diverged = true;
  job.counts.diverged++;
  const { vm } = job;
  if (vm === undefined || op.addr === undefined || op.range === undefined) return;
  const changes = vm.changesSince(job.lockVersion, op.addr, op.range) ?? [];
  const foreign = changes.find((change) => change.job !== job);
  const evidence: Evidence[] = requestEvidence(job);
  if (foreign !== undefined) {
    evidence.push({
      line: foreign.va.line,
      text: `${hex(foreign.va.addr)}+${hex(foreign.va.range)} was changed from outside of this job`,
    });
  }
  const byMap = changes.some((change) => change.byMap && change.inserted && vm.tree.has(change.va));
  op.safeCase = foreign !== undefined || changes.length === 0 ? undefined : byMap ? 2 : 1;
  tell(context, {
    kind: 'plan_diverged',
    planned,
    applied,
    safeCase: op.safeCase,
    immediate: vm.ownListLock,
    op,
    span: { addr: op.addr, range: op.range },
    evidence,
  });
}

/** Compares with what drm_gpuvm.c gives on this tree. */
export function checkExpected(
  context: Context,
  op: OpRun,
  index: number,
  event: StepEvent,
  vm: VmState | undefined,
): void {
  if (op.stepDiverged) return;
  const steps = op.expected?.steps;
  const expected = steps?.[index];
  if (expected !== undefined && isStep(expected, event)) return;
  // Behind a gap it may be part of another request, which was lost.
  const request = op.gaps === context.world.gaps ? op.request : undefined;
  const stray = strayStep(vm, request, event);
  if (stray !== undefined && vm !== undefined) {
    op.stepDiverged = true;
    contradicted(context, vm, stray);
  } else if (steps !== undefined) {
    if (isOfDump(vm, expected)) {
      op.stepDiverged = true;
      contradicted(context, vm, notMet(expected, describeEvent(event)));
      return;
    }
    const left = expected === undefined ? 'no further step' : describeStep(expected);
    stepDiverged(context, op, left, describeEvent(event), event.by === 'driver' ? expected?.kind : undefined);
  }
}

/** A step that is to be expected only because a dump of the VM's past has this mapping, which it may have wrong. */
export function isOfDump(vm: VmState | undefined, step: Step | undefined): vm is VmState {
  return vm?.dump !== undefined && step !== undefined && step.kind !== 'map' && step.va.line === 0;
}

export function notMet(expected: Step | undefined, recorded: string): string {
  return `${expected === undefined ? '' : describeStep(expected)} is to be expected, and there is ${recorded}`;
}

/** Compares with the ops list that the driver carries out. */
export function checkListed(context: Context, op: OpRun, event: StepEvent): void {
  const listed = op.list[op.count];
  if (op.stepDiverged || (listed !== undefined && listed.type === event.type && listed.addr === event.addr)) return;
  const wanted = listed === undefined ? 'no further step' : describeEvent(listed);
  const type = listed === undefined ? undefined : STEP_TYPES[listed.type];
  stepDiverged(context, op, wanted, describeEvent(event), type);
}

type StepType = (typeof STEP_TYPES)[number];

/** Steps are missing, or those of two requests run into one: lost lines could always do that. */
function stepDiverged(context: Context, op: OpRun, expected: string, recorded: string, wanted?: StepType): void {
  const { world, task } = context;
  op.stepDiverged = true;
  for (const step of op.expected?.steps ?? []) {
    if (task.job !== undefined && step.kind !== 'map') needObj(world, task.job, step.va.obj);
  }
  const span = op.addr === undefined || op.range === undefined ? undefined : { addr: op.addr, range: op.range };
  const evidence = [{ line: op.requestLine || op.line, text: `op ${op.index} asks for ${describeOp(op)}` }];
  const needs = wanted === undefined ? undefined : ([`${wanted} step`] as const);
  tell(context, {
    kind: 'step_diverged',
    during: 'apply',
    expected,
    recorded,
    op,
    span,
    evidence,
    absence: 'call',
    needs,
  });
}

/**
 * Why this step cannot belong to the request, whatever the algorithm may be: it lies apart from it, or meets a mapping
 * that the VM does not have.
 */
export function strayStep(
  vm: VmState | undefined,
  request: Pick<SmRequest, 'addr' | 'range'> | undefined,
  event: StepEvent,
): string | undefined {
  const { addr, range } = event;
  if (addr === undefined || range === undefined) return undefined;
  const at = `${hex(addr)}+${hex(range)}`;
  if (request?.addr !== undefined && request.range !== undefined) {
    const apart = add(addr, range) < request.addr || addr > add(request.addr, request.range);
    if (apart) return `a step at ${at} is part of a request for ${hex(request.addr)}+${hex(request.range)}`;
  }
  if (event.type === OP_MAP || !vm?.known.has(addr, range, vm.version)) return undefined;
  const va = (vm.treeShown ? vm.tree : vm.asked).find(addr, range);
  const known =
    va !== undefined &&
    (event.obj === undefined || event.obj === va.obj) &&
    (event.va === 0 || va.id === 0 || event.va === va.id);
  return known ? undefined : `a step meets ${at}, which was never inserted`;
}

export function isStep(step: Step, event: StepEvent): boolean {
  return sameStep(step, event) && samePieces(step, event);
}

/** Type, keep, old mapping and (for MAP) request are as recorded; what a probe does not show counts as equal. */
function sameStep(step: Step, event: StepEvent): boolean {
  if (STEP_TYPES[event.type] !== step.kind) return false;
  const of = step.kind === 'map' ? step : step.va;
  if (step.kind !== 'map' && step.keep !== event.keep) return false;
  return (
    (event.addr === undefined || event.addr === of.addr) &&
    (event.range === undefined || event.range === of.range) &&
    (event.obj === undefined || event.obj === of.obj) &&
    (event.offset === undefined || event.offset === of.offset)
  );
}

function samePieces(step: Step, event: StepEvent): boolean {
  if (step.kind !== 'remap') return true;
  return samePiece(step.prev, event.prev) && samePiece(step.next, event.next);
}

function samePiece(piece: { addr: U64; range: U64; offset: U64 } | undefined, event: StepEvent['prev']): boolean {
  if (piece === undefined || event === undefined) return piece === undefined && event === undefined;
  return (
    (event.addr === undefined || event.addr === piece.addr) &&
    (event.range === undefined || event.range === piece.range) &&
    (event.offset === undefined || event.offset === piece.offset)
  );
}

/** The op is over: no step may be missing. */
export function checkComplete(context: Context, job: Job, op: OpRun): void {
  const expected = op.expected?.steps[op.count];
  if (isOfDump(job.vm, expected) && op.request !== undefined && !op.stepDiverged) {
    op.stepDiverged = true;
    contradicted(context, job.vm, notMet(expected, 'no further step'));
  } else if (expected !== undefined && op.request !== undefined && !op.stepDiverged) {
    stepDiverged(context, op, describeStep(expected), 'no further step', expected.kind);
  }
  const { planned } = op;
  if (planned !== undefined && !op.diverged && !op.stepDiverged && op.count !== planned.steps.length) {
    const left = planned.steps[op.count];
    planDiverged(context, job, op, left === undefined ? 'nothing more' : describeStep(left), 'nothing more');
  }
}
