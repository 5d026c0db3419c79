// One task (thread) of the trace: the calls it is in, its job, its locking contexts.
import type { Ptr } from '../base/u64.ts';
import { Exec, type ExecOptions } from '../exec/exec.ts';
import { Resv } from '../exec/resv.ts';
import type { Evidence, Fact } from './fact.ts';
import type { Job } from './job.ts';
import type { Moment, ScheduledJob } from './job_times.ts';
import type { Inserted, StepRun } from './step_run.ts';
import type { RunFrame, TableRun, UndoneMap } from './tables/index.ts';
import type { Disturbance } from './vm_race.ts';
import type { VmState } from './vm_state.ts';

/** A dma_resv that was not free. */
export interface LockWait {
  readonly resv: Ptr;
  readonly line: number;
  readonly endLine: number;
  /** Seconds; undefined where the clock counts something else. */
  readonly took: string | undefined;
  /** Who had it; undefined: that is not in the trace. */
  readonly holder: Rival | undefined;
}

/** A lock call that returned -EDEADLK. */
export interface Contention extends Evidence {
  readonly resv: Ptr;
  readonly holder: Rival | undefined;
}

/** Another task's lock. */
export interface Rival {
  readonly pid: number;
  readonly line: number;
}

/** A drm_exec between its init and its fini. */
export class ExecContext {
  readonly exec: Exec;
  readonly task: Task;
  line: number;
  job: Job | undefined;
  /** All of its locks were seen: it was initialised, or a new attempt began, in the trace. */
  known: boolean;
  /** Within drm_gpuvm_prepare_objects(). */
  sweeping = false;
  readonly swept = new Set<Ptr>();
  /** The first change of a tree by this task since init; 0: none yet. */
  modifiedLine = 0;
  /** Its locks were held while steps were applied. */
  applied = false;
  toldAfterModified = false;
  rebindTold = false;
  /** exec->num_objects at drm_exec_fini(), where probed. */
  finiObjects: number | undefined;
  readonly slots = new Map<Ptr, Resv>();
  readonly contention: Contention[] = [];
  /** Where contention is probed. */
  readonly waits: LockWait[] = [];
  /** When its present attempt began, where `world.passes` asks for that. */
  since: string | undefined;
  /** The locks of other tasks while it was open, where `world.passes` asks for them. */
  rivals: Map<Ptr, Rival> | undefined;

  constructor(id: Ptr, task: Task, line: number, flags: number, known: boolean, options: ExecOptions) {
    this.exec = new Exec(id, options);
    this.exec.init(flags);
    this.task = task;
    this.line = line;
    this.known = known;
  }

  get pid(): number {
    return this.task.pid;
  }

  /** An object that was locked first after a contention and never asked for stays in the array (exec->num_objects tells). */
  get keepsPrelocked(): boolean {
    return this.finiObjects === undefined || this.finiObjects === this.exec.objects.length;
  }

  slotsOf(resv: Ptr): Resv {
    let slots = this.slots.get(resv);
    if (slots === undefined) {
      slots = new Resv(resv);
      this.slots.set(resv, slots);
    }
    return slots;
  }
}

/** A call that has not returned yet: which function (see pairing.ts), and what it is about, 0 where not shown. */
export interface OpenCall {
  readonly call: number;
  readonly key: Ptr;
}

export interface ResvLock {
  /** The line that took it. */
  readonly line: number;
  /** Not through drm_exec. */
  readonly plain: boolean;
}

export class Task {
  readonly pid: number;
  job: Job | undefined;
  readonly contexts: ExecContext[] = [];
  step: StepRun | undefined;
  /** The VM that drm_gpuvm_sm_map() or drm_gpuvm_sm_unmap() walks in it. */
  walked: VmState | undefined;
  /** Another task was at that VM meanwhile. */
  disturbed: Disturbance | undefined;
  /** The vm_bo of the last unlink, which may be destroyed with it. */
  unlinkedBo: Ptr = 0;
  /** Facts of an ioctl that makes jobs, until it is known which they belong to; undefined outside of one. */
  unclaimed: Fact[] | undefined;
  /** The VMs made in it by an ioctl that is not over; undefined outside of such. */
  making: Ptr[] | undefined;
  /** The VM that it tears down, or 0. */
  closing: Ptr = 0;
  /** The scheduler runs a job in it whose ioctl is over. */
  run: RunFrame | undefined;
  /** What the scheduler runs in it, as its events tell, until that is over. */
  scheduled: ScheduledJob | undefined;
  /** It waits for the fence of a job. */
  fenceWait: { readonly of: ScheduledJob; readonly since: Moment } | undefined;
  /** The last page table call, until something else follows. */
  tableRun: TableRun | undefined;
  /** A map, not returned yet, and the unmap from its start on that followed: where it fails, it has taken itself back. */
  undo: UndoneMap | undefined;
  /** It waits for a dma_resv. */
  waiting: (Omit<LockWait, 'endLine' | 'took'> & { readonly since: string }) | undefined;
  /** The ww_mutexes that ww_mutex_lock() and its relatives left locked. */
  readonly resvLocks = new Map<Ptr, ResvLock>();
  /** A drm_gpuva_insert() whose result is still to come (entry and return probed apart). */
  inserting: { readonly gpuvm: Ptr; readonly va: Ptr; readonly inserted: Inserted; readonly flags: number } | undefined;
  /** Calls entered and not yet returned from, innermost last; see pairing.ts. */
  readonly calls: OpenCall[] = [];
  /** One bit for each call entered since the trace began or had a gap; see pairing.ts. */
  entered = 0;

  constructor(pid: number) {
    this.pid = pid;
  }

  holds(resv: Ptr): boolean {
    for (const context of this.contexts) if (context.exec.holdsResv(resv)) return true;
    return this.resvLocks.get(resv)?.plain === true;
  }

  get innermost(): ExecContext | undefined {
    return this.contexts.at(-1);
  }

  /** A loop of drm_exec_until_all_locked() is running. */
  get locking(): ExecContext | undefined {
    const context = this.innermost;
    const state = context?.exec.state;
    return state === 'locking' || state === 'contended' ? context : undefined;
  }
}
