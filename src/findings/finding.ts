// A judged fact: what a user reads, filters, and compares between runs.
import type { Ptr, U64 } from '../base/u64.ts';

export const SEVERITIES = ['note', 'warning', 'error'] as const;
/** error: memory, locking rules or the VA space are violated; warning: wasteful or fragile; note: only explains. */
export type Severity = (typeof SEVERITIES)[number];

/**
 * certain: the trace shows all that it takes. likely: something that is not probed could excuse it. inconclusive: events
 * that could excuse it are known to be missing.
 */
export type Confidence = 'certain' | 'likely' | 'inconclusive';

export interface EvidenceLine {
  readonly line: number;
  readonly text: string;
  /** Where the trace is several files: the one that it stands in, and its place in their order. */
  readonly file?: string;
  readonly order?: number;
}

export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly file: string;
  readonly line: number;
  /** Its place in the order of the trace; of one file the line. */
  readonly order: number;
  readonly time: string;
  readonly pid: number | undefined;
  readonly job: number | undefined;
  readonly op: number | undefined;
  readonly step: number | undefined;
  readonly vm: Ptr;
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly obj: Ptr;
  readonly resv: Ptr;
  readonly message: string;
  readonly fingerprint: string;
  readonly evidence: readonly EvidenceLine[];
}

/** A finding with nothing but its values, in the order that JSON shows. */
export function plainFinding(finding: Finding): Finding {
  const { rule, severity, confidence, file, line, order, time, pid, job, op, step } = finding;
  const { vm, addr, range, obj, resv, message, evidence, fingerprint } = finding;
  const which = { rule, severity, confidence, file, line, order, time, pid, job, op, step };
  return { ...which, vm, addr, range, obj, resv, message, evidence, fingerprint };
}
