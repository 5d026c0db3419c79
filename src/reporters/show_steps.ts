// `show`: per op, the steps that the lock pass saw beside those that were applied.
import type { Ptr, U64 } from '../base/u64.ts';
import { hex } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import type { StepEvent } from '../events/vm_event.ts';
import type { Finding } from '../findings/finding.ts';
import type { Step } from '../gpuvm/sm_map.ts';
import { STEP_TYPES } from '../replay/describe.ts';
import type { AppliedStep, LockAsk, OpRun } from '../replay/job.ts';
import { printable } from './escape.ts';
import { spanText, type View } from './show_view.ts';
import { wrapped } from './style.ts';

/** A step of either side, in one form. */
interface Cell {
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

interface Pair {
  readonly planned: Cell | undefined;
  readonly applied: Cell | undefined;
}

export function stepsSection(view: View): string[] {
  const lines = [view.style.bold('steps')];
  const shown = view.detail.ops.map((op) => opLines(view, op));
  if (view.row.counts.steps === undefined) return [...lines, '  not probed'];
  if (shown.length === 0) lines.push('  none: no op of this job was carried out');
  const MANY = 64;
  lines.push(...shown.slice(0, MANY).flat());
  if (shown.length > MANY) lines.push(`  ... ${shown.length - MANY} more ops ...`);
  return lines;
}

function opLines(view: View, op: OpRun): string[] {
  const { style, letters } = view;
  const ask = view.detail.pairs.get(op);
  const failed = op.failed ? style.warning(' (failed)') : '';
  const of = op.obj === 0 ? '' : ` of ${letters.of(op.obj)} at offset ${hex(op.offset)}`;
  const lines = [
    `  op ${op.index}: ${op.kind.toUpperCase()} ${spanText(op.addr, op.range)}${of}, ${printable(view.lines.name(op.line))}${failed}`,
  ];
  if (ask !== undefined && !agrees(ask, op)) {
    const what = `${ask.call.toUpperCase()} ${spanText(ask.addr, ask.range)}${ask.call === 'map' ? ` of ${letters.of(ask.obj)}` : ''}`;
    lines.push(
      `    ${style.error(`but the lock pass was asked for ${what}, ${printable(view.lines.name(ask.line))}`)}`,
    );
  }
  const applied = op.steps.length > 0 ? op.steps.map(ofApplied) : op.list.map(ofEvent);
  const planned = plannedOf(op, ask, view.lines);
  if (applied.length === 0 && (planned?.cells.length ?? 0) === 0) {
    lines.push(`    ${op.failed ? 'no steps: it failed before' : 'no steps'}`);
    return lines;
  }
  const right = op.steps.length > 0 || op.list.length === 0 ? 'applied' : 'listed (the driver’s steps are not probed)';
  const pairs =
    planned === undefined
      ? applied.map((cell) => ({ planned: undefined, applied: cell }))
      : paired(planned.cells, applied);
  lines.push(...table(view, op, planned?.title, right, pairs), ...why(view, op));
  return lines;
}

function agrees(ask: LockAsk, op: OpRun): boolean {
  const same = ask.addr === op.addr && ask.range === op.range;
  return same && (ask.call === 'unmap' || (ask.obj === op.obj && ask.offset === op.offset));
}

/** What the lock pass saw, as recorded; where that is not probed, what the VM as the pass left it gives. */
function plannedOf(
  op: OpRun,
  ask: LockAsk | undefined,
  names: LineNames,
): { title: string; cells: Cell[] } | undefined {
  if (ask !== undefined && ask.steps.length > 0)
    return { title: `lock pass, ${printable(names.name(ask.line))}`, cells: ask.steps.map(ofEvent) };
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

function cellText(view: View, cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const where = cell.addr === undefined ? '' : ` ${spanText(cell.addr, cell.range)}`;
  const pieces = [cell.prev ? 'prev' : '', cell.next ? 'next' : ''].filter((piece) => piece !== '').join('+');
  return `${cell.type.toUpperCase()} ${view.letters.of(cell.obj)}${where}${cell.keep ? ' keep' : ''}${pieces === '' ? '' : ` ${pieces}`}`;
}

function table(view: View, op: OpRun, left: string | undefined, right: string, pairs: readonly Pair[]): string[] {
  const { style } = view;
  const texts = pairs.map(({ planned, applied }) => ({
    planned: cellText(view, planned),
    applied: cellText(view, applied),
  }));
  const wide = (name: 'planned' | 'applied', title: string) =>
    texts.reduce((most, text) => Math.max(most, text[name].length), title.length);
  const plannedWidth = left === undefined ? 0 : wide('planned', left);
  const appliedWidth = wide('applied', right);
  const lineOf = ({ applied }: Pair) =>
    (applied?.line ?? 0) === 0 ? '' : printable(view.lines.cell(applied?.line ?? 0));
  const lineWidth = pairs.reduce((most, pair) => Math.max(most, lineOf(pair).length), 4);
  const row = (planned: string, mark: string, applied: string, line: string) =>
    `    ${left === undefined ? '' : `${planned.padEnd(plannedWidth)} ${mark} `}${applied.padEnd(appliedWidth)} ${line.padStart(lineWidth)}`;
  const rows = pairs.map((pair, i) => {
    const text = texts[i];
    const mark = markOf(pair);
    const plain = row(text?.planned ?? '', mark, text?.applied ?? '', lineOf(pair));
    const notes = notesOf(view.findings, op, pair.applied);
    if (notes !== '') return `${plain}  ${style.error(`<-- ${notes}`)}`;
    return mark === '=' ? plain.trimEnd() : style.warning(plain.trimEnd());
  });
  const title = row(left ?? '', ' ', right, 'line').trimEnd();
  return [style.dim(title), ...folded(rows, pairs, view, op)];
}

/** `=`: the same, `!`: different, `<` and `>`: on this side only. */
function markOf({ planned, applied }: Pair): string {
  if (planned === undefined) return '>';
  if (applied === undefined) return '<';
  return same(planned, applied) ? '=' : '!';
}

/** Long tables keep their ends and each row that somebody should look at. */
function folded(rows: readonly string[], pairs: readonly Pair[], view: View, op: OpRun): string[] {
  const LONG = 40;
  if (rows.length <= LONG) return [...rows];
  const lines: string[] = [];
  let hidden = 0;
  const flush = () => {
    if (hidden > 0) lines.push(`    ... ${hidden} more, unremarkable ...`);
    hidden = 0;
  };
  rows.forEach((row, i) => {
    const pair = pairs[i];
    const remarkable = pair !== undefined && notesOf(view.findings, op, pair.applied) !== '';
    if (i < 12 || i >= rows.length - 6 || (remarkable && lines.length < LONG)) {
      flush();
      lines.push(row);
    } else {
      hidden++;
    }
  });
  flush();
  return lines;
}

const SHORT: Readonly<Record<string, string>> = {
  'missing-lock': 'NOT LOCKED',
  'misapplied-step': 'MISAPPLIED',
  'va-conflict': 'CONFLICT',
};

function notesOf(findings: readonly Finding[], op: OpRun, applied: Cell | undefined): string {
  if (applied === undefined || applied.index < 0) return '';
  const here = findings.filter(
    (one) => one.op === op.index && one.step === applied.index && SHORT[one.rule] !== undefined,
  );
  const unsure = (one: Finding) => (one.confidence === 'inconclusive' ? ' (inconclusive)' : '');
  return [...new Set(here.map((one) => `${SHORT[one.rule]}${unsure(one)}`))].join(', ');
}

const SAFE = {
  1: 'an earlier op of this job removed or shrank what it would have met: safe case 1 of drm_gpuvm_sm_map_exec_lock()',
  2: 'an earlier MAP of this job put there what it meets: safe case 2 of drm_gpuvm_sm_map_exec_lock()',
} as const;

/** Why the two sides differ. */
function why(view: View, op: OpRun): string[] {
  const { style, width } = view;
  const told = (text: string) => wrapped(`    ${text}`, width, 6);
  if (op.stepDiverged)
    return told('not what drm_gpuvm gives on these mappings: see step-divergence below').map(style.error);
  if (!op.diverged) return [];
  if (op.safeCase !== undefined) {
    const unlocked = (view.row.counts.missing ?? 0) > 0 ? ', were that one’s object locked' : '';
    return told(`differs because ${SAFE[op.safeCase]}${unlocked}`).map(style.note);
  }
  const text = 'differs from the VM at lock time, and nothing in this job explains it: see lock-step-divergence below';
  return told(text).map(style.warning);
}
