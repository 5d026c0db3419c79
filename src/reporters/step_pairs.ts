// The steps of an op as its lock pass saw them beside those that were applied, for whoever shows them.
import type { Ptr, U64 } from '../base/u64.ts';
import type { StepEvent } from '../events/vm_event.ts';
import type { Severity } from '../findings/finding.ts';
import type { Step } from '../gpuvm/sm_map.ts';
import { STEP_TYPES } from '../replay/describe.ts';
import type { AppliedStep, LockAsk, OpRun } from '../replay/job.ts';
import { printable } from './escape.ts';
import { spanText, type View } from './show_view.ts';

/** A step of either side, in one form. */
export interface Cell {
  readonly type: string;
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly obj: Ptr | undefined;
  readonly keep: boolean;
  readonly prev: boolean;
  readonly next: boolean;
  /** Line and number of an applied step. */
  readonly line: number;
  readonly index: number;
}

export interface Pair {
  readonly planned: Cell | undefined;
  readonly applied: Cell | undefined;
}

export interface OpSteps {
  /** What the left side is; undefined: there is none. */
  readonly planned: string | undefined;
  readonly applied: string;
  readonly pairs: readonly Pair[];
}

/** What was applied beside what its lock pass saw, or would have seen. */
export function stepsOf(view: View, op: OpRun, ask: LockAsk | undefined): OpSteps {
  const applied = appliedOf(op);
  const planned = plannedOf(view, op, ask);
  return {
    planned: planned?.title,
    applied: appliedTitle(op),
    pairs:
      planned === undefined
        ? applied.map((cell) => ({ planned: undefined, applied: cell }))
        : paired(planned.cells, applied),
  };
}

/** What was applied beside what drm_gpuvm gives on the mappings of that moment; undefined where these are not known. */
export function predictedSteps(op: OpRun): OpSteps | undefined {
  if (op.expected === undefined) return undefined;
  const pairs = paired(op.expected.steps.map(ofStep), appliedOf(op));
  return { planned: 'the kernel’s model gives', applied: appliedTitle(op), pairs };
}

function appliedOf(op: OpRun): Cell[] {
  return op.steps.length > 0 ? op.steps.map(ofApplied) : op.list.map(ofEvent);
}

function appliedTitle(op: OpRun): string {
  return op.steps.length > 0 || op.list.length === 0 ? 'applied' : 'listed (the driver’s steps are not probed)';
}

/** What the lock pass was asked for, where that is not what the op then did. */
export function otherAsk(view: View, op: OpRun, ask: LockAsk | undefined): string | undefined {
  if (ask === undefined || agrees(ask, op)) return undefined;
  const of = ask.call === 'map' ? ` of ${view.letters.of(ask.obj)}` : '';
  return `but the lock pass was asked for ${ask.call.toUpperCase()} ${spanText(ask.addr, ask.range)}${of}, ${printable(view.lines.name(ask.line))}`;
}

function agrees(ask: LockAsk, op: OpRun): boolean {
  const same = ask.addr === op.addr && ask.range === op.range;
  return same && (ask.call === 'unmap' || (ask.obj === op.obj && ask.offset === op.offset));
}

/** What the lock pass saw, as recorded; where that is not probed, what the VM as the pass left it gives. */
function plannedOf(view: View, op: OpRun, ask: LockAsk | undefined): { title: string; cells: Cell[] } | undefined {
  if (ask !== undefined && ask.steps.length > 0)
    return { title: `lock pass, ${printable(view.lines.name(ask.line))}`, cells: ask.steps.map(ofEvent) };
  if (op.planned !== undefined) return { title: 'VM at lock time gives', cells: op.planned.steps.map(ofStep) };
  return undefined;
}

function ofApplied(step: AppliedStep): Cell {
  const { type, addr, range, obj, keep, line, index } = step;
  return { type, addr, range, obj, keep, prev: step.prev !== undefined, next: step.next !== undefined, line, index };
}

