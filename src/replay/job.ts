// A VM_BIND job: one bind ioctl, its lock pass and its apply, joined although the apply may run later in another task.

import type { Ptr, U64 } from '../base/u64.ts';
import type { BindOp, CoreStep, DriverName, SmRequest, StepEvent, StepPiece } from '../events/vm_event.ts';
import type { Attempt } from '../exec/exec.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { Recorded } from '../gpuvm/sm_map.ts';
import type { Fact, OpView, Span, StepView } from './fact.ts';
import type { JobTimes } from './job_times.ts';
import { LinkBalance } from './link_balance.ts';
import type { PassRecord } from './pass_record.ts';
import { NetChanges } from './rollback.ts';
import type { StepRun } from './step_run.ts';
import type { Contention, LockWait } from './task.ts';
import type { Change, VmState } from './vm_state.ts';

/** What the lock pass asked the VM about: an exec-lock helper's call, or an ops list made while locking. */
export interface LockAsk {
  readonly call: 'map' | 'unmap';
  /** Asked through an exec-lock helper. */
  readonly helper: boolean;
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly obj: Ptr;
  readonly offset: U64;
  readonly line: number;
  /** So many gaps there were then. */
  readonly gaps: number;
  /** The steps that the kernel's lock pass (or its ops list) showed, all of them in the same way. */
  readonly steps: StepEvent[];
  by: CoreStep['by'] | undefined;
  expected?: Recorded;
  /** A difference was reported. */
  told?: boolean;
}

/** One op of the ioctl while it is carried out. */
export class OpRun implements OpView {
  readonly index: number;
  kind: BindOp;
  addr: U64 | undefined;
  range: U64 | undefined;
  obj: Ptr;
  offset: U64;
  readonly line: number;
  /** The driver's call into drm_gpuvm, once it was made. */
  request: SmRequest | undefined;
  requestLine = 0;
  /** Gaps in the trace before it. */
  gaps = 0;
  /** What the VM at lock time gives; undefined where it is not known or not predictable. */
  planned: Recorded | undefined;
  /** What the VM gives at the moment of the call. */
  expected: Recorded | undefined;
  /** Steps that the core put on an ops list for the driver. */
  readonly list: StepEvent[] = [];
  /** Driver steps so far. */
  count = 0;
  /** Applied steps, kept in detail mode only. */
  readonly steps: AppliedStep[] = [];
  diverged = false;
  /** The safe case of drm_gpuvm_sm_map_exec_lock()'s documentation that explains it, where one does. */
  safeCase: 1 | 2 | undefined;
  stepDiverged = false;
  /** An UNMAP that was left undone: right, if the MAP that follows is left undone too (msm's in-place remap). */
  leftInPlace: StepRun | undefined;
  failed = false;
  /** Some step of it was not seen to be carried out whole. */
  isPartial = false;

  constructor(
    index: number,
    kind: BindOp,
    addr: U64 | undefined,
    range: U64 | undefined,
    obj: Ptr,
    offset: U64,
    line: number,
  ) {
    this.index = index;
    this.kind = kind;
    this.addr = addr;
    this.range = range;
    this.obj = obj;
    this.offset = offset;
    this.line = line;
  }

  /** The call into drm_gpuvm that the lock pass can be asked about, and whose steps are predicted. */
  get predicted(): LockAsk['call'] | undefined {
    if (this.kind === 'unmap') return 'unmap';
    return this.kind === 'map' || this.kind === 'map_null' ? 'map' : undefined;
  }
}

export interface JobCounts {
  steps: number;
  map: number;
  unmap: number;
  remap: number;
  keep: number;
  missing: number;
  redundant: number;
  diverged: number;
  misapplied: number;
  unreserved: number;
}

/** A step that was carried out, with what a REMAP was to keep. */
export interface AppliedStep extends StepView {
  readonly prev: StepPiece | undefined;
  readonly next: StepPiece | undefined;
}

/** A step on an ops list, until its mappings are linked and unlinked. */
export interface ListedStep {
  readonly event: StepEvent;
  readonly view: StepView;
  readonly op: OpRun;
  /** The mapping that takes the place of the old one, or a MAP's, once it was linked. */
  readonly linked: Set<Ptr>;
  /** Something of it was linked or unlinked without the lock. */
  unlocked: boolean;
}

/** A call of dma_resv_reserve_fences() or dma_resv_add_fence(). */
export interface FenceUse {
  readonly line: number;
  readonly call: 'reserve' | 'add';
  readonly resv: Ptr;
  /** 0 where it is not known whose resv it is. */
  readonly obj: Ptr;
  /** Slots asked for; undefined for `add`. */
  readonly slots: number | undefined;
  /** enum dma_resv_usage; undefined for `reserve`. */
  readonly usage: number | undefined;
  readonly outcome: 'ok' | 'refused' | 'unreserved' | 'not locked' | 'not known';
}

