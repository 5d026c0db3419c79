// One job in full, as the page shows it: what `show` prints, as data.
import { hex, ptrHex } from '../../base/u64.ts';
import type { OpRun } from '../../replay/job.ts';
import { printable } from '../escape.ts';
import { timeRows } from '../job_times.ts';
import { countsText } from '../show.ts';
import { lockNote, WORDS } from '../show_locks.ts';
import { Marks, rowsOf, spaceNotes } from '../show_space.ts';
import { retText, spanText, type View } from '../show_view.ts';
import {
  cellText,
  markOf,
  type OpSteps,
  otherAsk,
  type Pair,
  predictedSteps,
  stepsOf,
  whyDiffers,
} from '../step_pairs.ts';
import { counted } from '../style.ts';
import { vmTitle } from '../vm_title.ts';
import { locksOf } from './lock_data.ts';
import { num } from './number_column.ts';
import type { AttemptData, JobData, OpData, SpaceData, StepRow } from './page_data.ts';

/** Bounds of what one job shows: a report is for reading. */
const MAX_OPS = 64;
const MAX_STEPS = 48;
const MAX_ATTEMPTS = 8;
const MAX_CALLS = 48;
const MAX_PLACES = 8;
const MAX_BOXES = 48;

export function jobData(view: View): JobData {
  const { detail, job } = view;
  const { locks, omitted } = locksOf(view);
  const leftOut: string[] = [];
  const note = (count: number, what: string) => {
    if (count > 0) leftOut.push(counted(count, `more ${what}`));
  };
  note(detail.ops.length - MAX_OPS, 'op');
  note(detail.attempts.length - MAX_ATTEMPTS, 'lock attempt');
  note(omitted, 'lock');
  note(detail.windows.length - MAX_PLACES, 'place of the VA space');
  const marks = new Marks(view);
  return {
    facts: factsOf(view),
    ops: detail.ops.slice(0, MAX_OPS).map((op) => opData(view, op, leftOut)),
    attempts: attemptsOf(view),
    lockEnd: named(view, job.lockEndLine),
    locks,
    space: detail.windows.slice(0, MAX_PLACES).map((window) => spaceData(rowsOf(view, marks, window))),
    spaceNotes: spaceNotes(view),
    leftOut,
  };
}

/** '' for a place that was not seen. */
function named({ lines }: View, line: number): string {
  return line > 0 ? printable(lines.name(line)) : '';
}

function factsOf(view: View): [string, string][] {
  const { row, job } = view;
  const { vm } = job;
  const facts: [string, string][] = [
    ['steps', countsText(row)],
    ['returned', retText(row.ret).replace(/^returned /, '')],
    ['task', `${printable(row.comm)}-${row.pid}`],
    ['VM', vm === undefined ? 'not known' : printable(vmTitle(vm))],
    ['lines', `${named(view, row.line)} to ${named(view, row.endLine) || 'the end'}`],
  ];
  if (row.start !== '') facts.push(['time', `${row.start} to ${row.end === '' ? '?' : row.end}`]);
  if (job.deferred) facts.push(['applied', 'after the ioctl had returned, by a worker']);
  if (job.implicit) facts.push(['frame', 'its ioctl is not probed: the calls into drm_gpuvm make the job']);
  for (const [what = '', ...cells] of job.times === undefined ? [] : timeRows(job.times, view.lines))
    facts.push([what, printable(cells.filter((cell) => cell !== '').join(', '))]);
  for (const why of row.unknown) facts.push(['not judged whole', printable(why)]);
  return facts;
}

