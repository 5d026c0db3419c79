// Whose private objects those of a dma_resv are, where VMs share it, come and go.
import { expect, it } from 'vitest';
import { ptrHex } from '../../src/base/u64.ts';
import { type Mapping, Script, type Vm, vmNumber } from './script.ts';

const EXEC = 0xe00;
const OTHER = vmNumber(3);
const FIRST = vmNumber(1);
/** Its root object is FIRST's. */
const SECOND: Vm = { ...vmNumber(2), rObj: FIRST.rObj, resv: FIRST.resv };
const PRIVATE: Mapping = { va: 0x31, addr: 0x10000, range: 0x4000, obj: 0xa0, offset: 0 };

/** What is said when this VM maps the object that shares FIRST's dma_resv. */
function told(script: Script, vm: Vm): string[] {
  const from = script.facts.length;
  const id = script.jobs.length + 1;
  script.mapJob(id, 0x700 + id, vm, EXEC, PRIVATE, [[PRIVATE.obj, FIRST.resv]]);
  return script.facts.slice(from).flatMap((fact) => (fact.kind === 'foreign_private' ? [fact.detail ?? ''] : []));
}

function start(): Script {
  return new Script().vm(FIRST).vm(SECOND).vm(OTHER).obj(PRIVATE.obj, FIRST.resv);
}

it.each([
  { name: 'the first', vm: FIRST },
  { name: 'the second', vm: SECOND },
])('an object of a dma_resv that two VMs share is private to both: $name', ({ vm }) => {
  expect(told(start(), vm)).toEqual([]);
});

it('a third VM is told the first of those that are there', () => {
  const of = (vm: Vm) => [expect.stringContaining(`of VM ${ptrHex(vm.gpuvm)},`)];
  expect(told(start(), OTHER)).toEqual(of(FIRST));
  expect(told(start().emit({ kind: 'vm_free', gpuvm: FIRST.gpuvm }), OTHER)).toEqual(of(SECOND));
  expect(told(start().emit({ kind: 'vm_free', gpuvm: SECOND.gpuvm }), OTHER)).toEqual(of(FIRST));
});

it('with the last VM of a dma_resv its objects are private to none', () => {
  const script = start();
  script.emit({ kind: 'vm_free', gpuvm: FIRST.gpuvm }, { kind: 'vm_free', gpuvm: SECOND.gpuvm });
  expect(told(script, OTHER)).toEqual([]);
});

it('is told once, with the line of the request, where no callback is probed', () => {
  const { gpuvm } = OTHER;
  const { addr, range, obj, offset } = PRIVATE;
  const script = start().begin(1, 0x701, OTHER, EXEC).lock(EXEC, OTHER.rObj, OTHER.resv).lock(EXEC, obj, FIRST.resv);
  script.locked(0x701, EXEC).apply(1, 0x701, OTHER);
  script.emit({ kind: 'sm_request', gpuvm, call: 'map', list: false, addr, range, obj, offset });
  const { line } = script;
  script.emit({ kind: 'va_insert', gpuvm, ...PRIVATE, flags: 0, ret: 0 }, { kind: 'sm_ret', gpuvm, ret: 0 });
  script.applied(0x701).unlocked(EXEC, 2).returned(1);
  expect(script.facts.filter(({ kind }) => kind === 'foreign_private')).toMatchObject([{ line, obj, job: { id: 1 } }]);
});
