// Requests and steps: what drm_gpuvm_sm_map() and its relatives were asked, the steps they gave, and whether the driver
// held the locks for each and did what it asked.
import { add, hex, type Ptr, ptrHex, type U64 } from '../base/u64.ts';
import {
  type BindOp,
  type LockRequest,
  OP_MAP,
  OP_REMAP,
  OP_UNMAP,
  type SmRequest,
  type StepEvent,
} from '../events/vm_event.ts';
import { type Recorded, type Step, stepsOfMadvise } from '../gpuvm/sm_map.ts';
import { describeEvent, describeOp, describeStep, STEP_TYPES } from './describe.ts';
import { markApply } from './detail.ts';
import type { Evidence, Span, StepView } from './fact.ts';
import { type Job, type LockAsk, OpRun } from './job.ts';
import { closeJob, openJob, tellStale } from './lifecycle.ts';
import type { Context, Handlers } from './machine.ts';
import { isWalking } from './pairing.ts';
import { type Mistake, StepRun } from './step_run.ts';
import { tell } from './tell.ts';
import { contradicted } from './tree.ts';
import type { VmState } from './vm_state.ts';
import type { World } from './world.ts';

/** Steps remembered of one lock request, for display and comparison. */
const MAX_ASK_STEPS = 4096;

export const applyHandlers: Handlers = {
  sm_request(event, context) {
    const { task, world, where } = context;
    const vm = world.vm(event.gpuvm);
    if (task.locking !== undefined) {
      if (event.call === 'map' || event.call === 'unmap') {
        addAsk(task.job, event.call, event, where.line);
      }
      return;
    }
    const left = task.job;
    if (left?.implicit && task.contexts.length === 0 && left.ops.length > 0) closeJob(context, left);
    const job = task.job ?? (world.frameProbed ? undefined : implicitJob(context));
    if (job === undefined) return;
    if (vm !== undefined) world.bindToVm(job, vm);
    if (task.step !== undefined) finishStep(context, true);
    startRequest(context, job, event);
  },

  sm_ret(event, context) {
    const { task } = context;
    if (task.step !== undefined) finishStep(context, event.ret === 0);
    const job = task.job;
    if (job?.op === undefined) return;
    if (event.ret !== 0) job.op.failed = true;
    finishOp(context, job, job.op);
    if (job.implicit && task.contexts.length === 0) {
      job.ret = event.ret;
      job.applied = true;
      closeJob(context, job);
    }
  },

  exec_lock(event, context) {
    const { task, world, where } = context;
    const job = task.job ?? (world.frameProbed ? undefined : implicitJob(context));
    const vm = world.vm(event.gpuvm);
    if (job !== undefined && vm !== undefined) world.bindToVm(job, vm);
    addAsk(job, event.call, event, where.line);
  },

  step: driverStep,

  core_step(event, context) {
    if (event.by === 'lock' || context.task.locking !== undefined) lockStep(event, context);
    else listStep(event, context);
  },

  step_ret(event, context) {
    const { task } = context;
    const step = task.step;
    if (step === undefined) return;
    if (event.op !== 0 && step.event.op !== 0 && event.op !== step.event.op) {
      task.job?.unknown.add('a step returns that did not begin in the trace');
      task.step = undefined;
      return;
    }
    finishStep(context, event.ret === 0, event.ret);
  },
};

function implicitJob(context: Context): Job {
  const job = openJob(context, context.where);
  job.implicit = true;
  for (const open of context.task.contexts) {
    open.job ??= job;
    job.attempts = Math.max(job.attempts, open.exec.attempts);
  }
  return job;
}

function addAsk(job: Job | undefined, call: LockAsk['call'], request: SmRequest | LockRequest, line: number): void {
  const { addr, range, obj, offset } = request;
  job?.asks.push({ call, addr, range, obj, offset, line, steps: [] });
}

/** A call into drm_gpuvm that carries out an op of the job. */
function startRequest(context: Context, job: Job, event: SmRequest): void {
  const { where } = context;
  let op = job.op;
  if (op === undefined || op.request !== undefined) {
    if (op !== undefined) finishOp(context, job, op);
    op = new OpRun(job.ops.length, kindOf(event), event.addr, event.range, event.obj, event.offset, where.line);
    job.ops.push(op);
    job.op = op;
    needObj(context.world, job, event.obj);
    markApply(job);
    tellStale(context, job);
  }
  op.request = event;
  op.requestLine = where.line;
  if (event.addr !== undefined) {
    op.addr = event.addr;
    op.range = event.range;
  }
  planOp(job, op);
  op.expected = isAsPlanned(job, op, event) ? op.planned : expectedOf(job.vm, event);
}

