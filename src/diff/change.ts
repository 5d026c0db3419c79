// One difference between two traces, as every report gives it.
import type { Severity } from '../findings/finding.ts';
import type { DigestedJob } from './job_digest.ts';

/** What differs. job: it is there in one of them only; return: what its ioctl gave; ops: what user space asked for. */
export const CHANGE_KINDS = [
  'finding',
  'vm',
  'job',
  'ops',
  'steps',
  'locks',
  'return',
  'attempts',
  'coverage',
  'hold time',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** unclear: events are missing that could explain it. */
export type ChangeHow = 'new' | 'gone' | 'changed' | 'unclear';

export interface Change {
  readonly kind: ChangeKind;
  readonly how: ChangeHow;
  /** The VM's ordinal in the trace before, or in the one after where it is in that only; 0: none, or not known. */
  readonly vm: number;
  readonly before: DigestedJob | undefined;
  readonly after: DigestedJob | undefined;
  /** The rule, the set of locks, the case; '' where the kind says it. */
  readonly what: string;
  readonly severity: Severity | undefined;
  /** The lines of a finding, 0 where there is none. */
  readonly lines: { readonly before: number; readonly after: number };
  /** '' where one side has nothing in its place. */
  readonly was: string;
  readonly is: string;
  /** Why it is not clear. */
  readonly why: string;
}

export function changeOf(change: Pick<Change, 'kind' | 'how'> & Partial<Change>): Change {
  return {
    vm: (change.before ?? change.after)?.vm ?? 0,
    before: undefined,
    after: undefined,
    what: '',
    severity: undefined,
    lines: { before: 0, after: 0 },
    was: '',
    is: '',
    why: '',
    ...change,
  };
}
