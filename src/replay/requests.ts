// Was the lock pass asked about the same operations as were then applied?
import { hex, ptrHex } from '../base/u64.ts';
import { describeOp } from './describe.ts';
import type { OpView } from './fact.ts';
import type { Job, LockAsk, OpRun } from './job.ts';
import type { Context } from './machine.ts';
import { tell } from './tell.ts';

function callOf(op: OpRun): 'map' | 'unmap' | undefined {
  if (op.kind === 'unmap') return 'unmap';
  return op.kind === 'map' || op.kind === 'map_null' ? 'map' : undefined;
}

function agrees(ask: LockAsk, op: OpRun): boolean {
  return (
    ask.call === callOf(op) &&
    ask.addr === op.addr &&
    ask.range === op.range &&
    (ask.call === 'unmap' || (ask.obj === op.obj && ask.offset === op.offset))
  );
}

/** Pairs the requests of the lock pass with the applied ones; what agrees with none is compared in order. */
export function compareRequests(context: Context, job: Job): void {
  if (job.lockVersion < 0 || job.asks.some((ask) => ask.addr === undefined)) return;
  const asks = new Set(job.asks);
  const odd: OpRun[] = [];
  for (const op of job.ops) {
    if (callOf(op) === undefined || op.addr === undefined) continue;
    const same = [...asks].find((ask) => agrees(ask, op));
    if (same !== undefined) asks.delete(same);
    else odd.push(op);
  }
  for (const op of odd) {
    const ask = [...asks].find((one) => one.call === callOf(op));
    if (ask === undefined) continue;
    asks.delete(ask);
    report(context, job, ask, op);
  }
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
  tell(context, {
    kind: 'request_mismatch',
    line: ask.line,
    job,
    op,
    step: undefined,
    locked,
    what: differences.join(', '),
    obj: op.obj,
    span: op.addr === undefined || op.range === undefined ? undefined : { addr: op.addr, range: op.range },
    evidence: [
      { line: ask.line, text: `the lock pass asks for ${describeOp(ask)}` },
      { line: op.requestLine || op.line, text: `applied is ${describeOp(op)}` },
    ],
  });
}

function show(value: number | bigint | undefined): string {
  return value === undefined ? '?' : hex(value);
}
