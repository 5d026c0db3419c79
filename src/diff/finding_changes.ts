// Findings of one trace that the other has not: by their rule, and by the job and the place that they are about.
import { type Change, changeOf } from './change.ts';
import type { DigestedJob } from './job_digest.ts';
import { match, type Paired } from './pairing.ts';
import type { DigestedFinding, TraceDigest } from './trace_digest.ts';

/** Where a finding is, in the terms of the trace before. */
interface Placed {
  readonly of: DigestedFinding;
  readonly place: string;
}

export interface ComparedFindings {
  readonly changes: readonly Change[];
  /** So many are in both. */
  readonly same: number;
}

export function findingChanges(before: TraceDigest, after: TraceDigest, paired: Paired): ComparedFindings {
  const jobs = new Map(paired.jobs.map((one) => [one.after, one.before]));
  const counterparts = new Map(paired.jobs.map((one) => [one.before, one.after]));
  const vms = new Map(paired.vms.map((one) => [one.after.ordinal, one.before.ordinal]));
  const vmOf = (ordinal: number) => String(vms.get(ordinal) ?? (ordinal === 0 ? 0 : `new ${ordinal}`));
  const own = before.findings.map((of) => ({ of, place: placeOf(of, of.job, String(of.vm)) }));
  const other = after.findings.map((of) => {
    const job = of.job === undefined ? undefined : jobs.get(of.job);
    const isNew = of.job !== undefined && job === undefined;
    return { of, place: isNew ? `new job ${of.job?.line}` : placeOf(of, job, vmOf(of.vm)) };
  });
  const { pairs, left, right } = match<Placed>(own, other, [exactKey, opKey, ruleKey]);
  const gone = left.map(({ of }) =>
    change('gone', of, of.job && counterparts.get(of.job), whyNotGone(of, of.job && counterparts.get(of.job), after)),
  );
  const fresh = right.map(({ of }) =>
    change('new', of, of.job && jobs.get(of.job), whyNotNew(of, of.job && jobs.get(of.job), before)),
  );
  return { changes: [...fresh, ...gone], same: pairs.length };
}

function placeOf({ finding }: DigestedFinding, job: DigestedJob | undefined, vm: string): string {
  return `${finding.rule} ${finding.severity} ${job === undefined ? `VM ${vm}` : `job ${job.line}`}`;
}

function exactKey({ of: { finding }, place }: Placed): string {
  return `${place} ${finding.op} ${finding.step} ${finding.addr} ${finding.range}`;
}

function opKey({ of: { finding }, place }: Placed): string {
  return `${place} ${finding.op}`;
}

function ruleKey({ place }: Placed): string {
  return place;
}

function change(
  how: 'new' | 'gone',
  { finding, job, vm }: DigestedFinding,
  counterpart: DigestedJob | undefined,
  why: string,
): Change {
  const { rule, severity, line, message } = finding;
  const isNew = how === 'new';
  return changeOf({
    kind: 'finding',
    how: why === '' ? how : 'unclear',
    vm: (isNew ? counterpart?.vm : undefined) ?? vm,
    before: isNew ? counterpart : job,
    after: isNew ? job : counterpart,
    what: rule,
    severity,
    lines: isNew ? { before: 0, after: line } : { before: line, after: 0 },
    ...(isNew ? { is: message } : { was: message }),
    why,
  });
}

/** Why a finding that only `before` has may be there after all. */
function whyNotGone({ finding }: DigestedFinding, counterpart: DigestedJob | undefined, after: TraceDigest): string {
  if (finding.confidence === 'inconclusive') return 'it was inconclusive';
  return whyUnseen(finding.rule, counterpart, after);
}

function whyNotNew({ finding }: DigestedFinding, counterpart: DigestedJob | undefined, before: TraceDigest): string {
  if (finding.confidence === 'inconclusive') return 'it is inconclusive';
  return whyUnseen(finding.rule, counterpart, before);
}

/** Why a trace that has not this finding says little by that. */
function whyUnseen(rule: string, counterpart: DigestedJob | undefined, in_: TraceDigest): string {
  const { file, isSilent, doubts, coverage } = in_;
  if (coverage.find((row) => row.group === 'rule' && row.name === rule)?.state === 'never')
    return `${file} lacks the probes for the rule`;
  if (isSilent) return `events are missing from ${file}`;
  if (counterpart === undefined) return doubts[0] === undefined ? '' : `${file}: ${doubts[0]}`;
  return counterpart.unknown.length === 0 ? '' : `job ${counterpart.job} of ${file}: ${counterpart.unknown.join('; ')}`;
}
