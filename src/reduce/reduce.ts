// The smallest scenario that still gives the finding: what cannot matter goes first, then delta debugging over the ops, then what
// is left gets plain numbers.
import { add, type U64 } from '../base/u64.ts';
import { ddmin } from './ddmin.ts';
import { isSeenAgain } from './enact.ts';
import { plainNumbers } from './plain.ts';
import { opsOf, type Scenario, type ScenarioJob, type ScenarioOp, withJobs } from './scenario.ts';

/** What is given is decided by the ops of a VM, and how a driver locks and carries out steps for them. */
export const REDUCIBLE = [
  'missing-lock',
  'redundant-lock',
  'lock-pass-mismatch',
  'stale-lock-set',
  'lock-step-divergence',
  'misapplied-step',
  'va-conflict',
  'zero-length-bind',
] as const;

/** Undefined where the ops alone do not give the finding: something else in the trace has a part in it. */
export function reduced(whole: Scenario): Scenario | undefined {
  const begin = slices(whole).find(isSeenAgain);
  if (begin === undefined) return undefined;
  const fewest = withFewest(begin);
  return withFewest(withoutExtras(plainNumbers(withoutExtras(fewest))));
}

/** The ops without which the target's range would look otherwise, from the likely to the certain. */
function slices(whole: Scenario): Scenario[] {
  const ops = opsOf(whole);
  const last = ops.findLastIndex((op) => op.isTarget);
  const target = ops[last];
  if (target === undefined) return [whole];
  const before = ops.slice(0, last);
  const touching = (ranges: readonly ScenarioOp[]) => before.filter((op) => ranges.some((one) => overlap(op, one)));
  const direct = touching([target]);
  return [withOps(whole, direct), withOps(whole, touching([target, ...direct])), whole];
}

function overlap(one: ScenarioOp, other: ScenarioOp): boolean {
  return one.addr < endOf(other) && other.addr < endOf(one);
}

function endOf({ addr, range }: ScenarioOp): U64 {
  return add(addr, range);
}

/** The target's op always stays. */
function withOps(scenario: Scenario, some: readonly ScenarioOp[]): Scenario {
  const left = new Set(some);
  const jobs = scenario.jobs.map((job) => ({ ...job, ops: job.ops.filter((op) => op.isTarget || left.has(op)) }));
  return withJobs(scenario, jobs);
}

function withFewest(scenario: Scenario): Scenario {
  const others = opsOf(scenario).filter((op) => !op.isTarget);
  return withOps(
    scenario,
    ddmin(others, (some) => isSeenAgain(withOps(scenario, some))),
  );
}

/** Without what is odd about the driver and has no part in it: locks of other objects, mistakes, a lock pass of its own. */
function withoutExtras(scenario: Scenario): Scenario {
  const extras = [...new Set(scenario.jobs.flatMap(({ also }) => also))];
  const only = (some: readonly number[]) =>
    eachJob(scenario, (job) => ({ ...job, also: job.also.filter((number) => some.includes(number)) }));
  let left = only(ddmin(extras, (some) => isSeenAgain(only(some))));
  for (const change of [rightOps, (job: ScenarioJob) => ({ ...job, locksVm: true }), keepingLocks]) {
    const changed = eachJob(left, change);
    if (isSeenAgain(changed)) left = changed;
  }
  return left;
}

function eachJob(scenario: Scenario, change: (job: ScenarioJob) => ScenarioJob): Scenario {
  return withJobs(scenario, scenario.jobs.map(change));
}

/** All ops but the target are locked and carried out as they should be. */
function rightOps(job: ScenarioJob): ScenarioJob {
  const right = ({ addr, range, obj, offset }: ScenarioOp): Pick<ScenarioOp, 'locking' | 'mistakes'> => ({
    locking: { how: 'ask', request: { addr, range, obj, offset } },
    mistakes: [],
  });
  return { ...job, ops: job.ops.map((op) => (op.isTarget ? op : { ...op, ...right(op) })) };
}

function keepingLocks(job: ScenarioJob): ScenarioJob {
  return { ...job, dropsLocks: false };
}
