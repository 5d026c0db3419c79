// When a job was queued, run and signalled, and how long each took, where the trace has it.
import type { LineNames } from '../events/lines.ts';
import type { FenceWait, JobTimes, Moment } from '../replay/job_times.ts';
import { secondsBetween } from '../replay/resv_waits.ts';
import { taskText } from './fault.ts';

/** A line a happening: what, when, and where it is told of. */
export function timeRows({ queued, run, runEnd, signalled, waits }: JobTimes, names: LineNames): string[][] {
  const rows: string[][] = [];
  if (queued !== undefined) rows.push(['queued', ...momentCells(queued, names, '')]);
  if (run !== undefined) rows.push(['run', ...momentCells(run, names, later(queued, run, 'after it was queued'))]);
  if (runEnd !== undefined && runEnd !== signalled)
    rows.push(['run over', ...momentCells(runEnd, names, later(run, runEnd, 'long'))]);
  if (signalled !== undefined) {
    const since =
      run === undefined
        ? later(queued, signalled, 'after it was queued')
        : later(run, signalled, 'after its run began');
    rows.push(['signalled', ...momentCells(signalled, names, since)]);
  }
  return [...rows, ...waits.map((wait) => waitCells(wait, names))];
}

function momentCells(moment: Moment, names: LineNames, how: string): string[] {
  return [moment.time, taskText(moment), names.name(moment.line), how];
}

function waitCells({ since, until }: FenceWait, names: LineNames): string[] {
  return ['waited for', ...momentCells(since, names, later(since, until, `long, to ${names.name(until.line)}`))];
}

function later(from: Moment | undefined, to: Moment, how: string): string {
  const seconds = from === undefined ? undefined : secondsBetween(from.time, to.time);
  return seconds === undefined ? '' : `${seconds} s ${how}`;
}
