// What a run says as a whole: the exit code, and its word.
import { type CheckedTrace, type CheckRun, fails, isSevere } from '../reporters/checked_trace.ts';

/** What the exit code hangs on. */
interface Outcome extends Pick<CheckRun, 'unread' | 'failOn'> {
  readonly traces: readonly Pick<CheckedTrace, 'findings' | 'doubts'>[];
}

export function exitCode({ traces, unread, failOn }: Outcome): keyof typeof VERDICTS {
  if (unread.length > 0) return 2;
  const findings = traces.flatMap((trace) => trace.findings);
  if (findings.some((finding) => fails(finding, failOn))) return 1;
  const unsure =
    findings.some((finding) => isSevere(finding, failOn)) || traces.some(({ doubts }) => doubts.length > 0);
  return failOn !== 'never' && unsure ? 3 : 0;
}

export const VERDICTS = { 0: 'clean', 1: 'findings', 2: 'unreadable', 3: 'inconclusive' } as const;
