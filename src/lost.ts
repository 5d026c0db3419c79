// What the tracer's losses mean for the answer: which jobs and VMs each of them touches, and what would have held them.
import type { BufferSize, CpuLoss, LossPlaces, LossWindow } from './ftrace/losses.ts';
import type { JobRow } from './replay/job_row.ts';

export type { LossWindow, Place } from './ftrace/losses.ts';

/** Some of many, and how many there are. */
export interface Some {
  readonly count: number;
  readonly first: readonly number[];
}

export interface TouchedWindow extends LossWindow {
  readonly jobs: Some;
  /** By their ordinals. */
  readonly vms: Some;
}

export interface LossReport {
  /** The first ones of `times`. */
  readonly windows: readonly TouchedWindow[];
  readonly times: number;
  readonly byCpu: readonly CpuLoss[];
  /** VMs that were known whole until events went missing, by their ordinals. */
  readonly vms: Some;
  readonly bufferSize: BufferSize | undefined;
}

const FIRST = 20;

export function lossReport(losses: LossPlaces, jobs: readonly JobRow[], lostSight: ReadonlySet<number>): LossReport {
  const { times, byCpu, bufferSize } = losses;
  const windows = losses.windows.map((window) => {
    const touched = jobs.filter((row) => overlaps(row, losses.extentOf(window)));
    const vms = new Set(touched.map((row) => row.vmOrdinal).filter((ordinal) => ordinal !== 0));
    return { ...window, jobs: some(touched.map((row) => row.job)), vms: some([...vms].sort((a, b) => a - b)) };
  });
  return { windows, times, byCpu, vms: some([...lostSight]), bufferSize };
}

function overlaps({ line, endLine }: JobRow, { after, before }: ReturnType<LossPlaces['extentOf']>): boolean {
  return line < before && (endLine === 0 || endLine > after);
}

function some(all: readonly number[]): Some {
  return { count: all.length, first: all.slice(0, FIRST) };
}