function opData(view: View, op: OpRun, leftOut: string[]): OpData {
  const { letters, detail } = view;
  const ask = detail.pairs.get(op);
  const name = op.obj === 0 ? '' : letters.of(op.obj);
  const what = name === '' ? '' : ` of ${name} at offset ${hex(op.offset)}`;
  const sides = [stepsOf(view, op, ask), predictedSteps(op)].filter((one) => one !== undefined);
  const compared = sides.filter(({ planned }) => planned !== undefined);
  const rows = stepRows(view, compared.length > 0 ? compared : sides.slice(0, 1));
  const told = new Set(view.findings.filter((one) => one.op === op.index).map((one) => one.step));
  const kept = rows.filter(({ step }, i) => i < MAX_STEPS || told.has(step)).slice(0, 2 * MAX_STEPS);
  if (kept.length < rows.length) leftOut.push(`${counted(rows.length - kept.length, 'more step')} of op ${op.index}`);
  return {
    index: op.index,
    text: `${op.kind.toUpperCase()} ${spanText(op.addr, op.range)}${what}${op.failed ? ' (failed)' : ''}`,
    line: named(view, op.line),
    obj: name,
    asked: otherAsk(view, op, ask) ?? '',
    why: whyDiffers(view, op) ?? null,
    titles: compared.map(({ planned }) => planned ?? ''),
    applied: sides[0]?.applied ?? 'applied',
    rows: kept,
  };
}

/** Each applied step with what stands beside it on every side; in front of it what stands there alone. */
function stepRows(view: View, sides: readonly OpSteps[]): StepRow[] {
  const rows: StepRow[] = [];
  const next = sides.map(() => 0);
  const applied = (sides[0]?.pairs ?? []).flatMap((pair) => pair.applied ?? []);
  const take = (side: OpSteps, i: number, isApplied: boolean): Pair | undefined => {
    const pair = side.pairs[next[i] ?? 0];
    if (pair === undefined || (pair.applied === undefined) === isApplied) return undefined;
    next[i] = (next[i] ?? 0) + 1;
    return pair;
  };
  const other = (pair: Pair | undefined): readonly [string, string] =>
    pair === undefined ? ['', ''] : [cellText(view, pair.planned), markOf(pair)];
  for (const cell of [...applied, undefined]) {
    for (;;) {
      const alone = sides.map((side, i) => take(side, i, false));
      if (alone.every((pair) => pair === undefined)) break;
      rows.push({ others: alone.map(other), text: '', line: '', step: -1 });
    }
    if (cell === undefined) break;
    const pairs = sides.map((side, i) => take(side, i, true));
    rows.push({ others: pairs.map(other), text: cellText(view, cell), line: named(view, cell.line), step: cell.index });
  }
  return rows;
}

function attemptsOf(view: View): AttemptData[] {
  const { attempts } = view.detail;
  return attempts.slice(-MAX_ATTEMPTS).map((one, i, all) => {
    const { entries, omitted, dropped, line } = one.attempt;
    const number = attempts.filter(({ init }, at) => init === one.init && at <= attempts.indexOf(one)).length;
    const shown = [
      ...entries.slice(0, MAX_CALLS / 2),
      ...entries.slice(Math.max(MAX_CALLS / 2, entries.length - MAX_CALLS / 2)),
    ];
    const calls = omitted + entries.length - shown.length;
    const ends: string[] = [];
    if (calls > 0) ends.push(`${counted(calls, 'more call')} in the middle`);
    if (all[i + 1]?.init === one.init) ends.push(`${counted(dropped, 'lock')} dropped, everything is locked anew`);
    else if (one.fini === 0) ends.push('never finished (no drm_exec_fini)');
    else ends.push(`drm_exec_fini() at ${named(view, one.fini)}`);
    return {
      title: line === 0 ? 'outside of a drm_exec loop' : `attempt ${number}`,
      line: named(view, line === 0 ? one.init : line),
      rows: shown.map((entry) => ({
        line: named(view, entry.line),
        what: WORDS[entry.via],
        obj: view.letters.of(entry.obj),
        note: lockNote(view, one, entry) || (entry.obj === 0 ? '' : ptrHex(entry.obj)),
      })),
      end: ends.join('; '),
    };
  });
}

function spaceData(rows: ReturnType<typeof rowsOf>): SpaceData {
  return {
    rows: rows.map(({ name, boxes }) => ({
      name,
      boxes: boxes.slice(0, MAX_BOXES).map(({ addr, range, label, offset, mark }) => ({
        addr: num(addr),
        range: num(range),
        label,
        offset: offset === undefined ? null : num(offset),
        mark,
      })),
    })),
  };
}
