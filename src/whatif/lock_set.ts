// The set of dma_resvs that a job would have held, had its locks been taken by another pass.
import type { Ptr, U64 } from '../base/u64.ts';
import { type Locker, smMapExecLock, smUnmapExecLock } from '../gpuvm/exec_lock.ts';
import type { Job, LockAsk, OpRun } from '../replay/job.ts';
import { passVersion } from '../replay/pass_record.ts';
import type { VmState } from '../replay/vm_state.ts';
import type { Argument, LockingPass, OtherPass } from './other_pass.ts';

/** The locks of a pass; or why they cannot be told. `idle`: the job applied nothing. */
export type LockSet = LockedSet | { readonly unknown: string; readonly idle: boolean };

export interface LockedSet {
  readonly unknown?: undefined;
  readonly resvs: ReadonlySet<Ptr>;
  /** Why there may be more of them; '' where these are all. */
  readonly partial: string;
  /** The pass itself would fail, as it does for a range that is not valid: nothing would be applied. */
  readonly refused: boolean;
}

/** One call of an exec-lock helper. */
interface Request {
  readonly call: LockAsk['call'];
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly obj: Ptr;
  readonly offset: U64;
}

/** How many fences a helper reserves for: what is locked does not depend on it, as long as it is not 0. */
const NUM_FENCES = 1;

/** What the pass would lock on the VM as it stood when the job's own lock pass had ended. Call it before the job is let go. */
export function lockSetOf(job: Job, pass: OtherPass): LockSet {
  const { vm } = job;
  const version = passVersion(job);
  if (job.unknown.size > 0) return { unknown: [...job.unknown].join('; '), idle: false };
  if (version < 0 || vm === undefined)
    return { unknown: 'it ended before its locks were taken: nothing was applied', idle: job.ops.length === 0 };
  if (vm.ownListLock && job.lockVersion < 0)
    return {
      unknown: 'no step needs a dma_resv in immediate mode, and the job has no lock pass of its own',
      idle: true,
    };
  if (vm.resv === 0) return { unknown: 'the dma_resv of its VM is not known', idle: false };
  if (!vm.predictable) return { unknown: 'the VA space is not known whole', idle: false };
  const locks = new PassLocks(job, vm, version);
  if (pass.kind === 'locking') takeLocks(locks, pass);
  else retakeLocks(locks, pass.kind === 'recorded' ? [] : pass.changed);
  return locks.result;
}

function takeLocks(locks: PassLocks, { locking, helpers, adds, wrong }: LockingPass): void {
  const { job, vm } = locks;
  if (job.opCount !== undefined && job.ops.length < job.opCount)
    locks.partial = `only ${job.ops.length} of its ${job.opCount} ops came to be applied`;
  locks.take(vm.resv);
  if (adds) for (const resv of job.detail?.pass?.held ?? []) locks.take(resv);
  if (locking === 'sweep') for (const obj of locks.mappedObjs()) locks.lock(obj);
  for (const op of job.ops) {
    const call = op.predicted;
    if (locking !== 'exec-lock' || call === undefined || !helpers.includes(call)) locks.lock(op.obj);
    else if (!locks.ask(withArguments({ ...partsOf(op), call }, op, wrong))) return;
  }
}

/** The recorded pass, with the changed requests in the place of its own; what it locked besides them stays. */
function retakeLocks(locks: PassLocks, changed: readonly Argument[]): void {
  const { job, vm } = locks;
  const { detail } = job;
  const asked = new PassLocks(job, vm, locks.version);
  for (const ask of changed.length === 0 ? [] : job.asks) asked.ask(ask);
  if (asked.doubt !== undefined) locks.doubt = asked.doubt;
  for (const resv of detail?.pass?.held ?? [])
    if (!asked.resvs.has(resv) || (resv === vm.resv && locksItself(job, vm))) locks.take(resv);
  if (changed.length === 0) return;
  const opOf = new Map([...(detail?.pairs ?? [])].map(([op, ask]) => [ask, op]));
  for (const ask of job.asks) {
    const op = opOf.get(ask);
    if (op === undefined && changed.some(({ call }) => call === ask.call))
      locks.doubt = 'a request of its lock pass belongs to no op that is shown';
    else if (!locks.ask(op === undefined ? ask : withArguments(ask, op, changed))) return;
  }
}

function withArguments({ call, ...own }: Request, op: OpRun, args: readonly Argument[]): Request {
  const [parts, request] = [partsOf(op), { ...partsOf(own), call }];
  for (const { argument, is } of args.filter((arg) => arg.call === call))
    Object.assign(request, { [argument]: parts[is] });
  return request;
}

function partsOf({ addr, range, obj, offset }: Omit<Request, 'call'>) {
  return { addr, range, obj, offset };
}

/** The pass locked the VM's resv object, not only private ones that share its resv. */
function locksItself(job: Job, vm: VmState): boolean {
  const last = job.detail?.attempts.at(-1)?.attempt.entries ?? [];
  return last.some(({ obj }) => obj === vm.init.rObj);
}

/** Collects the locks of a pass, by dma_resv. */
class PassLocks implements Locker {
  readonly resvs = new Set<Ptr>();
  doubt: string | undefined;
  partial = '';
  readonly job: Job;
  readonly vm: VmState;
  readonly version: number;
  #refused = false;

  constructor(job: Job, vm: VmState, version: number) {
    this.job = job;
    this.vm = vm;
    this.version = version;
  }

  get result(): LockSet {
    if (this.doubt !== undefined) return { unknown: this.doubt, idle: false };
    return { resvs: this.resvs, partial: this.partial, refused: this.#refused };
  }

  take(resv: Ptr): void {
    this.resvs.add(resv);
  }

  lock(obj: Ptr): number {
    if (obj === 0) return 0;
    const resv = this.job.detail?.pass?.resvOf(obj) ?? 0;
    if (resv === 0) this.doubt = 'the dma_resv of an object is not known';
    else this.resvs.add(resv);
    return 0;
  }

  prepare(obj: Ptr): number {
    return this.lock(obj);
  }

  /** False where the helper fails: the pass ends there. */
  ask({ call, addr, range, obj, offset }: Request): boolean {
    if (addr === undefined || range === undefined) {
      this.doubt = 'the probes do not show its requests';
      return true;
    }
    const space = this.vm.spaceAt(this.version, addr, range);
    if (space === undefined) {
      this.doubt = 'the VA space at its lock pass is not known';
      return true;
    }
    const ret =
      call === 'map'
        ? smMapExecLock(space, this, NUM_FENCES, { addr, range, obj, offset })
        : smUnmapExecLock(space, this, addr, range);
    if (ret !== 0) this.#refused = true;
    return ret === 0;
  }

  /** The objects that the VM maps, of whatever resv. */
  mappedObjs(): Iterable<Ptr> {
    const { mmStart, mmRange } = this.vm.init;
    const space = this.vm.spaceAt(this.version, mmStart, mmRange);
    if (space === undefined) this.doubt = 'the VA space at its lock pass is not known';
    return new Set([...(space ?? [])].map((va) => va.obj));
  }
}
