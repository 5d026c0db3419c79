// `--at`: the moment of a trace that a user means, and the analysis up to it.
import { InvalidArgumentError } from 'commander';
import type { Report } from '../analyze.ts';
import { UserError } from '../base/user_error.ts';
import type { Where } from '../events/vm_event.ts';
import { type RunOptions, runAnalysis } from './run_analysis.ts';
import { withTrace } from './spooled.ts';
import { nameOf, type Trace } from './traces.ts';

export type Moment =
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'line'; readonly line: number }
  /** As findings, jobs and the world number it; no user gives it. */
  | { readonly kind: 'event'; readonly number: number }
  | { readonly kind: 'job'; readonly job: number }
  | { readonly kind: 'last-job' }
  | { readonly kind: 'end' };

export function parseMoment(text: string): Moment {
  if (text === 'end' || text === 'last-job') return { kind: text };
  const [, what, number] = /^(line|job):(\d+)$/.exec(text) ?? [];
  if (what === 'line') return { kind: 'line', line: Number(number) };
  if (what === 'job') return { kind: 'job', job: Number(number) };
  if (/^\d+(\.\d+)?$/.test(text)) return { kind: 'time', seconds: Number(text) };
  throw new InvalidArgumentError('expected a time stamp, line:N, job:ID, last-job or end.');
}

/** Does an event lie before the moment's end? Undefined: all of them do. */
export type Until = ((where: Where) => boolean) | undefined;

/** The analysis with the state as it was at that moment. */
export async function runUntil(trace: Trace, moment: Moment, options: RunOptions): Promise<Report> {
  return withMoment(trace, moment, options, (path, until) => runAnalysis(path, { ...options, until }));
}

/** Moments that only the whole trace tells take a reading of their own. */
export async function withMoment<T>(
  trace: Trace,
  moment: Moment,
  options: RunOptions,
  use: (trace: Trace, until: Until) => Promise<T>,
): Promise<T> {
  switch (moment.kind) {
    case 'end':
      return use(trace, undefined);
    case 'line':
      if (trace.length > 1)
        throw new UserError(`${nameOf(trace)}: which file’s line ${moment.line} is meant? Give a time`);
      return use(trace, (where) => where.line <= moment.line);
    case 'event':
      return use(trace, (where) => where.line <= moment.number);
    case 'time':
      return use(trace, (where) => Number(where.time()) <= moment.seconds);
    default:
      return withTrace(trace, async (path) => {
        const line = endOfJob(await runAnalysis(path, options), moment);
        return use(path, (where) => where.line <= line);
      });
  }
}

function endOfJob(report: Report, moment: Moment): number {
  const wanted = report.jobs.filter((row) => row.endLine > 0 && (moment.kind !== 'job' || row.job === moment.job));
  const last = wanted.reduce((line, row) => Math.max(line, row.endLine, row.ranLine), 0);
  if (last > 0 || moment.kind !== 'job') return last;
  throw new UserError(`${report.file}: no job ${moment.job} that ends in the trace (gpuvm-trace jobs lists them)`);
}
