// Two captures of one workload compared in meaning: by role and order, never by pointer, pid or time.
import { type Change, changeOf } from './change.ts';
import { findingChanges } from './finding_changes.ts';
import { type HoldTimes, holdTimes } from './hold_times.ts';
import { jobChanges } from './job_changes.ts';
import type { DigestedJob } from './job_digest.ts';
import { ObjectPairs } from './object_pairs.ts';
import { type Paired, pair } from './pairing.ts';
import type { Texts } from './texts.ts';
import type { DigestedVm, TraceDigest } from './trace_digest.ts';

export interface Diff {
  readonly before: TraceDigest;
  readonly after: TraceDigest;
  /** So many are in both. */
  readonly matched: { readonly vms: number; readonly jobs: number; readonly findings: number };
  /** Lock passes begun anew, over all jobs that both have. */
  readonly retries: { readonly before: number; readonly after: number };
  /** Undefined where not both show it. */
  readonly hold: HoldTimes | undefined;
  /** By job in the order of the trace before, then what is of none. */
  readonly changes: readonly Change[];
}

/** `texts`: what both were digested with. */
export function diffOf(before: TraceDigest, after: TraceDigest, texts: Texts): Diff {
  const paired = pair(before, after);
  const objects = new ObjectPairs(before, after, paired.jobs);
  const shows = {
    steps: before.shows.steps && after.shows.steps,
    locks: before.shows.locks && after.shows.locks,
  };
  const jobs = paired.jobs.flatMap((one) => jobChanges(one, { texts, objects, shows }));
  const findings = findingChanges(before, after, paired);
  const hold = holdTimes(paired.jobs);
  const changes = [
    ...findings.changes,
    ...onlyIn(before, after, paired, texts),
    ...jobs,
    ...coverageChanges(before, after),
    ...(hold === undefined || hold.isNoise ? [] : [holdChange(hold)]),
  ];
  return {
    before,
    after,
    matched: { vms: paired.vms.length, jobs: paired.jobs.length, findings: findings.same },
    retries: { before: retriesOf(paired, 'before'), after: retriesOf(paired, 'after') },
    hold,
    changes,
  };
}

function onlyIn(before: TraceDigest, after: TraceDigest, paired: Paired, texts: Texts): Change[] {
  const [lostAfter, lostBefore] = [missingFrom(after), missingFrom(before)];
  const gone = { how: lostAfter === '' ? 'gone' : 'unclear', why: lostAfter } as const;
  const fresh = { how: lostBefore === '' ? 'new' : 'unclear', why: lostBefore } as const;
  const vm = ({ ordinal, name }: DigestedVm) => `VM ${ordinal} "${name}"`;
  const asked = ({ ops }: DigestedJob) => texts.text(ops).replaceAll(' of {}', '').replaceAll('\n', '; ');
  return [
    ...paired.vmsGone.map((one) => changeOf({ kind: 'vm', ...gone, vm: one.ordinal, was: vm(one) })),
    ...paired.vmsNew.map((one) => changeOf({ kind: 'vm', ...fresh, vm: one.ordinal, is: vm(one) })),
    ...paired.jobsGone.map((one) => changeOf({ kind: 'job', ...gone, before: one, was: asked(one) })),
    ...paired.jobsNew.map((one) => changeOf({ kind: 'job', ...fresh, after: one, is: asked(one) })),
  ];
}

/** Why something may be missing from it. */
function missingFrom({ file, doubts }: TraceDigest): string {
  return doubts[0] === undefined ? '' : `${file}: ${doubts[0]}`;
}

/** Whether a case was met at all; how often follows from the jobs. Rules that fire are findings. */
function coverageChanges(before: TraceDigest, after: TraceDigest): Change[] {
  return before.coverage.flatMap((row, i) => {
    const other = after.coverage[i];
    const [was, is] = [row.state, other?.state ?? row.state];
    const isOfRule = row.group === 'rule' && was !== 'never' && is !== 'never';
    if (was === is || isOfRule) return [];
    const why = missingFrom(is === 'never' ? after : before);
    return [
      changeOf({
        kind: 'coverage',
        how: why === '' ? 'changed' : 'unclear',
        why,
        what: `${row.group} ${row.name}`,
        was,
        is,
      }),
    ];
  });
}

function retriesOf({ jobs }: Paired, side: 'before' | 'after'): number {
  return jobs.reduce((sum, one) => sum + Math.max(0, (one[side].attempts ?? 1) - 1), 0);
}

function holdChange({ before, after, jobs }: HoldTimes): Change {
  const what = `median of ${jobs} jobs`;
  return changeOf({
    kind: 'hold time',
    how: 'changed',
    what,
    was: `${before.toFixed(6)} s`,
    is: `${after.toFixed(6)} s`,
  });
}