/** One pass of a drm_exec_until_all_locked() loop. */
export interface LockAttempt {
  readonly task: number;
  /** The lines of drm_exec_init() and drm_exec_fini() of its context; `fini` is 0 where that was not called. */
  readonly init: number;
  readonly fini: number;
  readonly attempt: Attempt;
  /** Of all attempts of the context. */
  readonly contention: readonly Contention[];
  readonly waits: readonly LockWait[];
}

/** What was seen of a job beyond its counts, for a reader of that one job. */
export class JobDetail {
  readonly attempts: LockAttempt[] = [];
  readonly fences: FenceUse[] = [];
  asks: readonly LockAsk[] = [];
  ops: readonly OpRun[] = [];
  /** Which request of the lock pass belongs to which op. */
  pairs: ReadonlyMap<OpRun, LockAsk> = new Map();
  /** The VM's version when the job came to know its VM, and when its first op was applied; -1 while that is to come. */
  version = -1;
  applyVersion = -1;
  /*
   * The VM around the job's ranges, in address order, with one neighbour on either side. Undefined where not known.
   */
  /** When the lock pass ended, where that differs from `before`. */
  atLock: readonly Gpuva[] | undefined;
  /** When the first op was applied. */
  before: readonly Gpuva[] | undefined;
  after: readonly Gpuva[] = [];
  /** What the steps so far asked for, where the driver made something else of this job's. */
  wanted: readonly Gpuva[] | undefined;
  /** The places that these states cover. */
  windows: readonly Span[] = [];
  /** False: mappings may exist there that the trace did not show. */
  complete = false;
  /** All changes there from the lock pass to the end, of other jobs too. */
  changes: readonly Change[] = [];
  /** The objects that occur in this detail, and their dma_resv. */
  readonly resvs = new Map<Ptr, Ptr>();
  /** What another lock pass would meet, where that is asked for. */
  pass: PassRecord | undefined;
}

export class Job {
  /** The driver's id, or the running number. */
  id: number;
  /** The order of appearance among the jobs of its VM. */
  ordinal = 0;
  idKnown = false;
  /** The driver's own struct, 0 while unknown. */
  ptr: Ptr = 0;
  readonly line: number;
  endLine = 0;
  readonly start: string;
  end = '';
  readonly pid: number;
  readonly comm: string;
  /** The entry of its ioctl was seen. */
  begun = false;
  /** The trace begins after its lock pass, or within: what it holds is not known. */
  resumed = false;
  vm: VmState | undefined;
  driver: DriverName | undefined;
  /** The struct drm_file of its ioctl; 0 where not shown. */
  file: Ptr = 0;
  opCount: number | undefined;
  attempts = 0;
  ret: number | undefined;
  readonly counts: JobCounts = {
    steps: 0,
    map: 0,
    unmap: 0,
    remap: 0,
    keep: 0,
    missing: 0,
    redundant: 0,
    diverged: 0,
    misapplied: 0,
    unreserved: 0,
  };
  /** Why something about this job cannot be judged; empty for a job seen whole. */
  readonly unknown = new Set<string>();
  /** Held back until the job is over and known to be whole. */
  readonly facts: Fact[] = [];
  readonly ops: OpRun[] = [];
  op: OpRun | undefined;
  asks: LockAsk[] = [];
  /** Resvs that a step or a listed object needs. */
  readonly needed = new Set<Ptr>();
  /** The VM's version when the lock pass ended; -1 while it has not. */
  lockVersion = -1;
  lockEndLine = 0;
  pinned: VmState | undefined;
  /** The lock pass's context is finished: its locks are gone. */
  locksDropped = false;
  locksDroppedLine = 0;
  /** No exec->num_objects at drm_exec_fini() confirms the locks that were followed. */
  locksUnchecked = false;
  applyLine = 0;
  applied = false;
  /** The ioctl returned and the apply is still to come. */
  deferred = false;
  /** The scheduler's events show that it was given to it. */
  queued = false;
  /** Where the trace shows its run, or what the scheduler has of it; it goes on when the job is closed. */
  times: JobTimes | undefined;
  /** Its run has begun: that may be before its ioctl returns. */
  running = false;
  staleTold = false;
  /** What the VM at lock time would have given is not known for some op. */
  unplanned = false;
  /** A step ended before any drm_gpuva_insert() was seen: whether it was carried out is not known. */
  unproved = false;
  /** Of its misapplied steps, those that are none where no removal is probed. */
  perhapsMisapplied = 0;
  /** The driver's own frame is not probed: calls into drm_gpuvm made the job. */
  implicit = false;
  /** Steps of ops lists that the driver carries out itself: their locks are judged where it links and unlinks. */
  readonly listed: ListedStep[] = [];
  /** Of drivers that undo a bind that fails. */
  readonly net = new NetChanges();
  readonly links = new LinkBalance();
  /** Setting pages aside for its tables has failed. */
  prealloc: { readonly line: number; readonly ret: number } | undefined;
  detail: JobDetail | undefined;

  constructor(id: number, line: number, start: string, pid: number, comm: string) {
    this.id = id;
    this.line = line;
    this.start = start;
    this.pid = pid;
    this.comm = comm;
  }
}
