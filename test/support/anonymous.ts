// A trace under other names, and what of a report must not depend on names.

import type { Report } from '../../src/analyze.ts';
import { type AnonymizeOptions, Anonymizer } from '../../src/anonymize/anonymizer.ts';

export interface Anonymous {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly keys: Anonymizer['keys'];
}

export function anonymous(trace: Uint8Array, options: Omit<AnonymizeOptions, 'file'> = {}): Anonymous {
  const pieces: string[] = [];
  const anonymizer = new Anonymizer({ file: 'trace.txt', ...options }, (text) => pieces.push(text));
  anonymizer.push(trace);
  anonymizer.finish();
  const text = pieces.join('');
  return { text, bytes: Buffer.from(text, 'latin1'), keys: anonymizer.keys };
}

/** Pointers, ids of tasks and their names, as a message may hold them. */
function nameless(text: string): string {
  return text
    .replace(/0x[0-9a-f]{9,16}/g, 'POINTER')
    .replace(/\b(task|pid) \S+/g, '$1 NAME')
    .replace(/"[^"]*"/g, 'NAME');
}

/** Where a line tells of several events or of none, and shows no time. */
function placeless<T>(value: T): T {
  const places = ['line', 'endLine', 'ranLine', 'time', 'start', 'end'];
  return JSON.parse(JSON.stringify(value, (key, one) => (places.includes(key) ? undefined : one))) as T;
}

/** All that a report says, but for names. */
export function withoutNames(report: Report) {
  const { stats } = report;
  const said = named(report);
  return stats.tracer === 'function_graph' ? placeless(said) : said;
}

function named({ findings, jobs, doubts, kernel }: Report) {
  return {
    findings: findings.map(({ vm, obj, resv, pid, file, message, evidence, ...rest }) => ({
      ...rest,
      message: nameless(message),
      evidence: evidence.map(({ line, text }) => ({ line, text: nameless(text) })),
    })),
    jobs: jobs.map(({ vm, vmName, pid, comm, ...row }) => ({ ...row })),
    doubts: doubts.map(nameless),
    kernel: kernel.switches,
  };
}
