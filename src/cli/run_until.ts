// The analysis up to a moment of the trace, which it may take a reading of its own to find.
import type { Report } from '../analyze.ts';
import { UserError } from '../base/user_error.ts';
import { type Moment, type Until, untilOf } from './moment.ts';
import { type RunOptions, runAnalysis } from './run_analysis.ts';
import { withTrace } from './spooled.ts';
import type { Trace } from './traces.ts';

/** The analysis with the state as it was at that moment. */
export async function runUntil(trace: Trace, moment: Moment, options: RunOptions): Promise<Report> {
  return withMoment(trace, moment, options, (path, until) => runAnalysis(path, { ...options, until }));
}

/** Moments that only the whole trace tells take a reading of their own. */
export async function withMoment<T>(
  trace: Trace,
  moment: Moment,
  options: RunOptions,
  use: (trace: Trace, until: Until | undefined) => Promise<T>,
): Promise<T> {
  switch (moment.kind) {
    case 'end':
      return use(trace, undefined);
    case 'line':
    case 'event':
    case 'time':
      return use(trace, untilOf(trace, moment));
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