/** The VM is still the one that the lock pass left, and the call is the op itself: then the plan is what is to be expected. */
function isAsPlanned(job: Job, op: OpRun, event: SmRequest): boolean {
  if (op.planned === undefined || job.lockVersion !== job.vm?.version || event.addr === undefined) return false;
  return event.call === plannedCall(op) && event.obj === op.obj && event.offset === op.offset;
}

/** Only these are predicted. */
function plannedCall(op: OpRun): 'map' | 'unmap' | undefined {
  if (op.kind === 'unmap') return 'unmap';
  return op.kind === 'map' || op.kind === 'map_null' ? 'map' : undefined;
}

function kindOf(event: SmRequest): BindOp {
  return event.call === 'map' && event.obj === 0 ? 'map_null' : event.call;
}

export function needObj(world: World, job: Job, obj: Ptr): void {
  if (obj === 0) return;
  const resv = world.resvOf(obj);
  if (resv !== 0) job.needed.add(resv);
  else job.unknown.add('the dma_resv of an object that it uses is not known');
}

/** What the VM as the lock pass left it gives for this op. */
function planOp(job: Job, op: OpRun): void {
  const { vm } = job;
  if (vm === undefined || job.lockVersion < 0) job.unplanned = true;
  if (vm === undefined || job.lockVersion < 0 || op.addr === undefined || op.range === undefined) return;
  const call = plannedCall(op);
  if (call === undefined) return;
  op.planned = vm.stepsAt(job.lockVersion, call, { addr: op.addr, range: op.range, obj: op.obj, offset: op.offset });
  if (op.planned === undefined) job.unplanned = true;
}

/** What the VM gives now. */
function expectedOf(vm: VmState | undefined, event: SmRequest): Recorded | undefined {
  const { addr, range, obj, offset, call } = event;
  if (vm === undefined || !vm.predictable || addr === undefined || range === undefined) return undefined;
  if (call === 'map' || call === 'unmap') return vm.stepsNow(call, { addr, range, obj, offset });
  return call === 'madvise' ? stepsOfMadvise(vm.tree, { addr, range, obj, offset }) : undefined;
}

/** A step of the kernel's lock pass, or of an ops list that a driver makes to know what to lock. */
function lockStep(event: StepEvent, context: Context): void {
  const job = context.task.job;
  const ask = job?.asks.at(-1);
  if (job === undefined || ask === undefined) return;
  const index = ask.steps.length;
  if (index < MAX_ASK_STEPS) ask.steps.push(event);
  const { addr, range, obj, offset, call } = ask;
  if (job.vm === undefined || !job.vm.predictable || addr === undefined || range === undefined || ask.told) return;
  ask.expected ??= job.vm.stepsNow(call, { addr, range, obj, offset });
  const expected = ask.expected.steps[index];
  if (expected !== undefined && isStep(expected, event)) return;
  ask.told = true;
  const stray = strayStep(job.vm, ask, event);
  if (stray !== undefined) {
    contradicted(context, job.vm, stray);
    return;
  }
  tell(context, {
    kind: 'step_diverged',
    during: 'lock pass',
    expected: expected === undefined ? 'no further step' : describeStep(expected),
    recorded: describeEvent(event),
    span: { addr, range },
    absence: 'call',
  });
}

/**
 * Why this step cannot belong to the request, whatever the algorithm may be: it lies apart from it, or meets a mapping
 * that the VM does not have.
 */
function strayStep(
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
  if (event.type === OP_MAP || vm === undefined || !vm.complete) return undefined;
  const va = (vm.treeShown ? vm.tree : vm.asked).find(addr, range);
  const known =
    va !== undefined &&
    (event.obj === undefined || event.obj === va.obj) &&
    (event.va === 0 || va.id === 0 || event.va === va.id);
  return known ? undefined : `a step meets ${at}, which was never inserted`;
}

/** A step that the core puts on a list for the driver to carry out later. */
function listStep(event: StepEvent, context: Context): void {
  const job = context.task.job;
  const op = job?.op;
  if (op === undefined) return;
  checkExpected(context, op, op.list.length, event, job?.vm);
  op.list.push(event);
}

