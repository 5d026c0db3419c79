// Steps: those of the lock pass, of an ops list, and those that the driver carries out, each to be compared with what
// was to be expected, and with what the driver then did to its VM.
import { add, hex, type U64 } from '../base/u64.ts';
import { type CoreStep, type DriverStep, OP_MAP, OP_REMAP, OP_UNMAP, type StepEvent } from '../events/vm_event.ts';
import type { Context } from './context.ts';
import { describeEvent, describeStep, STEP_TYPES } from './describe.ts';
import type { Shown, Span, StepView } from './fact.ts';
import type { Job, OpRun } from './job.ts';
import { tellStale } from './lifecycle.ts';
import { checkMapped } from './map_checks.ts';
import { keepNeed } from './pass_record.ts';
import { checkExpected, checkListed, checkPlanned, isOfDump, isStep, notMet, strayStep } from './predict.ts';
import { checkLocked, requestEvidence } from './step_locks.ts';
import { AS_ASKED, type Judged, type Mistake, type Probed, StepRun } from './step_run.ts';
import { deriveStep, noteTreeChange } from './tables/index.ts';
import { tell } from './tell.ts';
import { contradicted } from './tree.ts';
import { tellDisturbed } from './vm_race.ts';
import type { VmState } from './vm_state.ts';

/** Steps remembered of one lock request, for display and comparison. */
const MAX_ASK_STEPS = 4096;
/** Steps of a trace that may have left their mapping in the tree; beyond, removals are taken as not probed. */
const MAX_PERHAPS_SKIPPED = 64;

