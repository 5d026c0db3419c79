// Plain numbers in the place of a trace's: objects counted from 1, pages in a row, offsets of 0, where the finding stays.
import { add, sub, type U64 } from '../base/u64.ts';
import { isSeenAgain } from './enact.ts';
import type { OpLocking, Request, Scenario, ScenarioOp, ScenarioVm } from './scenario.ts';

const PAGE = 0x1000;
const FIRST = 0x100000;
const PLAIN_VM: ScenarioVm = { flags: 0, start: 0, range: 2 ** 32, kernelStart: 0, kernelRange: 0 };

type OnRequest = (request: Request) => Request;

export function plainNumbers(scenario: Scenario): Scenario {
  let plain = scenario;
  for (const change of [countedObjects, pagesInARow, withoutOffsets, inPlainVm]) {
    const changed = change(plain);
    if (isSeenAgain(changed)) plain = changed;
  }
  return plain;
}

function eachRequest(scenario: Scenario, change: OnRequest): Scenario {
  const locking = (of: OpLocking): OpLocking => (of.how === 'ask' ? { how: 'ask', request: change(of.request) } : of);
  const op = (one: ScenarioOp): ScenarioOp => ({ ...one, ...change(one), locking: locking(one.locking) });
  return { ...scenario, jobs: scenario.jobs.map((job) => ({ ...job, ops: job.ops.map(op) })) };
}

function countedObjects(scenario: Scenario): Scenario {
  const numbers = new Map<number, number>([[0, 0]]);
  const counted = (number: number) => {
    if (!numbers.has(number)) numbers.set(number, numbers.size);
    return numbers.get(number) ?? 0;
  };
  const jobs = eachRequest(scenario, (request) => ({ ...request, obj: counted(request.obj) })).jobs.map((job) => ({
    ...job,
    also: job.also.map(counted),
  }));
  const objects = scenario.objects.map(({ number, isPrivate }) => ({ number: counted(number), isPrivate }));
  return { ...scenario, jobs, objects: objects.sort((a, b) => a.number - b.number) };
}

/** Each place where a range begins or ends is a page behind the one before. */
function pagesInARow(scenario: Scenario): Scenario {
  const places = new Set<U64>();
  eachRequest(scenario, (request) => {
    places.add(request.addr).add(add(request.addr, request.range));
    return request;
  });
  const order = [...places].sort((a, b) => (a < b ? -1 : 1));
  const placeOf = new Map(order.map((place, index) => [place, FIRST + index * PAGE]));
  const at = (place: U64) => placeOf.get(place) ?? 0;
  return eachRequest(scenario, (request) => {
    const [addr, end] = [at(request.addr), at(add(request.addr, request.range))];
    return { ...request, addr, range: sub(end, addr) };
  });
}

function withoutOffsets(scenario: Scenario): Scenario {
  return eachRequest(scenario, (request) => ({ ...request, offset: 0 }));
}

function inPlainVm(scenario: Scenario): Scenario {
  return { ...scenario, vm: PLAIN_VM };
}
