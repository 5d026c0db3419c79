// Random batches of binds, by drivers that lock in the three ways: what was recorded, and what another pass would have done.
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Ptr } from '../../src/base/u64.ts';
import { OP_MAP, OP_REMAP, OP_UNMAP, type VmEvent } from '../../src/events/vm_event.ts';
import { applyStep } from '../../src/gpuvm/apply.ts';
import { smMapExecLock, smUnmapExecLock } from '../../src/gpuvm/exec_lock.ts';
import type { Gpuvm } from '../../src/gpuvm/gpuvm.ts';
import type { Step } from '../../src/gpuvm/sm_map.ts';
import { jobRow } from '../../src/replay/job_row.ts';
import { RowTable } from '../../src/replay/row_table.ts';
import { LOCKINGS, type Locking, lockingPass } from '../../src/whatif/other_pass.ts';
import { PASS_COUNTS } from '../../src/whatif/totals.ts';
import { WhatIf, type WhatIfRow } from '../../src/whatif/what_if.ts';
import { type BindOp, codes, decode, type Space, walk } from '../gpuvm/batches.ts';
import { newId, vmOf } from '../gpuvm/picture.ts';
import { Script, vmNumber } from '../replay/script.ts';

const PATIENCE = 60_000;
const SPACE: Space = { base: 4096 * 3, unit: 4096 };
const VM = vmNumber(1);
const [EXEC, JOB] = [0x77, 0x55];

/** Objects 1 and 2 are private to the VM. */
function resvOf(obj: Ptr): Ptr {
  return Number(obj) <= 2 ? VM.resv : 0x9000 + Number(obj);
}

/** What the driver locks for these ops on the VM as it stands, in order and each once. */
function locksOf(vm: Gpuvm, locking: Locking, ops: readonly BindOp[]): Set<Ptr> {
  const objs = new Set<Ptr>();
  const lock = (obj: Ptr) => {
    objs.add(obj);
    return 0;
  };
  const locker = { lock, prepare: lock };
  if (locking === 'sweep') for (const va of vm) objs.add(va.obj);
  for (const op of ops) {
    if (!op.unmap) objs.add(op.obj);
    if (locking !== 'exec-lock') continue;
    if (op.unmap) smUnmapExecLock(vm, locker, op.addr, op.range);
    else smMapExecLock(vm, locker, 1, op);
  }
  objs.delete(0);
  return objs;
}

function stepEvent(step: Step): VmEvent {
  const of = step.kind === 'map' ? step : step.va;
  const { addr, range, obj, offset } = of;
  const type = { map: OP_MAP, remap: OP_REMAP, unmap: OP_UNMAP }[step.kind];
  const [prev, next] = step.kind === 'remap' ? [step.prev, step.next] : [undefined, undefined];
  const va = step.kind === 'map' ? 0 : step.va.id;
  const keep = step.kind !== 'map' && step.keep;
  const { gpuvm } = VM;
  return {
    kind: 'step',
    by: 'driver',
    driver: 'lab',
    op: 0x99,
    priv: 0,
    type,
    va,
    keep,
    gpuvm,
    addr,
    range,
    obj,
    offset,
    prev,
    next,
  };
}

/** The driver's doings for one batch; the steps that had no lock, counted here. */
function bind(script: Script, vm: Gpuvm, id: number, locking: Locking, ops: readonly BindOp[]): number {
  const locks = locksOf(vm, locking, ops);
  const held = new Set<Ptr>([VM.resv, ...[...locks].map(resvOf)]);
  script.begin(id, JOB, VM, EXEC, ops.length).lock(EXEC, VM.rObj, VM.resv);
  for (const obj of locks) script.lock(EXEC, obj, resvOf(obj));
  script.locked(JOB, EXEC).apply(id, JOB, VM);
  let missing = 0;
  for (const [index, op] of ops.entries()) {
    const { addr, range, unmap } = op;
    const [obj, offset] = unmap ? [0, 0] : [op.obj, op.offset];
    const kind = unmap ? 'unmap' : obj === 0 ? 'map_null' : 'map';
    const { gpuvm } = VM;
    const call = unmap ? 'unmap' : 'map';
    script.emit(
      { kind: 'apply_op', job: JOB, gpuvm, index, op: kind, addr, range, obj, offset },
      { kind: 'sm_request', gpuvm, call, list: false, addr, range, obj, offset },
    );
    walk(vm, op, (step) => {
      const of = step.kind === 'map' ? step : step.va;
      if (of.obj !== 0 && !held.has(resvOf(of.obj))) missing++;
      script.emit(stepEvent(step));
      const { removed, added, ret } = applyStep(vm, step, newId);
      if (removed !== undefined) script.emit({ kind: 'va_remove', gpuvm, va: removed.id, ...spanOf(removed) });
      for (const va of added)
        script.emit({ kind: 'va_insert', gpuvm, va: va.id, ...spanOf(va), offset: va.offset, flags: 0, ret });
      script.emit({ kind: 'step_ret', op: 0x99, ret });
      return ret;
    });
    script.emit({ kind: 'sm_ret', gpuvm, ret: 0 });
  }
  script.applied(JOB).unlocked(EXEC, held.size).returned(id);
  return missing;
}

function spanOf({ addr, range, obj }: BindOp | { addr: BindOp['addr']; range: BindOp['range']; obj: Ptr }) {
  return { addr, range, obj };
}

/** The rows of both batches under each pass, and the module's own count of the second. */
function replay(before: readonly number[], batch: readonly number[], driver: Locking) {
  const all = new Map(LOCKINGS.map((locking) => [locking, new WhatIf(lockingPass(locking))]));
  const rows: ReturnType<typeof jobRow>[] = [];
  const table = new RowTable();
  const script = new Script({ detail: true, passes: true }, (job) => {
    for (const whatIf of all.values()) whatIf.job(job);
    rows.push(jobRow(job, table));
  });
  const vm = vmOf();
  script.vm(VM);
  for (let obj = 1; obj < 5; obj++) script.obj(obj, resvOf(obj));
  bind(
    script,
    vm,
    1,
    'exec-lock',
    before.map((code) => decode(code, SPACE, 1)),
  );
  const missing = bind(
    script,
    vm,
    2,
    driver,
    batch.map((code) => decode(code, SPACE, 1)),
  );
  const second = (locking: Locking): WhatIfRow => {
    const row = all.get(locking)?.rows(rows)[1];
    if (row === undefined) throw new Error('no second row');
    return row;
  };
  return { missing, second };
}

describe.each(LOCKINGS)('a driver that locks as %s', (driver) => {
  it(
    'is recorded so, comes out the same under its own pass, and misses nothing under the exec-lock pass',
    () => {
      fc.assert(
        fc.property(codes, codes, (before, batch) => {
          const { missing, second } = replay(before, batch, driver);
          const own = second(driver);
          const exec = second('exec-lock');
          const wrong =
            own.recorded.missing !== missing ||
            own.verdict !== 'same' ||
            PASS_COUNTS.some((count) => own.other[count] !== own.recorded[count]) ||
            exec.other.missing !== 0 ||
            exec.other.redundant !== 0;
          if (wrong) throw new Error(JSON.stringify({ missing, own, exec: exec.other }));
        }),
        { numRuns: 500 },
      );
    },
    PATIENCE,
  );
});
