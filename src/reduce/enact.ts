// A scenario carried out by a driver that does what the scenario says of it, on the models of drm_gpuvm, with each event told to
// the replay, and judged by the same checks as a trace.
import { unreachable } from '../base/assert.ts';
import type { Ptr, U64 } from '../base/u64.ts';
import { checkOf } from '../checks/index.ts';
import { OP_MAP, OP_REMAP, OP_UNMAP, type VmEvent } from '../events/vm_event.ts';
import { type Locker, smMapExecLock, smUnmapExecLock } from '../gpuvm/exec_lock.ts';
import { type Gpuva, makeGpuva } from '../gpuvm/gpuva.ts';
import { Gpuvm } from '../gpuvm/gpuvm.ts';
import { type MapReq, type Piece, type RemapStep, type Step, smMap, smUnmap } from '../gpuvm/sm_map.ts';
import { KernelKnowledge } from '../kernels/index.ts';
import type { Fact } from '../replay/fact.ts';
import { Machine } from '../replay/machine.ts';
import type { Request, Scenario, ScenarioJob, ScenarioOp } from './scenario.ts';

const PID = 1;
/** Pointers that stand for things; those of objects and mappings are counted up. */
const GPUVM: Ptr = 0x1000;
const VM_OBJ: Ptr = 0x2000;
const OBJECTS = 0x10_0000;
const OBJECT_SIZE = 0x1000;
const RESV_AT = 0x100;
const EXEC: Ptr = 0x3000;
const OP: Ptr = 0x4000;
const JOBS = 0x8000_0000;
const MAPPINGS = 0x1_0000_0000;

/** Does the finding come again? An ioctl without ops is none that a user would make. */
export function isSeenAgain(scenario: Scenario): boolean {
  return scenario.jobs.some(({ isTarget, ops }) => isTarget && ops.length > 0) && new Enactment(scenario).run();
}

