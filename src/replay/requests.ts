// Was the lock pass asked about the same operations as were then applied?
import { hex, type Ptr, ptrHex } from '../base/u64.ts';
import type { Step } from '../gpuvm/sm_map.ts';
import type { Context } from './context.ts';
import { describeOp, describeStep } from './describe.ts';
import type { LeftOut, OpView } from './fact.ts';
import type { Job, LockAsk, OpRun } from './job.ts';
import { tell } from './tell.ts';

/** Steps told of one request. */
const MAX_LEFT_OUT = 4;

const EFFECTS: Readonly<Record<LeftOut['effect'], string>> = {
  unlocked: '; nothing else locks its object',
  hidden: '; its object shares the VM’s dma_resv, which is locked',
  none: '',
};

function agrees(ask: LockAsk, op: OpRun): boolean {
  return (
    ask.call === op.predicted &&
    ask.addr === op.addr &&
    ask.range === op.range &&
    (ask.call === 'unmap' || (ask.obj === op.obj && ask.offset === op.offset))
  );
}

/** Is each op what was asked for in its place? So it is with nearly all jobs. */
function allAgree({ asks, ops }: Job): boolean {
  if (asks.length !== ops.length) return false;
  for (let i = 0; i < asks.length; i++) if (!agrees(asks[i] as LockAsk, ops[i] as OpRun)) return false;
  return true;
}

/** Pairs the requests of the lock pass with the applied ones; what agrees with none is paired in order. */
export function pairRequests(job: Job): Map<OpRun, LockAsk> {
  const pairs = new Map<OpRun, LockAsk>();
  const asks = new Set(job.asks);
  const pair = (op: OpRun, ask: LockAsk | undefined) => {
    if (ask === undefined) return;
    asks.delete(ask);
    pairs.set(op, ask);
  };
  const ops = job.ops.filter((op) => op.predicted !== undefined && op.addr !== undefined);
  for (const op of ops)
    pair(
      op,
      first(asks, (ask) => agrees(ask, op)),
    );
  for (const op of ops)
    if (!pairs.has(op))
      pair(
        op,
        first(asks, (ask) => ask.call === op.predicted),
      );
  return pairs;
}

function first(asks: Iterable<LockAsk>, wanted: (ask: LockAsk) => boolean): LockAsk | undefined {
  for (const ask of asks) if (wanted(ask)) return ask;
  return undefined;
}

/** Reports the pairs whose two sides differ. */
export function compareRequests(context: Context, job: Job): void {
  if (job.lockVersion < 0 || job.asks.some((ask) => ask.addr === undefined)) return;
  if (allAgree(job)) return;
  const pairs = pairRequests(job);
  for (const op of job.ops) {
    const ask = pairs.get(op);
    if (ask !== undefined && !agrees(ask, op)) report(context, job, ask, op);
  }
}

/** What the request should have locked and does not; empty where the VM or an object's resv is not known. */
function leftOutBy(context: Context, job: Job, ask: LockAsk, op: OpRun): LeftOut[] {
  const { vm } = job;
  const { world } = context;
  const locked = lockedBy(job, ask);
  if (vm === undefined || vm.resv === 0 || op.planned === undefined || locked === undefined) return [];
  const unlocked = new Set(job.facts.flatMap((fact) => (fact.kind === 'step_unlocked' ? [fact.resv] : [])));
  const left = op.planned.steps.filter((step) => !locked.has(objOf(step)));
  if (left.some((step) => world.resvOf(objOf(step)) === 0)) return [];
  return left.map((step) => {
    const resv = world.resvOf(objOf(step));
    return { step: describeStep(step), effect: unlocked.has(resv) ? 'unlocked' : resv === vm.resv ? 'hidden' : 'none' };
  });
}

function objOf(step: Step): Ptr {
  return step.kind === 'map' ? step.obj : step.va.obj;
}

/** The objects that a request of the lock pass locks on the VM as the pass left it. */
function lockedBy(job: Job, { call, addr, range, obj, offset }: LockAsk): Set<Ptr> | undefined {
  if (addr === undefined || range === undefined) return undefined;
  const given = job.vm?.stepsAt(job.lockVersion, call, { addr, range, obj, offset });
  // 0: a NULL object needs no lock.
  return given && new Set([0, ...given.steps.map(objOf)]);
}

function report(context: Context, job: Job, ask: LockAsk, op: OpRun): void {
  const differences: string[] = [];
  if (ask.addr !== op.addr) differences.push(`address ${show(ask.addr)} instead of ${show(op.addr)}`);
  if (ask.range !== op.range) differences.push(`range ${show(ask.range)} instead of ${show(op.range)}`);
  if (ask.call === 'map' && ask.obj !== op.obj)
    differences.push(`object ${ptrHex(ask.obj)} instead of ${ptrHex(op.obj)}`);
  if (ask.call === 'map' && ask.offset !== op.offset)
    differences.push(`offset ${hex(ask.offset)} instead of ${hex(op.offset)}`);
  const locked: OpView = { ...ask, index: op.index, kind: op.kind };
  const leftOut = leftOutBy(context, job, ask, op);
  const appliedLine = op.requestLine || op.line;
  tell(context, {
    kind: 'request_mismatch',
    line: ask.line,
    job,
    op,
    step: undefined,
    locked,
    what: differences.join(', '),
    leftOut,
    obj: op.obj,
    span: op.addr === undefined || op.range === undefined ? undefined : { addr: op.addr, range: op.range },
    // The end of the job that was locked, and the begin of the one that is applied, may be missing between them.
    absence: 'call',
    evidence: [
      { line: ask.line, text: `the lock pass asks for ${describeOp(ask)}` },
      { line: appliedLine, text: `applied is ${describeOp(op)}` },
      ...leftOut.slice(0, MAX_LEFT_OUT).map(({ step, effect }) => ({
        line: appliedLine,
        text: `left out of the lock pass: ${step}${EFFECTS[effect]}`,
      })),
    ],
  });
}

function show(value: number | bigint | undefined): string {
  return value === undefined ? '?' : hex(value);
}
