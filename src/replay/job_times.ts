// When the GPU scheduler was given a job, when it ran, when its fence was signalled, and who waited for that.
import type { Context } from './context.ts';
import type { Job } from './job.ts';

/** Tasks named that waited for one job. */
const MAX_WAITS = 16;
/** Fences of jobs that are not over. */
const MAX_FENCES = 4096;

export interface Moment {
  readonly line: number;
  /** As the trace spells it. */
  readonly time: string;
  readonly pid: number;
  /** Any bytes, latin1. */
  readonly comm: string;
}

/** A task that called dma_fence_wait(). */
export interface FenceWait {
  readonly since: Moment;
  readonly until: Moment;
}

/** Undefined: not shown. */
export interface JobTimes {
  queued?: Moment;
  /** Its run begins, and ends. */
  run?: Moment;
  runEnd?: Moment;
  signalled?: Moment;
  readonly waits: FenceWait[];
}

/** A job as the scheduler has it. */
export interface ScheduledJob {
  /** As its events name it. */
  readonly fence: string;
  /** Undefined until the run shows which, and of jobs that bind nothing. */
  job: Job | undefined;
  readonly times: JobTimes;
}

export function momentOf({ where }: Context): Moment {
  return { line: where.line, time: where.time(), pid: where.pid, comm: where.comm() };
}

/** Jobs by their fences, from the queue to the signal. */
export class ScheduledJobs {
  readonly #byFence = new Map<string, ScheduledJob>();
  /** By what dma_fence's events print of a fence: the lower halves. Undefined: two have them in common. */
  readonly #byHalves = new Map<string, ScheduledJob | undefined>();

  get(fence: string): ScheduledJob | undefined {
    return this.#byFence.get(fence);
  }

  byHalves(halves: string): ScheduledJob | undefined {
    return this.#byHalves.get(halves);
  }

  add(one: ScheduledJob): void {
    this.delete(one.fence); // pointers are used again
    this.#byFence.set(one.fence, one);
    const halves = halvesOf(one.fence);
    if (halves !== undefined) this.#byHalves.set(halves, this.#byHalves.has(halves) ? undefined : one);
    const [oldest] = this.#byFence.keys();
    if (this.#byFence.size > MAX_FENCES && oldest !== undefined) this.delete(oldest);
  }

  delete(fence: string): void {
    if (!this.#byFence.delete(fence)) return;
    const halves = halvesOf(fence);
    if (halves !== undefined) this.#byHalves.delete(halves);
  }

  clear(): void {
    this.#byFence.clear();
    this.#byHalves.clear();
  }
}

/** Of `context:seqno`; a pointer has none. */
function halvesOf(fence: string): string | undefined {
  const [, context, seqno] = /^(\d+):(\d+)$/.exec(fence) ?? [];
  if (context === undefined || seqno === undefined) return undefined;
  return `${BigInt.asUintN(32, BigInt(context))}:${BigInt.asUintN(32, BigInt(seqno))}`;
}

export function addWait({ waits }: JobTimes, wait: FenceWait): void {
  if (waits.length < MAX_WAITS) waits.push(wait);
}

/** The driver's run function is entered. The scheduler has told right before, in this task, whose run it is. */
export function enterRun(context: Context, job: Job): void {
  const { scheduled } = context.task;
  if (scheduled !== undefined && (scheduled.job ?? job) === job) {
    scheduled.job = job;
    job.times ??= scheduled.times;
  }
  job.times ??= { waits: [] };
  job.times.run ??= momentOf(context);
}

export function leaveRun(context: Context, job: Job | undefined): void {
  if (job?.times?.run !== undefined) job.times.runEnd ??= momentOf(context);
}
