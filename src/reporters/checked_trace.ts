// What `check` hands to a report for CI: what was asked of each trace, and what came of it.
import type { Report } from '../analyze.ts';
import type { RuleDoc } from '../checks/check.ts';
import { type Finding, SEVERITIES, type Severity } from '../findings/finding.ts';
import type { JobRow } from '../replay/job_row.ts';
import type { TraceRecording } from './html/recording.ts';

/** One trace with the jobs and findings that were asked for. */
export interface CheckedTrace {
  readonly report: Report;
  readonly jobs: readonly JobRow[];
  readonly findings: readonly Finding[];
  /** So many more were asked for, and are in the baseline. */
  readonly known: number;
  /** Why the verdict on what was asked is not a whole one. */
  readonly doubts: readonly string[];
  /** For a report that shows more than findings. */
  readonly recording?: TraceRecording | undefined;
}

/** An input of which nothing could be said. */
export interface UnreadTrace {
  readonly file: string;
  readonly message: string;
}

/** From this severity on; the strictest first. */
export const FAIL_ON = ['note', 'warning', 'error', 'never'] as const satisfies readonly (Severity | 'never')[];
export type FailOn = (typeof FAIL_ON)[number];

export interface CheckRun {
  readonly traces: readonly CheckedTrace[];
  readonly unread: readonly UnreadTrace[];
  /** Those that were asked for, in the order in which they are listed. */
  readonly rules: readonly RuleDoc[];
  readonly failOn: FailOn;
  /** Of gpuvm-trace. */
  readonly version: string;
}

/** Does it fail a run? An inconclusive finding never does. */
export function fails(finding: Finding, failOn: FailOn): boolean {
  return isSevere(finding, failOn) && finding.confidence !== 'inconclusive';
}

export function isSevere({ severity }: Finding, failOn: FailOn): boolean {
  return failOn !== 'never' && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(failOn);
}
