// `show`: what a job locked, attempt by attempt.
import type { ExecEntry, Via } from '../exec/exec.ts';
import type { LockAttempt } from '../replay/job.ts';
import { lastWait, waitText } from '../replay/resv_waits.ts';
import { printable } from './escape.ts';
import { aligned, ends, type View } from './show_view.ts';
import { counted } from './style.ts';

export const WORDS: Record<Via, string> = {
  lock: 'locked',
  slow: 'slow path',
  prelocked: 'held already',
  duplicate: 'duplicate',
  contended: 'contended',
  interrupted: 'interrupted',
  failed: 'failed',
  unlock: 'unlocked',
};

export function locksSection(view: View): string[] {
  const { attempts } = view.detail;
  const { style, lines: names } = view;
  if (attempts.length === 0) return [style.bold('locks'), '  no drm_exec of this job is in the trace'];
  const lines = [style.bold('locks')];
  let init = -1;
  let number = 0;
  attempts.forEach((one, i) => {
    if (one.init !== init) {
      init = one.init;
      number = 0;
      const end = one.fini === 0 ? 'never finished (no drm_exec_fini)' : `drm_exec_fini() at ${names.name(one.fini)}`;
      lines.push(printable(`  drm_exec of ${names.name(one.init)} in task ${one.task}, ${end}`));
    }
    lines.push(...attemptLines(view, one, ++number, attempts[i + 1]?.init === init));
  });
  if (view.job.lockEndLine > 0) lines.push(printable(`  the lock pass ends at ${names.name(view.job.lockEndLine)}`));
  return lines;
}

function attemptLines(view: View, one: LockAttempt, number: number, retried: boolean): string[] {
  const { entries, omitted, dropped, line } = one.attempt;
  const lines = [
    line === 0 ? '  outside of a drm_exec loop' : printable(`  attempt ${number}, ${view.lines.name(line)}`),
  ];
  const rows = entries.map((entry) => [
    printable(view.lines.cell(entry.line)),
    WORDS[entry.via],
    view.letters.of(entry.obj),
    lockNote(view, one, entry),
  ]);
  if (rows.length === 0) lines.push('    nothing is locked');
  const table = aligned(rows, [0], 4).map((text, i) =>
    entries[i]?.via === 'contended' ? view.style.warning(text) : text,
  );
  lines.push(...ends(table, 'calls', 4));
  if (omitted > 0) lines.push(`    (${counted(omitted, 'more call')} in the middle not kept)`);
  if (retried) lines.push(`    -> ${counted(dropped, 'lock')} dropped, everything is locked anew`);
  return lines;
}

function both(text: string, more: string): string {
  return text !== '' && more !== '' ? `${text}; ${more}` : text + more;
}

export function lockNote(view: View, one: LockAttempt, entry: ExecEntry): string {
  const wait = lastWait(one.waits, entry.resv, one.attempt.line, entry.line);
  const waited = printable(waitText(wait, view.lines));
  switch (entry.via) {
    case 'lock':
      return both(entry.resv !== 0 && entry.resv === view.job.vm?.resv ? 'the VM’s dma_resv' : '', waited);
    case 'duplicate': {
      const first = one.attempt.entries.find((other) => other.resv === entry.resv);
      return first === undefined || first.obj === entry.obj
        ? 'asked for again'
        : `same dma_resv as ${view.letters.of(first.obj)}`;
    }
    case 'contended': {
      const held = one.contention.find((evidence) => evidence.line === entry.line)?.text ?? '';
      const at = held.indexOf(': ');
      return `-EDEADLK${at < 0 ? '' : `, ${printable(held.slice(at + 2))}`}`;
    }
    case 'slow':
      return both('taken first, since the attempt before met contention on it', waited);
    case 'prelocked':
      return 'by the slow path';
    case 'interrupted':
      return both('while it waited for the contended object: a signal, or no memory', waited);
    case 'failed':
    case 'unlock':
      return '';
  }
}