function driverStep(recorded: StepEvent, context: Context): void {
  const { task, where } = context;
  if (task.step !== undefined) finishStep(context, true);
  if (task.locking !== undefined) context.world.contradicted(task.job, 'a step within the lock loop');
  const job = task.job;
  const vm = job?.vm ?? context.world.vm(recorded.gpuvm);
  const event = completed(recorded, vm);
  const op = job?.op;
  const view: StepView = {
    line: where.line,
    index: op?.count ?? 0,
    type: STEP_TYPES[event.type] ?? 'map',
    va: event.va,
    keep: event.keep,
    addr: event.addr,
    range: event.range,
    obj: event.obj,
    offset: event.offset,
  };
  task.step = new StepRun(event, view, op, where.line);
  if (job !== undefined) countStep(job, event);
  if (op !== undefined && job !== undefined) {
    if (context.world.detail) op.steps.push({ ...view, prev: event.prev, next: event.next });
    if (op.list.length === 0) checkExpected(context, op, op.count, event, vm);
    else checkListed(context, op, event);
    checkPlanned(context, job, op, event);
    op.count++;
  }
  checkLocked(context, job, vm, event);
}

/** Some probe sets show only the old mapping's pointer: the rest is in the tree. */
function completed(event: StepEvent, vm: VmState | undefined): StepEvent {
  if (event.type === OP_MAP || (event.addr !== undefined && event.obj !== undefined)) return event;
  const va = vm?.tree.get(event.va);
  return va === undefined ? event : { ...event, addr: va.addr, range: va.range, obj: va.obj, offset: va.offset };
}

function countStep(job: Job, event: StepEvent): void {
  const { counts } = job;
  counts.steps++;
  if (event.type === OP_MAP) counts.map++;
  else if (event.type === OP_UNMAP) counts.unmap++;
  else if (event.type === OP_REMAP) counts.remap++;
  if (event.keep) counts.keep++;
}

