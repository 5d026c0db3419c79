// `show`: per op, the steps that the lock pass saw beside those that were applied.
import { hex } from '../base/u64.ts';
import type { Finding } from '../findings/finding.ts';
import type { OpRun } from '../replay/job.ts';
import { printable } from './escape.ts';
import { spanText, type View } from './show_view.ts';
import { type Cell, cellText, markOf, otherAsk, type Pair, stepsOf, whyDiffers } from './step_pairs.ts';
import { wrapped } from './style.ts';

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
  const other = otherAsk(view, op, ask);
  if (other !== undefined) lines.push(`    ${style.error(other)}`);
  const { planned, applied, pairs } = stepsOf(view, op, ask);
  if (pairs.length === 0) {
    lines.push(`    ${op.failed ? 'no steps: it failed before' : 'no steps'}`);
    return lines;
  }
  lines.push(...table(view, op, planned, applied, pairs), ...why(view, op));
  return lines;
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

function why(view: View, op: OpRun): string[] {
  const { style, width } = view;
  const told = whyDiffers(view, op);
  return told === undefined ? [] : wrapped(`    ${told.text}`, width, 6).map(style[told.severity]);
}