class Enactment implements Locker {
  readonly #scenario: Scenario;
  readonly #machine: Machine;
  readonly #space: Gpuvm;
  readonly #resvs = new Map<Ptr, Ptr>();
  readonly #held = new Set<Ptr>();
  /** What the target's job and op are numbered here. */
  readonly #targetJob: number;
  readonly #targetOp: number;
  #line = 0;
  #mappings = 0;
  #isSeen = false;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#targetJob = scenario.jobs.findIndex((job) => job.isTarget);
    this.#targetOp = scenario.jobs[this.#targetJob]?.ops.findIndex((op) => op.isTarget) ?? -1;
    this.#machine = new Machine(
      {
        fact: () => {},
        job: (job) => {
          for (const fact of job.facts) this.#judge(fact);
        },
      },
      { detail: false, mmu: 'off', kernel: new KernelKnowledge() },
    );
    const { vm } = scenario;
    const { flags, start: mmStart, range: mmRange, kernelStart, kernelRange } = vm;
    const [rObj, resv] = [VM_OBJ, Number(VM_OBJ) + RESV_AT];
    this.#space = new Gpuvm({ id: GPUVM, name: 'vm', flags, mmStart, mmRange, kernelStart, kernelRange, rObj, resv });
  }

  run(): boolean {
    const { init } = this.#space;
    this.#object(VM_OBJ, init.resv);
    this.#emit({ kind: 'vm_init', gpuvm: GPUVM, ...init });
    for (const { number, isPrivate } of this.#scenario.objects) {
      const obj = pointerOf(number);
      this.#object(obj, isPrivate ? init.resv : Number(obj) + RESV_AT);
    }
    for (const [index, job] of this.#scenario.jobs.entries()) this.#job(index, job);
    this.#machine.finish();
    return this.#isSeen;
  }

  #judge(fact: Fact): void {
    const { rule, severity, step } = this.#scenario.target;
    const { job, op } = fact;
    if (job?.id !== this.#targetJob || job.unknown.size > 0 || fact.step?.type !== step) return;
    if (op !== undefined && op.index !== this.#targetOp) return;
    const check = checkOf(fact);
    if (check?.doc.id === rule && check.judge(fact)?.severity === severity) this.#isSeen = true;
  }

  #emit(event: VmEvent): void {
    const line = ++this.#line;
    this.#machine.event(event, { line, pid: PID, cpu: 0, time: () => `${line}`, comm: () => '' });
  }

  #object(obj: Ptr, resv: Ptr): void {
    this.#resvs.set(obj, resv);
    this.#emit({ kind: 'obj_init', obj, size: 2 ** 48, resv });
  }

  #job(id: number, { ops, locksVm, also, dropsLocks }: ScenarioJob): void {
    const job = JOBS + id * OBJECT_SIZE;
    const opCount = ops.length;
    this.#emit({ kind: 'bind', driver: 'lab', opCount, file: 0 });
    this.#emit({ kind: 'lock_pass', job, id, gpuvm: GPUVM, exec: EXEC, opCount });
    this.#emit({ kind: 'exec_init', exec: EXEC, flags: 3 });
    this.#emit({ kind: 'exec_cleanup', exec: EXEC, again: true });
    this.#held.clear();
    if (locksVm) this.lock(VM_OBJ);
    let ret = 0;
    for (const op of ops) ret ||= this.#lockFor(op);
    const mapped = new Set(Array.from(this.#space, ({ obj }) => obj));
    for (const number of also) if (mapped.has(pointerOf(number))) this.lock(pointerOf(number));
    this.#emit({ kind: 'exec_cleanup', exec: EXEC, again: false });
    this.#emit({ kind: 'lock_pass_ret', job, ret });
    if (dropsLocks) this.#unlock();
    if (ret === 0) {
      this.#emit({ kind: 'apply', job, id, gpuvm: GPUVM });
      for (const [index, op] of ops.entries()) ret ||= this.#apply(job, index, op);
      this.#emit({ kind: 'apply_ret', job, ret });
    }
    if (!dropsLocks) this.#unlock();
    this.#emit({ kind: 'bind_ret', job: id, ret });
  }

  #unlock(): void {
    this.#emit({ kind: 'exec_fini', exec: EXEC, numObjects: this.#held.size });
  }

  lock(obj: Ptr): number {
    const resv = this.#resvs.get(obj) ?? 0;
    this.#held.add(resv);
    this.#emit({ kind: 'lock_obj', exec: EXEC, obj, resv });
    this.#emit({ kind: 'lock_obj_ret', exec: EXEC, obj, resv, ret: 0 });
    return 0;
  }

  prepare(obj: Ptr): number {
    return this.lock(obj);
  }

  #lockFor({ kind, obj, locking }: ScenarioOp): number {
    if (locking.how !== 'ask') return locking.how === 'nothing' || obj === 0 ? 0 : this.lock(pointerOf(obj));
    const request = requestOf(locking.request);
    const call = kind === 'unmap' ? 'unmap' : 'map';
    this.#emit({ kind: 'exec_lock', gpuvm: GPUVM, exec: EXEC, call, numFences: 1, ...request });
    const { addr, range } = request;
    const space = this.#space;
    const ret = call === 'map' ? smMapExecLock(space, this, 1, request) : smUnmapExecLock(space, this, addr, range);
    this.#emit({ kind: 'exec_lock_ret', ret });
    return ret;
  }

  #apply(job: Ptr, index: number, op: ScenarioOp): number {
    const request = requestOf(op);
    const call = op.kind === 'unmap' ? 'unmap' : 'map';
    this.#emit({ kind: 'apply_op', job, gpuvm: GPUVM, index, op: op.kind, ...request });
    this.#emit({ kind: 'sm_request', gpuvm: GPUVM, call, list: false, ...request });
    const step = (one: Step) => this.#step(one, op);
    const ret = call === 'map' ? smMap(this.#space, request, step) : smUnmap(this.#space, op.addr, op.range, step);
    this.#emit({ kind: 'sm_ret', gpuvm: GPUVM, ret });
    return ret;
  }

  #step(step: Step, op: ScenarioOp): number {
    this.#emitStep(step);
    switch (step.kind) {
      case 'map':
        this.#insert(step);
        break;
      case 'unmap':
        if (!op.mistakes.includes('unmap skipped')) this.#remove(step.va);
        break;
      case 'remap':
        this.#remove(step.va);
        for (const piece of piecesOf(step, op)) this.#insert(piece);
        break;
      default:
        unreachable(step);
    }
    this.#emit({ kind: 'step_ret', op: OP, ret: 0 });
    return 0;
  }

  #emitStep(step: Step): void {
    const of = step.kind === 'map' ? step : step.va;
    const { addr, range, obj, offset } = of;
    this.#emit({
      kind: 'step',
      by: 'driver',
      driver: 'lab',
      op: OP,
      priv: 0,
      type: { map: OP_MAP, remap: OP_REMAP, unmap: OP_UNMAP }[step.kind],
      va: step.kind === 'map' ? 0 : step.va.id,
      keep: step.kind !== 'map' && step.keep,
      gpuvm: GPUVM,
      addr,
      range,
      obj,
      offset,
      prev: step.kind === 'remap' ? step.prev : undefined,
      next: step.kind === 'remap' ? step.next : undefined,
    });
  }

  #remove(va: Gpuva): void {
    const { id, addr, range, obj } = va;
    this.#emit({ kind: 'va_remove', gpuvm: GPUVM, va: id, addr, range, obj });
    this.#space.remove(va);
  }

  #insert({ addr, range, obj, offset }: MapReq): void {
    const va = MAPPINGS + ++this.#mappings * RESV_AT;
    const ret = this.#space.insert(makeGpuva(va, addr, range, obj, offset));
    this.#emit({ kind: 'va_insert', gpuvm: GPUVM, va, addr, range, obj, offset, flags: 0, ret });
  }
}

/** What the driver inserts of a mapping that is split. */
function piecesOf({ va, prev, next }: RemapStep, { mistakes }: ScenarioOp): Piece[] {
  const pieces: Piece[] = [];
  if (prev !== undefined && !mistakes.includes('prev lost')) pieces.push(prev);
  if (next !== undefined && !mistakes.includes('next lost'))
    pieces.push(mistakes.includes('wrong next') ? { ...next, offset: va.offset } : next);
  return pieces;
}

function pointerOf(number: number): Ptr {
  return number === 0 ? 0 : OBJECTS + number * OBJECT_SIZE;
}

function requestOf({ addr, range, obj, offset }: Request): MapReq & { readonly addr: U64 } {
  return { addr, range, obj: pointerOf(obj), offset };
}
