// The jobs of a trace as a scenario: what was asked of the VM, and, of the job that the finding is about, how its locks were taken.
import type { Ptr } from '../base/u64.ts';
import { checkOf } from '../checks/index.ts';
import { DRM_GPUVM_IMMEDIATE_MODE } from '../gpuvm/gpuvm.ts';
import type { Fact } from '../replay/fact.ts';
import type { Job, OpRun } from '../replay/job.ts';
import { passVersion } from '../replay/pass_record.ts';
import type { VmState } from '../replay/vm_state.ts';
import {
  type OpLocking,
  type Request,
  type Scenario,
  type ScenarioJob,
  type ScenarioOp,
  STEP_MISTAKES,
  type StepMistake,
  type Target,
} from './scenario.ts';

/** One finding, as far as its being seen again goes. */
interface Found {
  readonly target: Target;
  readonly op: number | undefined;
}

/** The VM, its objects and its jobs so far. */
class VmRecord {
  readonly jobs: ScenarioJob[] = [];
  readonly #objects = new Map<string, number>();
  readonly privates: boolean[] = [];
  readonly state: VmState;

  constructor(state: VmState) {
    this.state = state;
  }

  /** A pointer may be used again for an object of the other kind. */
  number(obj: Ptr, resv: Ptr): number {
    if (obj === 0) return 0;
    const isPrivate = resv !== 0 && resv === this.state.resv;
    const key = `${isPrivate} ${obj}`;
    const known = this.#objects.get(key);
    if (known !== undefined) return known;
    this.privates.push(isPrivate);
    this.#objects.set(key, this.privates.length);
    return this.privates.length;
  }
}

export class Recorder {
  readonly #rule: string;
  readonly #jobId: number | undefined;
  readonly #vms = new Map<VmState, VmRecord>();
  #scenario: Scenario | undefined;
  /** The finding's job begins at this line of the trace. */
  line = 0;
  /** The rule fired on jobs whose events are not all there. */
  isUnsure = false;

  /** `jobId`: the finding of this job, else the first of all. */
  constructor(rule: string, jobId: number | undefined) {
    this.#rule = rule;
    this.#jobId = jobId;
  }

  /** Undefined while the finding was not met. */
  get scenario(): Scenario | undefined {
    return this.#scenario;
  }

  /** Takes a job that is over, with its detail and what another pass would meet. */
  job(job: Job): void {
    const { vm } = job;
    if (this.#scenario !== undefined || vm === undefined) return;
    let record = this.#vms.get(vm);
    if (record === undefined) {
      record = new VmRecord(vm);
      this.#vms.set(vm, record);
    }
    const found = this.#found(job);
    if (found === undefined && job.ret !== undefined && job.ret !== 0) return;
    record.jobs.push(recordJob(record, job, found));
    if (found === undefined) return;
    this.line = job.line;
    const { init } = vm;
    const flags = vm.tree.isImmediate ? init.flags : init.flags & ~DRM_GPUVM_IMMEDIATE_MODE;
    const { mmStart: start, mmRange: range, kernelStart, kernelRange } = init;
    this.#scenario = {
      driver: job.driver,
      vm: { flags, start, range, kernelStart, kernelRange },
      objects: record.privates.map((isPrivate, index) => ({ number: index + 1, isPrivate })),
      jobs: record.jobs,
      target: found.target,
    };
  }

