// A driver's doings as events, one call here for each thing that a driver does: for tests of the replay without any text.
import type { Ptr, U64 } from '../../src/base/u64.ts';
import { OP_MAP, type OP_REMAP, OP_UNMAP, type StepEvent, type VmEvent } from '../../src/events/vm_event.ts';
import { KernelKnowledge } from '../../src/kernels/index.ts';
import type { Fact } from '../../src/replay/fact.ts';
import type { Job } from '../../src/replay/job.ts';
import { Machine } from '../../src/replay/machine.ts';
import type { WorldOptions } from '../../src/replay/world.ts';

export const EDEADLK = -35;
export const EINTR = -4;

export interface Mapping {
  readonly va: Ptr;
  readonly addr: U64;
  readonly range: U64;
  readonly obj: Ptr;
  readonly offset: U64;
}

/** A VM with its own resv; both pointers are made from its number. */
export interface Vm {
  readonly gpuvm: Ptr;
  readonly rObj: Ptr;
  readonly resv: Ptr;
}

export function vmNumber(n: number): Vm {
  return { gpuvm: 0x1000 * n, rObj: 0x1000 * n + 8, resv: 0x1000 * n + 16 };
}

/** What came out of the replay: the facts of each job as it ended, and those outside of any. */
export class Script {
  readonly machine: Machine;
  readonly jobs: Job[] = [];
  readonly facts: Fact[] = [];
  line = 0;
  pid = 1;
  op: Ptr = 0x99;

  /** `onJob` gets each job while the past of its VM is still remembered. */
  constructor(options: Partial<WorldOptions> = {}, onJob: (job: Job) => void = () => undefined) {
    this.machine = new Machine(
      {
        fact: (fact) => this.facts.push(fact),
        job: (job) => {
          this.facts.push(...job.facts);
          this.jobs.push(job);
          onJob(job);
        },
      },
      { detail: false, mmu: 'off', kernel: new KernelKnowledge(), ...options },
    );
  }

  /** The kinds of the facts so far, in their order. */
  get told(): string[] {
    return this.facts.map((fact) => (fact.kind === 'exec_misuse' ? fact.misuse : fact.kind));
  }

  job(id: number): Job {
    const job = this.jobs.find((one) => one.id === id);
    if (job === undefined) throw new Error(`no job ${id} has ended`);
    return job;
  }

  emit(...events: VmEvent[]): this {
    for (const event of events) {
      const [line, pid] = [++this.line, this.pid];
      this.machine.event(event, { line, pid, cpu: 0, time: () => `${line}`, comm: () => `task-${pid}` });
    }
    return this;
  }

  /** What follows happens in this task. */
  as(pid: number): this {
    this.pid = pid;
    return this;
  }

  vm(vm: Vm, flags = 0): this {
    return this.emit(
      { kind: 'obj_init', obj: vm.rObj, size: 0, resv: vm.resv },
      {
        kind: 'vm_init',
        gpuvm: vm.gpuvm,
        name: 'vm',
        flags,
        mmStart: 0,
        mmRange: 2 ** 48,
        kernelStart: 0,
        kernelRange: 0,
        rObj: vm.rObj,
        resv: vm.resv,
      },
    );
  }

  obj(obj: Ptr, resv: Ptr): this {
    return this.emit({ kind: 'obj_init', obj, size: 0x10000, resv });
  }

  /** The ioctl, its lock pass and the first attempt are entered. */
  begin(id: number, job: Ptr, vm: Vm, exec: Ptr, opCount = 1): this {
    return this.emit(
      { kind: 'bind', driver: 'lab', opCount, file: 0 },
      { kind: 'lock_pass', job, id, gpuvm: vm.gpuvm, exec, opCount },
      { kind: 'exec_init', exec, flags: 3 },
    ).attempt(exec);
  }

  attempt(exec: Ptr): this {
    return this.emit({ kind: 'exec_cleanup', exec, again: true });
  }

