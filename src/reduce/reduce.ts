// The smallest scenario that still gives the finding: what cannot matter goes first, then delta debugging over the ops, then what
// is left gets plain numbers.
import { add, addWrapped, sub, type U64 } from '../base/u64.ts';
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
  const few = withoutExtras(withFewest(begin));
  return withFewest(plainNumbers(withFewest(withShortest(few))));
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

/** Ops that end or begin where others do, as far as they can: what only cut them shorter is not needed then. */
function withShortest(scenario: Scenario): Scenario {
  const places = [...new Set(opsOf(scenario).flatMap((op) => [op.addr, endOf(op)]))];
  let left = scenario;
  for (let index = 0; index < opsOf(scenario).length; index++) {
    for (const place of places) {
      const op = opsOf(left)[index];
      if (op === undefined || op.isTarget || place <= op.addr || place >= endOf(op)) continue;
      const head = { addr: op.addr, range: sub(place, op.addr), offset: op.offset };
      const tail = { addr: place, range: sub(endOf(op), place), offset: addWrapped(op.offset, sub(place, op.addr)) };
      left = [tail, head].map((part) => withPart(left, op, part)).find(isSeenAgain) ?? left;
    }
  }
  return left;
}

/** Ops but the target are locked for as they should be, so that their locks follow. */
function withPart(scenario: Scenario, of: ScenarioOp, part: Pick<ScenarioOp, 'addr' | 'range' | 'offset'>): Scenario {
  const shorter = (op: ScenarioOp): ScenarioOp => {
    const { locking } = op;
    const { obj } = of;
    return { ...op, ...part, locking: locking.how === 'ask' ? { how: 'ask', request: { ...part, obj } } : locking };
  };
  return eachJob(scenario, (job) => ({ ...job, ops: job.ops.map((op) => (op === of ? shorter(op) : op)) }));
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