  #found(job: Job): Found | undefined {
    if (this.#jobId !== undefined && job.id !== this.#jobId) return undefined;
    const found = job.facts.flatMap((fact) => foundBy(fact, this.#rule) ?? [])[0];
    if (found === undefined || job.unknown.size === 0) return found;
    this.isUnsure = true;
    return undefined;
  }
}

function foundBy(fact: Fact, rule: string): Found | undefined {
  const check = checkOf(fact);
  const judged = check?.doc.id === rule ? check.judge(fact) : undefined;
  if (judged === undefined) return undefined;
  return { target: { rule, severity: judged.severity, step: fact.step?.type }, op: fact.op?.index };
}

function recordJob(record: VmRecord, job: Job, found: Found | undefined): ScenarioJob {
  const locks = new Locks(record, job);
  const ops = job.ops.flatMap((op) => recordOp(record, job, op, locks, found) ?? []);
  const isTarget = found !== undefined;
  return {
    id: job.id,
    ops,
    locksVm: !isTarget || locks.held.has(record.state.resv),
    also: isTarget ? locks.others(ops) : [],
    dropsLocks: isTarget && job.detail?.pass?.dropped === true,
    isTarget,
  };
}

function recordOp(
  record: VmRecord,
  job: Job,
  op: OpRun,
  locks: Locks,
  found: Found | undefined,
): ScenarioOp | undefined {
  const { addr, range, offset, index } = op;
  if (op.predicted === undefined || addr === undefined || range === undefined) return undefined;
  const obj = record.number(op.obj, locks.resvOf(op.obj));
  const request: Request = { addr, range, obj, offset };
  return {
    ...request,
    kind: op.predicted === 'unmap' ? 'unmap' : obj === 0 ? 'map_null' : 'map',
    locking: found === undefined ? { how: 'ask', request } : locks.lockingOf(op, request),
    mistakes: mistakesOf(job, op),
    isTarget: found !== undefined && found.op === index,
  };
}

function mistakesOf(job: Job, op: OpRun): StepMistake[] {
  const told = new Set(
    job.facts.flatMap((fact) => (fact.kind === 'step_misapplied' && fact.op === op ? [fact.how] : [])),
  );
  return STEP_MISTAKES.filter((mistake) => told.has(mistake));
}

/** What a job held, and which of it was for what. */
class Locks {
  readonly held: ReadonlySet<Ptr>;
  readonly #record: VmRecord;
  readonly #job: Job;
  /** By dma_resv, what is explained. */
  readonly #explained = new Set<Ptr>();

  constructor(record: VmRecord, job: Job) {
    this.#record = record;
    this.#job = job;
    this.held = job.detail?.pass?.held ?? new Set();
    this.#explained.add(record.state.resv);
  }

  resvOf(obj: Ptr): Ptr {
    return this.#job.detail?.resvs.get(obj) ?? this.#job.detail?.pass?.resvOf(obj) ?? 0;
  }

  /** As the trace shows its request; else as what was held tells of it. */
  lockingOf(op: OpRun, own: Request): OpLocking {
    const ask = this.#job.detail?.pairs.get(op);
    const { addr = own.addr, range = own.range, obj = op.obj, offset = own.offset } = ask ?? {};
    const needs = this.#objectsOf(op, { addr, range, obj, offset });
    const isMet = needs.every((one) => this.held.has(this.resvOf(one)));
    if (ask !== undefined || (isMet && !this.#isUnmet())) {
      for (const one of needs) this.#explained.add(this.resvOf(one));
      return { how: 'ask', request: { addr, range, obj: this.#record.number(obj, this.resvOf(obj)), offset } };
    }
    const resv = this.resvOf(op.obj);
    this.#explained.add(resv);
    return { how: op.obj === 0 || this.held.has(resv) ? 'listed' : 'nothing' };
  }

  /** Some op of the job lacks a lock that the helpers would have taken. */
  #isUnmet(): boolean {
    return this.#job.ops.some(({ addr, range, obj, offset, ...op }) => {
      if (addr === undefined || range === undefined) return false;
      return this.#objectsOf(op, { addr, range, obj, offset }).some((one) => !this.held.has(this.resvOf(one)));
    });
  }

  /** What a helper locks for a request on the VM as the lock pass found it. */
  #objectsOf({ kind }: Pick<OpRun, 'kind'>, request: Omit<Request, 'obj'> & { readonly obj: Ptr }): Ptr[] {
    const given = this.#record.state.stepsAt(passVersion(this.#job), kind === 'unmap' ? 'unmap' : 'map', request);
    const old = (given?.steps ?? []).flatMap((step) => (step.kind === 'map' ? [] : [step.va.obj]));
    return [request.obj, ...old].filter((obj) => obj !== 0);
  }

  /** Objects that were locked and belong to none of the ops. */
  others(ops: readonly ScenarioOp[]): number[] {
    const named = new Set(ops.map(({ obj }) => obj));
    const entries = this.#job.detail?.attempts.at(-1)?.attempt.entries ?? [];
    const others = entries.filter(({ resv }) => this.held.has(resv) && !this.#explained.has(resv));
    const numbers = others.map(({ obj, resv }) => this.#record.number(obj, resv));
    return [...new Set(numbers)].filter((number) => !named.has(number));
  }
}