  lock(exec: Ptr, obj: Ptr, resv: Ptr, ret = 0): this {
    return this.emit({ kind: 'lock_obj', exec, obj, resv }, { kind: 'lock_obj_ret', exec, obj, resv, ret });
  }

  /** The loop has ended: all is locked. */
  locked(job: Ptr, exec: Ptr): this {
    return this.emit({ kind: 'exec_cleanup', exec, again: false }, { kind: 'lock_pass_ret', job, ret: 0 });
  }

  apply(id: number, job: Ptr, vm: Vm): this {
    return this.emit({ kind: 'apply', job, id, gpuvm: vm.gpuvm });
  }

  applied(job: Ptr, ret = 0): this {
    return this.emit({ kind: 'apply_ret', job, ret });
  }

  unlocked(exec: Ptr, numObjects: number): this {
    return this.emit({ kind: 'exec_fini', exec, numObjects });
  }

  returned(id: number, ret = 0): this {
    return this.emit({ kind: 'bind_ret', job: id, ret });
  }

  /** MAP as op `index`, into an empty place. */
  map(job: Ptr, vm: Vm, index: number, to: Mapping): this {
    const { addr, range, obj, offset } = to;
    return this.emit(
      { kind: 'apply_op', job, gpuvm: vm.gpuvm, index, op: 'map', addr, range, obj, offset },
      { kind: 'sm_request', gpuvm: vm.gpuvm, call: 'map', list: false, addr, range, obj, offset },
    )
      .mapStep(vm, to)
      .emit({ kind: 'sm_ret', gpuvm: vm.gpuvm, ret: 0 });
  }

  /** UNMAP as op `index` of exactly this mapping. */
  unmap(job: Ptr, vm: Vm, index: number, from: Mapping): this {
    const { addr, range } = from;
    return this.emit(
      { kind: 'apply_op', job, gpuvm: vm.gpuvm, index, op: 'unmap', addr, range, obj: 0, offset: 0 },
      { kind: 'sm_request', gpuvm: vm.gpuvm, call: 'unmap', list: false, addr, range, obj: 0, offset: 0 },
    )
      .unmapStep(vm, from)
      .emit({ kind: 'sm_ret', gpuvm: vm.gpuvm, ret: 0 });
  }

  mapStep(vm: Vm, to: Mapping): this {
    return this.emit(
      this.step(OP_MAP, vm, { ...to, va: 0 }),
      { kind: 'va_insert', gpuvm: vm.gpuvm, ...to, flags: 0, ret: 0 },
      { kind: 'step_ret', op: this.op, ret: 0 },
    );
  }

  unmapStep(vm: Vm, from: Mapping): this {
    const { va, addr, range, obj } = from;
    return this.emit(
      this.step(OP_UNMAP, vm, from),
      { kind: 'va_remove', gpuvm: vm.gpuvm, va, addr, range, obj },
      { kind: 'step_ret', op: this.op, ret: 0 },
    );
  }

  step(type: typeof OP_MAP | typeof OP_UNMAP | typeof OP_REMAP, vm: Vm, of: Mapping): StepEvent {
    const { va, addr, range, obj, offset } = of;
    const { gpuvm } = vm;
    const [prev, next] = [undefined, undefined];
    return {
      kind: 'step',
      by: 'driver',
      driver: 'lab',
      op: this.op,
      priv: 0,
      type,
      va,
      keep: false,
      gpuvm,
      addr,
      range,
      obj,
      offset,
      prev,
      next,
    };
  }

  /** A whole job that locks what it says and maps one thing. */
  mapJob(id: number, job: Ptr, vm: Vm, exec: Ptr, to: Mapping, locks: readonly (readonly [Ptr, Ptr])[]): this {
    this.begin(id, job, vm, exec).lock(exec, vm.rObj, vm.resv);
    for (const [obj, resv] of locks) this.lock(exec, obj, resv);
    this.locked(job, exec).apply(id, job, vm).map(job, vm, 0, to).applied(job);
    return this.unlocked(exec, 1 + new Set(locks.map(([, resv]) => resv)).size).returned(id);
  }
}
