// `--at`: the moment of a trace that a user means.
import { InvalidArgumentError } from 'commander';
import { UserError } from '../base/user_error.ts';
import type { Where } from '../events/vm_event.ts';
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

/** Those that the trace need not be read for. */
export type PlainMoment = Extract<Moment, { readonly kind: 'time' | 'line' | 'event' }>;

/** Does an event lie before the moment's end? */
export type Until = (where: Where) => boolean;

export function untilOf(trace: Trace, moment: PlainMoment): Until {
  switch (moment.kind) {
    case 'line':
      if (trace.length > 1)
        throw new UserError(`${nameOf(trace)}: which file’s line ${moment.line} is meant? Give a time`);
      return (where) => where.line <= moment.line;
    case 'event':
      return (where) => where.line <= moment.number;
    case 'time':
      return (where) => Number(where.time()) <= moment.seconds;
  }
}
