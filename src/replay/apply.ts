// Requests: what drm_gpuvm_sm_map() and its relatives were asked, and where each op of a job begins and ends.
import type { BindOp, LockRequest, SmRequest } from '../events/vm_event.ts';
import type { Context, Handlers } from './context.ts';
import { describeOp } from './describe.ts';
import { markApply } from './detail.ts';
import type { Shown } from './fact.ts';
import { type Job, type LockAsk, OpRun } from './job.ts';
import { closeJob, openJob, tellStale } from './lifecycle.ts';
import { checkExpectedMaps, expectSteps } from './link_locks.ts';
import { checkComplete, expectedOf, isAsPlanned, planOp } from './predict.ts';
import { needObj } from './step_locks.ts';
import { driverStep, finishStep, listStep, lockStep } from './steps.ts';
import { tell } from './tell.ts';
import { dropStale, reveal } from './tree.ts';
import { tellDisturbed } from './vm_race.ts';
import type { VmState } from './vm_state.ts';

/** Probed, they show every mapping that a request meets, and what becomes of it. */
const REVEALING: readonly Shown[] = ['unmap step', 'remap step', 'va_insert', 'va_remove'];

export const applyHandlers: Handlers = {
  sm_request(event, context) {
    const { task, world } = context;
    const vm = world.vm(event.gpuvm);
    task.walked = vm;
    task.disturbed = undefined;
    if (task.locking !== undefined) {
      if ((event.call === 'map' || event.call === 'unmap') && !isAskedAgain(task.job, event)) {
        addAsk(context, task.job, event.call, event);
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
    task.walked = undefined;
    const job = task.job;
    if (job?.op === undefined) return;
    if (event.ret !== 0) job.op.failed = true;
    revealOp(context, job.vm, job.op);
    finishOp(context, job, job.op);
    if (job.implicit && task.contexts.length === 0) {
      job.ret = event.ret;
      job.applied = true;
      closeJob(context, job);
    }
  },

  exec_lock(event, context) {
    const { task, world } = context;
    const job = task.job ?? (world.frameProbed ? undefined : implicitJob(context));
    const vm = world.vm(event.gpuvm);
    if (job !== undefined && vm !== undefined) world.bindToVm(job, vm);
    addAsk(context, job, event.call, event);
  },

  step: driverStep,

  core_step(event, context) {
    if (event.by === 'lock' || context.task.locking !== undefined) lockStep(event, context);
    else listStep(event, context);
  },

  step_ret(event, context) {
    const { task } = context;
    tellDisturbed(context);
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

type LockAskRequest = SmRequest | LockRequest;

function addAsk({ world, where }: Context, job: Job | undefined, call: LockAsk['call'], request: LockAskRequest): void {
  const { addr, range, obj, offset } = request;
  const helper = request.kind === 'exec_lock';
  const { gaps } = world;
  const { line } = where;
  job?.asks.push({ call, helper, addr, range, obj, offset, line, gaps, steps: [], by: undefined });
}

/** The ops list that an exec-lock helper makes of its own arguments, where it was brought to a kernel that lacks it. */
function isAskedAgain(job: Job | undefined, list: SmRequest): boolean {
  const ask = job?.asks.at(-1);
  if (ask === undefined || !ask.helper || ask.steps.length > 0 || ask.call !== list.call) return false;
  const same = ask.addr === list.addr && ask.range === list.range;
  return same && (ask.call === 'unmap' || (ask.obj === list.obj && ask.offset === list.offset));
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
    if (!event.list) tellStale(context, job);
  }
  op.request = event;
  op.requestLine = where.line;
  op.gaps = context.world.gaps;
  if (event.addr !== undefined) {
    op.addr = event.addr;
    op.range = event.range;
  }
  context.world.watch?.request(context, job, op);
  context.world.expects(job);
  planOp(job, op);
  op.expected = isAsPlanned(job, op, event) ? op.planned : expectedOf(job.vm, event);
  expectSteps(context, job, op);
}

function kindOf(event: SmRequest): BindOp {
  return event.call === 'map' && event.obj === 0 ? 'map_null' : event.call;
}

/** An op is over: all of its steps have been seen, unless it failed. */
export function finishOp(context: Context, job: Job, op: OpRun): void {
  if (job.op === op) job.op = undefined;
  if (op.range === 0 && op.predicted !== undefined && !op.failed) tellZeroLength(context, job, op);
  if (context.world.seen.has('step')) {
    if (!op.failed) checkComplete(context, job, op);
  } else if (op.request?.list === false) {
    if (op.expected === undefined)
      job.unknown.add('its steps are not probed, and the mappings of its VM are not known');
    else checkExpectedMaps(context, job, op);
  }
}

/** All steps of the op were seen, and all were carried out: in its range there is what they left. */
function revealOp(context: Context, vm: VmState | undefined, op: OpRun): void {
  const { seen, gaps } = context.world;
  const { request, addr, range, failed, isPartial } = op;
  if (vm === undefined || request === undefined || addr === undefined || range === undefined) return;
  if (request.list || op.predicted === undefined || failed || isPartial || op.gaps !== gaps) return;
  if (!REVEALING.every((kind) => seen.has(kind))) return;
  if (op.predicted === 'unmap') dropStale(context, vm, { addr, range });
  reveal(context, vm, { addr, range });
}

/** drm_gpuvm_range_valid() lets a range of 0 through, and what lies around the address is split. */
function tellZeroLength(context: Context, job: Job, op: OpRun): void {
  const steps = Math.max(op.count, op.list.length);
  tell(context, {
    kind: 'zero_length',
    detail: `${describeOp(op)} reaches drm_gpuvm${steps === 0 ? '' : `, which makes ${steps === 1 ? '1 step' : `${steps} steps`} of it`}`,
    line: op.requestLine || op.line,
    job,
    op,
    step: undefined,
    obj: op.obj,
    span: op.addr === undefined ? undefined : { addr: op.addr, range: 0 },
  });
}