function ofEvent(event: StepEvent): Cell {
  const { addr, range, obj, keep } = event;
  const type = STEP_TYPES[event.type] ?? '?';
  return {
    type,
    addr,
    range,
    obj,
    keep,
    prev: event.prev !== undefined,
    next: event.next !== undefined,
    line: 0,
    index: -1,
  };
}

function ofStep(step: Step): Cell {
  const { addr, range, obj } = step.kind === 'map' ? step : step.va;
  const keep = step.kind !== 'map' && step.keep;
  const remap = step.kind === 'remap' ? step : undefined;
  return {
    type: step.kind,
    addr,
    range,
    obj,
    keep,
    prev: remap?.prev !== undefined,
    next: remap?.next !== undefined,
    line: 0,
    index: -1,
  };
}

/** Side by side what concerns the same place: both lists go up in address, the MAP of the request comes last. */
function paired(planned: readonly Cell[], applied: readonly Cell[]): Pair[] {
  const pairs: Pair[] = [];
  let i = 0;
  let j = 0;
  while (i < planned.length || j < applied.length) {
    const a = planned[i];
    const b = applied[j];
    const order = a === undefined ? 1 : b === undefined ? -1 : compare(a, b);
    pairs.push({ planned: order <= 0 ? a : undefined, applied: order >= 0 ? b : undefined });
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return pairs;
}

function compare(a: Cell, b: Cell): number {
  if (a.type === 'map' || b.type === 'map') return a.type === b.type ? 0 : a.type === 'map' ? 1 : -1;
  if (a.addr === undefined || b.addr === undefined || a.range === undefined || b.range === undefined) return 0;
  if (a.addr === b.addr) return 0;
  return a.addr < b.addr ? -1 : 1;
}

function same(a: Cell, b: Cell): boolean {
  return (
    a.type === b.type &&
    a.keep === b.keep &&
    (a.addr === undefined || b.addr === undefined || (a.addr === b.addr && a.range === b.range)) &&
    (a.obj === undefined || b.obj === undefined || a.obj === b.obj) &&
    a.prev === b.prev &&
    a.next === b.next
  );
}

export function cellText(view: View, cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const where = cell.addr === undefined ? '' : ` ${spanText(cell.addr, cell.range)}`;
  const pieces = [cell.prev ? 'prev' : '', cell.next ? 'next' : ''].filter((piece) => piece !== '').join('+');
  return `${cell.type.toUpperCase()} ${view.letters.of(cell.obj)}${where}${cell.keep ? ' keep' : ''}${pieces === '' ? '' : ` ${pieces}`}`;
}

/** `=`: the same, `!`: different, `<` and `>`: on this side only. */
export function markOf({ planned, applied }: Pair): string {
  if (planned === undefined) return '>';
  if (applied === undefined) return '<';
  return same(planned, applied) ? '=' : '!';
}

const SAFE = {
  1: 'an earlier op of this job removed or shrank what it would have met: safe case 1 of drm_gpuvm_sm_map_exec_lock()',
  2: 'an earlier MAP of this job put there what it meets: safe case 2 of drm_gpuvm_sm_map_exec_lock()',
} as const;

/** Why the two sides differ. */
export function whyDiffers(view: View, op: OpRun): { severity: Severity; text: string } | undefined {
  if (op.stepDiverged)
    return { severity: 'error', text: 'not what drm_gpuvm gives on these mappings: see step-divergence below' };
  if (!op.diverged) return undefined;
  if (op.safeCase !== undefined) {
    const unlocked = (view.row.counts.missing ?? 0) > 0 ? ', were that one’s object locked' : '';
    return { severity: 'note', text: `differs because ${SAFE[op.safeCase]}${unlocked}` };
  }
  const text = 'differs from the VM at lock time, and nothing in this job explains it: see lock-step-divergence below';
  return { severity: 'warning', text };
}