/** drm_gpuvm.c's rule: whoever changes an object's mappings holds its dma_resv, immediate mode aside. */
function checkLocked(context: Context, job: Job | undefined, vm: VmState | undefined, event: StepEvent): void {
  const { task, world } = context;
  if (event.obj === 0) return;
  if (event.obj === undefined) {
    job?.unknown.add('its steps do not show their objects');
    return;
  }
  if (job !== undefined) needObj(world, job, event.obj);
  if (vm?.tree.isImmediate) return;
  const resv = world.resvOf(event.obj);
  if (resv === 0 || task.holds(resv)) return;
  if (job === undefined && !world.framed.has(task.pid)) return;
  if (vm !== undefined && !vm.initKnown) {
    job?.unknown.add('its VM was made before the trace began: it may be in immediate mode');
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

function requestEvidence(job: Job): Evidence[] {
  const { op } = job;
  return op === undefined
    ? []
    : [{ line: op.requestLine || op.line, text: `op ${op.index} asks for ${describeOp(op)}` }];
}

/** The lock pass that should have covered the object. */
function lockEvidence(context: Context, job: Job | undefined, resv: Ptr): Evidence[] {
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

/** Compares with what the VM at lock time gave: the truth's `diverged`. */
function checkPlanned(context: Context, job: Job, op: OpRun, event: StepEvent): void {
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
    immediate: vm.tree.isImmediate,
    op,
    span: { addr: op.addr, range: op.range },
    evidence,
  });
}

/** Compares with what drm_gpuvm.c gives on this tree. */
function checkExpected(context: Context, op: OpRun, index: number, event: StepEvent, vm: VmState | undefined): void {
  if (op.stepDiverged) return;
  const steps = op.expected?.steps;
  const expected = steps?.[index];
  if (expected !== undefined && isStep(expected, event)) return;
  const stray = strayStep(vm, op.request, event);
  if (stray !== undefined && vm !== undefined) {
    op.stepDiverged = true;
    contradicted(context, vm, stray);
  } else if (steps !== undefined) {
    const left = expected === undefined ? 'no further step' : describeStep(expected);
    stepDiverged(context, op, left, describeEvent(event));
  }
}

/** Compares with the ops list that the driver carries out. */
function checkListed(context: Context, op: OpRun, event: StepEvent): void {
  const listed = op.list[op.count];
  if (op.stepDiverged || (listed !== undefined && listed.type === event.type && listed.addr === event.addr)) return;
  const wanted = listed === undefined ? 'no further step' : describeEvent(listed);
  stepDiverged(context, op, wanted, describeEvent(event));
}

/** Steps are missing, or those of two requests run into one: lost lines could always do that. */
function stepDiverged(context: Context, op: OpRun, expected: string, recorded: string): void {
  const { world, task } = context;
  op.stepDiverged = true;
  for (const step of op.expected?.steps ?? []) {
    if (task.job !== undefined && step.kind !== 'map') needObj(world, task.job, step.va.obj);
  }
  const span = op.addr === undefined || op.range === undefined ? undefined : { addr: op.addr, range: op.range };
  const evidence = [{ line: op.requestLine || op.line, text: `op ${op.index} asks for ${describeOp(op)}` }];
  tell(context, { kind: 'step_diverged', during: 'apply', expected, recorded, op, span, evidence, absence: 'call' });
}

/**
 * The driver's callback is over. `proved`: it is known to have returned 0, by its own return or by what followed;
 * undefined: nothing tells.
 */
export function finishStep(context: Context, proved: boolean | undefined, ret?: number): void {
  const { task, world } = context;
  const step = task.step;
  if (step === undefined) return;
  const job = task.job;
  if (ret !== undefined && ret !== 0) {
    if (step.op !== undefined) step.op.failed = true;
    task.step = undefined;
    return;
  }
  const vm = job?.vm ?? world.vm(step.event.gpuvm);
  const probed = { insert: world.seen.has('va_insert'), remove: world.seen.has('va_remove') };
  const { mistakes, doubt } = step.judge(probed);
  if (proved !== false && vm !== undefined) {
    if (!probed.insert) vm.treeShown = false;
    if (!probed.insert || mistakes.length > 0) vm.splitAsked();
    vm.ask(step.event, step.op, step.line);
  }
  if (job !== undefined) {
    if (doubt && vm !== undefined) contradicted(context, vm, 'a step shows only a part of what it did');
    for (const mistake of doubt ? [] : mistakes) {
      const shown = mistake.detail.got !== undefined || proved === true;
      if (shown) misapplied(context, job, mistake);
    }
  }
  task.step = undefined;
}

function misapplied(context: Context, job: Job, mistake: Mistake): void {
  job.counts.misapplied++;
  const { wanted, got } = mistake.detail;
  const step = context.task.step;
  const parts: string[] = [];
  if (wanted?.addr !== undefined && wanted.range !== undefined) {
    parts.push(
      `asked for ${hex(wanted.addr)}+${hex(wanted.range)} at offset ${wanted.offset === undefined ? '?' : hex(wanted.offset)}`,
    );
  }
  if (got !== undefined) {
    parts.push(
      `the driver's insert was ${hex(got.addr)}+${hex(got.range)} at offset ${hex(got.offset)}, returning ${got.ret ?? '?'}`,
    );
  }
  const span = spanOf(wanted) ?? (step === undefined ? undefined : spanOf(step.view));
  const ofAnother = got !== undefined && span !== undefined && areApart(got, span);
  const evidence = [...requestEvidence(job)];
  if (step !== undefined) evidence.push({ line: step.line, text: `the step: ${describeEvent(step.event)}` });
  tell(context, {
    kind: 'step_misapplied',
    how: mistake.how,
    line: mistake.line,
    detail: parts.join('; '),
    obj: step?.event.obj ?? 0,
    span,
    evidence,
    absence: got === undefined ? 'tree' : ofAnother ? 'call' : undefined,
  });
}

function areApart(one: Span, other: Span): boolean {
  return add(one.addr, one.range) <= other.addr || add(other.addr, other.range) <= one.addr;
}

function spanOf(piece: { readonly addr: U64 | undefined; readonly range: U64 | undefined } | undefined) {
  if (piece?.addr === undefined || piece.range === undefined) return undefined;
  return { addr: piece.addr, range: piece.range };
}

/** An op is over: all of its steps have been seen, unless it failed. */
export function finishOp(context: Context, job: Job, op: OpRun): void {
  if (job.op === op) job.op = undefined;
  if (op.failed || !context.world.seen.has('step')) return;
  const expected = op.expected?.steps[op.count];
  if (expected !== undefined && op.request !== undefined && !op.stepDiverged) {
    stepDiverged(context, op, describeStep(expected), 'no further step');
  }
  const { planned } = op;
  if (planned !== undefined && !op.diverged && !op.stepDiverged && op.count !== planned.steps.length) {
    const left = planned.steps[op.count];
    planDiverged(context, job, op, left === undefined ? 'nothing more' : describeStep(left), 'nothing more');
  }
}

function isStep(step: Step, event: StepEvent): boolean {
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
