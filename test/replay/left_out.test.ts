// What a lock pass leaves out that was asked about another range, and what hides it.
import { expect, it } from 'vitest';
import type { Ptr } from '../../src/base/u64.ts';
import type { LeftOut } from '../../src/replay/fact.ts';
import { type Mapping, Script, vmNumber } from './script.ts';

const VM = vmNumber(1);
const [EXEC, JOB, OBJ] = [0x77, 0x55, 0x100];
const MAPPED: Mapping = { va: 0x500, addr: 0x10000, range: 0x4000, obj: OBJ, offset: 0 };

/** An UNMAP of the one mapping, of which the lock pass asks about range 0; the object has this resv, and may be locked. */
function leftOut(resv: Ptr, locks = false): readonly LeftOut[] {
  const script = new Script()
    .vm(VM)
    .obj(OBJ, resv)
    .mapJob(1, JOB, VM, EXEC, MAPPED, [[OBJ, resv]]);
  script.begin(2, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv);
  const { gpuvm } = VM;
  const { addr } = MAPPED;
  script.emit(
    { kind: 'exec_lock', gpuvm, exec: EXEC, call: 'unmap', numFences: undefined, addr, range: 0, obj: 0, offset: 0 },
    { kind: 'exec_lock_ret', ret: 0 },
  );
  if (locks) script.lock(EXEC, OBJ, resv);
  const held = 1 + (locks && resv !== VM.resv ? 1 : 0);
  script.locked(JOB, EXEC).apply(2, JOB, VM).unmap(JOB, VM, 0, MAPPED).applied(JOB).unlocked(EXEC, held).returned(2);
  const mismatch = script.facts.find((fact) => fact.kind === 'request_mismatch');
  return mismatch?.leftOut ?? [];
}

it('an object of its own is unlocked', () => {
  expect(leftOut(0x900).map(({ effect }) => effect)).toEqual(['unlocked']);
});

it('an object that shares the resv of the VM hides the bug', () => {
  expect(leftOut(VM.resv)).toEqual([{ step: 'UNMAP 0x10000+0x4000 of 0x100', effect: 'hidden' }]);
});

it('an object that the pass locks otherwise is neither', () => {
  expect(leftOut(0x900, true).map(({ effect }) => effect)).toEqual(['none']);
});