/** A step of the kernel's lock pass, or of an ops list that a driver makes to know what to lock. */
export function lockStep(event: CoreStep, context: Context): void {
  const job = context.task.job;
  const ask = job?.asks.at(-1);
  if (job === undefined || ask === undefined) return;
  ask.by ??= event.by;
  // A helper on top of an ops list shows each step twice.
  if (ask.by !== event.by) return;
  const index = ask.steps.length;
  if (index < MAX_ASK_STEPS) ask.steps.push(event);
  const { addr, range, obj, offset, call } = ask;
  if (ask.told || ask.gaps !== context.world.gaps) return;
  if (addr === undefined || range === undefined || !job.vm?.isPredictable(addr, range)) return;
  ask.expected ??= job.vm.stepsNow(call, { addr, range, obj, offset });
  const expected = ask.expected.steps[index];
  if (expected !== undefined && isStep(expected, event)) return;
  ask.told = true;
  const stray = strayStep(job.vm, ask, event);
  if (stray !== undefined) {
    contradicted(context, job.vm, stray);
    return;
  }
  if (isOfDump(job.vm, expected)) {
    contradicted(context, job.vm, notMet(expected, describeEvent(event)));
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

/** A step that the core puts on a list for the driver to carry out later. */
export function listStep(event: StepEvent, context: Context): void {
  const job = context.task.job;
  const op = job?.op;
  if (op === undefined) return;
  checkExpected(context, op, op.list.length, event, job?.vm);
  const view = viewOf(event, op.list.length, context);
  context.world.watch?.step(context, job?.vm, event, view, op);
  checkMapped(context, job?.vm, event, view, op);
  op.list.push(event);
  context.world.seen.add('listed step');
  job?.listed.push({ event, view, op, linked: new Set(), unlocked: false });
  if (job?.vm !== undefined) noteTableStep(context, job, job.vm, view, op);
}

export function driverStep(recorded: DriverStep, context: Context): void {
  const { task, where } = context;
  context.world.stepSeen(recorded.type);
  tellDisturbed(context);
  if (task.step !== undefined) finishStep(context, true);
  if (task.locking !== undefined) context.world.contradicted(task.job, 'a step within the lock loop');
  const job = task.job;
  const vm = job?.vm ?? context.world.vm(recorded.gpuvm) ?? task.walked;
  const event = completed(recorded, vm);
  if (vm !== undefined) vm.driver ??= recorded.driver;
  noteInherited(context, vm, event);
  const op = job?.op;
  const view = viewOf(event, op?.count ?? 0, context);
  task.step = new StepRun(event, view, op, where.line);
  context.world.watch?.step(context, vm, event, view, op);
  if (job !== undefined) countStep(job, event);
  if (job !== undefined && vm !== undefined) noteTableStep(context, job, vm, view, op);
  if (op !== undefined && job !== undefined) {
    if (context.world.detail) op.steps.push({ ...view, prev: event.prev, next: event.next });
    if (op.list.length === 0) checkExpected(context, op, op.count, event, vm);
    else checkListed(context, op, event);
    checkPlanned(context, job, op, event);
    op.count++;
  }
  if (job !== undefined && op?.request?.list) tellStale(context, job);
  if (job !== undefined && event.obj !== undefined) keepNeed(context, job, event.obj);
  checkLocked(context, job, vm, event);
  checkMapped(context, vm, event, view, op);
}

function viewOf(event: StepEvent, index: number, { where }: Context): StepView {
  const { va, keep, addr, range, obj, offset } = event;
  return { line: where.line, index, type: STEP_TYPES[event.type] ?? 'map', va, keep, addr, range, obj, offset };
}

/** What the step lets the driver write to the page tables. */
function noteTableStep(context: Context, job: Job, vm: VmState, view: StepView, op: OpRun | undefined): void {
  if (context.world.mmu === 'off' || job.vm !== vm) return;
  const of = vm.tables.of(job);
  of.steps.push({ view, op, mapped: false });
  of.keeps ||= view.keep;
}

/** A step meets a mapping from before the trace; where its removal is probed, that tells. */
function noteInherited({ world }: Context, vm: VmState | undefined, { type, addr, range, obj }: StepEvent): void {
  if (vm === undefined || vm.complete || type === OP_MAP || world.seen.has('va_remove')) return;
  if (addr === undefined || range === undefined || obj === undefined) return;
  if (vm.space.find(addr, range) === undefined) vm.inherit(addr, range, obj);
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
  const vm = job?.vm ?? world.vm(step.event.gpuvm) ?? task.walked;
  if (step.removed) world.removalsAreShown();
  const probed = { insert: world.seen.has('va_insert'), remove: world.seen.has('va_remove') };
  if (!probed.insert && step.event.type !== OP_UNMAP && job !== undefined) job.unproved = true;
  const { mistakes, doubt } = inPlace(step, step.judge(probed), probed);
  const isDone = mistakes.length === 0 && !doubt && (step.event.type === OP_MAP || step.removed);
  if (step.op !== undefined && !isDone) step.op.isPartial = true;
  if (proved !== false && vm !== undefined) {
    if (world.mmu === 'derive' && job !== undefined) deriveStep(context, job, vm);
    // An UNMAP inserts nothing: that none was seen so far may only mean that the trace begins here.
    const unseen = step.event.type === OP_MAP ? !probed.insert : !probed.insert || !probed.remove;
    if (unseen && !(vm.dump !== undefined && step.removed)) {
      if (!probed.insert) vm.insertsShown = false;
      if (!probed.remove) vm.removalsShown = false;
    }
    if (unseen || mistakes.length > 0) vm.splitAsked();
    // No event of its own tells of the change.
    const { addr, range } = step.event;
    if (unseen && addr !== undefined && range !== undefined) noteTreeChange(context, vm, addr, range);
    // Where the trace shows what the driver did, that is the history.
    const { history } = probed.insert || probed.remove ? { history: undefined } : world;
    vm.ask(step.event, step.op, step.line, history && ((va, inserted) => history.changed(context, vm, va, inserted)));
  }
  if (job !== undefined) {
    if (doubt && vm !== undefined) contradicted(context, vm, 'a step shows only a part of what it did');
    for (const mistake of doubt ? [] : mistakes) {
      const shown = mistake.detail.got !== undefined || proved === true;
      if (shown) misapplied(context, job, mistake);
    }
    if (!probed.remove && proved === true && step.op?.leftInPlace !== step) perhapsSkipped(context, job, step);
  }
  task.step = undefined;
}

/** No removal was seen so far: a later one tells that they are probed, and this step was not carried out. */
function perhapsSkipped(context: Context, job: Job, step: StepRun): void {
  const { mistakes } = step.judge({ insert: true, remove: true });
  const [mistake] = mistakes;
  if (mistake?.how !== 'unmap skipped' || context.world.perhapsSkipped === MAX_PERHAPS_SKIPPED) return;
  context.world.perhapsSkipped++;
  job.perhapsMisapplied++;
  misapplied(context, job, mistake, ['removal in a step']);
}

/**
 * A mapping that is bound again as it is may stay in the tree: then its UNMAP and its MAP are both left undone. One of
 * the two alone is a mistake.
 */
function inPlace(step: StepRun, judged: Judged, probed: Probed): Judged {
  const { op, event } = step;
  if (op === undefined) return judged;
  const left = op.leftInPlace;
  op.leftInPlace = undefined;
  if (left === undefined) {
    const same = event.addr === op.addr && event.range === op.range && event.obj === op.obj;
    // Whether or not removals are known to be probed: the first may be still to come.
    const untouched = step.judge({ ...probed, remove: true }).mistakes[0]?.how === 'unmap skipped';
    if (!untouched || !event.keep || !same || op.kind !== 'map') return judged;
    op.leftInPlace = step;
    return AS_ASKED;
  }
  if (judged.mistakes[0]?.how === 'map skipped') return AS_ASKED;
  if (!probed.insert) return judged;
  return {
    mistakes: [...left.judge(probed).mistakes, ...judged.mistakes],
    doubt: judged.doubt,
  };
}

function misapplied(context: Context, job: Job, mistake: Mistake, needs?: readonly Shown[]): void {
  job.counts.misapplied++;
  const { step } = mistake;
  const { wanted, got } = mistake.detail;
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
  const span = spanOf(wanted) ?? spanOf(step.view);
  const ofAnother = got !== undefined && span !== undefined && areApart(got, span);
  const evidence = [...requestEvidence(job)];
  evidence.push({ line: step.line, text: `the step: ${describeEvent(step.event)}` });
  tell(context, {
    kind: 'step_misapplied',
    how: mistake.how,
    line: mistake.line,
    step: step.view,
    detail: parts.join('; '),
    obj: step.event.obj ?? 0,
    span,
    evidence,
    absence: got === undefined ? 'tree' : ofAnother ? 'call' : undefined,
    // What is bound again as it is may stay in place, where its UNMAP is left undone too.
    needs: mistake.how === 'map skipped' ? ['unmap step'] : needs,
  });
}

function areApart(one: Span, other: Span): boolean {
  return add(one.addr, one.range) <= other.addr || add(other.addr, other.range) <= one.addr;
}

function spanOf(piece: { readonly addr: U64 | undefined; readonly range: U64 | undefined } | undefined) {
  if (piece?.addr === undefined || piece.range === undefined) return undefined;
  return { addr: piece.addr, range: piece.range };
}
