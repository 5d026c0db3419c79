// One job in full, as a driver developer reads it: ops, locks, steps as planned and as applied, fences, findings, VA space.
import { hex, type Ptr, ptrHex } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import type { Finding } from '../findings/finding.ts';
import type { FenceUse, Job, JobDetail } from '../replay/job.ts';
import type { JobRow } from '../replay/job_row.ts';
import { printable, printablePath } from './escape.ts';
import { findingText } from './finding_text.ts';
import { timeRows } from './job_times.ts';
import { locksSection } from './show_locks.ts';
import { spaceSection } from './show_space.ts';
import { stepsSection } from './show_steps.ts';
import { aligned, ends, Letters, retText, spanText, type View } from './show_view.ts';
import { counted, plainStyle, type Style, wrapped } from './style.ts';

export interface ShowOptions {
  /** The trace's name, as the user gave it. */
  readonly file: string;
  /** What its lines are called. */
  readonly lines: LineNames;
  readonly style?: Style;
  /** Columns to keep within where that is possible; 80 unless told. */
  readonly width?: number | undefined;
}

/** `findings` may hold those of other jobs too. The job must come from an analysis that keeps details (`onJob`). */
export function showJob(job: Job, row: JobRow, findings: readonly Finding[], options: ShowOptions): string {
  const { detail } = job;
  if (detail === undefined) return `job ${row.job}: no details were kept\n`;
  const view: View = {
    job,
    detail,
    row,
    findings: findings.filter((finding) => finding.job === row.job).sort((a, b) => a.order - b.order),
    file: printablePath(options.file),
    lines: options.lines,
    style: options.style ?? plainStyle,
    width: options.width ?? 80,
    letters: new Letters(job, detail),
  };
  const sections = [header, times, objects, ops, locksSection, stepsSection, fences, spaceSection, findingsOf];
  const texts = sections.map((section) => section(view)).filter((lines) => lines.length > 0);
  return `${texts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function header(view: View): string[] {
  const { row, style, file, lines: names, job } = view;
  const word = {
    ok: style.good,
    failed: style.note,
    bad: style.error,
    wasteful: style.warning,
    unknown: style.warning,
  };
  const vm =
    row.vmOrdinal === 0 ? 'unknown' : `${row.vmOrdinal}${row.vmName === '' ? '' : ` "${printable(row.vmName)}"`}`;
  const times = row.start === '' ? '' : `, ${row.start} s to ${row.end === '' ? '?' : `${row.end} s`}`;
  const attempts = row.attempts === undefined ? '' : `, ${counted(row.attempts, 'lock attempt')}`;
  const lines = [
    `${style.bold(`job ${row.job}`)}  ${word[row.verdict](row.verdict)}`,
    ...wrapped(`  ${countsText(row)}`, view.width, 4),
    `  task ${printable(row.comm)}-${row.pid}, VM ${vm}, gpuvm ${ptrHex(row.vm)}`,
    `  ${printable(whereText(row, file, names))}${times}`,
    `  ${counted(row.ops ?? job.ops.length, 'op')}${attempts}, ${retText(row.ret)}`,
  ];
  if (job.deferred) lines.push('  applied after the ioctl had returned, by a worker');
  if (job.implicit) lines.push('  its ioctl is not probed: the calls into drm_gpuvm make the job');
  for (const why of row.unknown)
    lines.push(...wrapped(`  not judged whole: ${printable(why)}`, view.width, 4).map(style.warning));
  return lines;
}

function whereText({ line, endLine }: JobRow, file: string, names: LineNames): string {
  if (names.isMerged) return `${names.name(line)} to ${endLine === 0 ? 'the end' : names.name(endLine)}`;
  return endLine === 0 ? `line ${line} to the end of ${file}` : `lines ${line} to ${endLine} of ${file}`;
}

function times({ job, lines, style }: View): string[] {
  if (job.times === undefined) return [];
  return [style.bold('run'), ...aligned(timeRows(job.times, lines).map((row) => row.map(printable)))];
}

export function countsText(row: JobRow): string {
  const { steps, map, unmap, remap, keep, missing, redundant, diverged, misapplied, unreserved } = row.counts;
  const kinds = `(${map} map, ${unmap} unmap, ${remap} remap, ${keep} keep)`;
  const parts = [steps === undefined ? 'steps are not probed' : `${counted(steps, 'step')} ${kinds}`];
  const add = (value: number | undefined, word: string) => {
    if (value !== undefined && value > 0) parts.push(`${value} ${word}`);
  };
  add(missing, 'not locked');
  add(misapplied, 'misapplied');
  add(unreserved, unreserved === 1 ? 'fence without slot' : 'fences without slot');
  add(redundant, redundant === 1 ? 'lock too many' : 'locks too many');
  add(diverged, diverged === 1 ? 'op unlike the lock pass' : 'ops unlike the lock pass');
  return parts.join(', ');
}

function objects(view: View): string[] {
  const { letters, detail, job, style } = view;
  if (letters.all.length === 0) return [];
  const own = job.vm?.init.rObj ?? 0;
  const rows = letters.all.map((obj) => {
    const resv = obj === own ? (job.vm?.resv ?? 0) : (detail.resvs.get(obj) ?? resvSeen(detail, obj));
    const known = resv === 0 ? 'dma_resv not known' : `dma_resv ${ptrHex(resv)}`;
    const whose = resv !== 0 && resv === job.vm?.resv ? 'the VM’s' : '';
    return [letters.of(obj), ptrHex(obj), known, whose];
  });
  return [style.bold('objects'), ...ends(aligned(rows), 'objects')];
}

function resvSeen(detail: JobDetail, obj: Ptr): Ptr {
  for (const { attempt } of detail.attempts)
    for (const entry of attempt.entries) if (entry.obj === obj) return entry.resv;
  return 0;
}

function ops(view: View): string[] {
  const { style, letters, lines, detail } = view;
  const rows = detail.ops.map((op) => [
    String(op.index),
    op.kind.toUpperCase(),
    spanText(op.addr, op.range),
    op.kind === 'unmap' ? '' : letters.of(op.obj),
    op.obj === 0 ? '' : `offset ${hex(op.offset)}`,
    printable(lines.name(op.line)),
  ]);
  if (rows.length === 0) return [style.bold('ops'), '  none was carried out'];
  return [style.bold('ops'), ...ends(aligned(rows, [0]), 'ops')];
}

function fences(view: View): string[] {
  const { detail, letters, lines: names, style, job } = view;
  if (detail.fences.length === 0) return [];
  const byResv = new Map<Ptr, FenceUse[]>();
  for (const use of detail.fences) byResv.set(use.resv, [...(byResv.get(use.resv) ?? []), use]);
  const rows = [...byResv].map(([resv, uses]) => {
    const obj = uses.find((use) => use.obj !== 0)?.obj ?? [...detail.resvs].find(([, one]) => one === resv)?.[0];
    const whose = resv === job.vm?.resv ? 'VM' : obj === undefined ? ptrHex(resv) : letters.of(obj);
    const reserved = uses.filter((use) => use.call === 'reserve' && use.outcome === 'ok');
    const added = uses.filter((use) => use.call === 'add');
    const bad = [...new Set(added.map((use) => use.outcome))].filter((outcome) => outcome !== 'ok');
    const slots = reserved.length === 0 ? 'no slot reserved' : `slot reserved at ${places(reserved, names)}`;
    return {
      cells: [
        `dma_resv of ${whose}`,
        slots,
        added.length === 0 ? 'no fence added' : `fence added at ${places(added, names)}`,
      ],
      bad: bad
        .map((outcome) =>
          outcome === 'unreserved' ? 'NO SLOT' : outcome === 'not known' ? 'slots not known' : outcome,
        )
        .join(', '),
    };
  });
  const table = aligned(rows.map((row) => row.cells));
  const lines = table.map((line, i) => (rows[i]?.bad ? `${line}  ${style.error(`<-- ${rows[i]?.bad}`)}` : line));
  return [style.bold('fences'), ...ends(lines, 'reservation objects')];
}

function places(uses: readonly FenceUse[], names: LineNames): string {
  const lines = [...new Set(uses.map((use) => use.line))];
  const shown = lines
    .slice(0, 2)
    .map((line) => names.cell(line))
    .join(', ');
  const more = lines.length > 2 ? ` and ${lines.length - 2} more` : '';
  return printable(names.isMerged ? `${shown}${more}` : `line${lines.length > 1 ? 's' : ''} ${shown}${more}`);
}

function findingsOf(view: View): string[] {
  const { style, findings, width } = view;
  if (findings.length === 0) return [style.bold('findings'), '  none'];
  return [style.bold('findings'), ...findings.flatMap((finding) => findingText(finding, style, width))];
}
