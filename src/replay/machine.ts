// The replay: takes events in trace order, keeps the models in step with the kernel, and reports facts.
import { assert } from '../base/assert.ts';
import type { VmDump } from '../events/vm_dump.ts';
import type { VmEvent, VmEventKind, Where } from '../events/vm_event.ts';
import { applyHandlers } from './apply.ts';
import type { Context, Handlers } from './context.ts';
import { finishDetail } from './detail.ts';
import { compareWithDumps } from './expected_state.ts';
import { frameHandlers } from './frame.ts';
import { beyondLimits } from './limits.ts';
import { lockHandlers } from './locks.ts';
import { logMappingHandlers } from './log_mappings.ts';
import { logStepHandlers } from './log_steps.ts';
import { isPaired, type PairEnd, Pairing, pairEndOf } from './pairing.ts';
import { resvLockHandlers } from './resv_locks.ts';
import { resvWaitHandlers } from './resv_waits.ts';
import { restoreVms } from './snapshot.ts';
import { schedRunHandlers, tableHandlers } from './tables/index.ts';
import { Task } from './task.ts';
import { claim } from './tell.ts';
import { treeHandlers } from './tree.ts';
import { vmBoHandlers } from './vm_bos.ts';
import { checkAlive, lifeHandlers, needsLife } from './vm_life.ts';
import { type MmuMode, World, type WorldOptions, type WorldSink } from './world.ts';

type AnyHandler = (event: VmEvent, context: Context) => void;

/** Each kind of event has one handler. */
function merge(...parts: readonly Handlers[]): Map<VmEventKind, AnyHandler> {
  const all = new Map<VmEventKind, AnyHandler>();
  for (const part of parts) {
    for (const [kind, handler] of Object.entries(part)) {
      assert(!all.has(kind as VmEventKind), `two handlers for ${kind}`);
      all.set(kind as VmEventKind, handler as AnyHandler);
    }
  }
  return all;
}

const HANDLERS = merge(
  frameHandlers,
  lockHandlers,
  resvLockHandlers,
  resvWaitHandlers,
  applyHandlers,
  treeHandlers,
  vmBoHandlers,
  lifeHandlers,
  tableHandlers,
  schedRunHandlers,
  logStepHandlers,
  logMappingHandlers,
);

/** Does an event of this kind change anything? Page tables do so only where they are followed. */
export function handles(kind: VmEventKind, mmu: MmuMode): boolean {
  if (kind in tableHandlers || kind in schedRunHandlers) return mmu !== 'off';
  return HANDLERS.has(kind) || isPaired(kind);
}

/** What is done with events of one kind. */
interface Known {
  readonly kind: VmEventKind;
  /** What came after it last time, and so is likely to come again. */
  follower: Known | undefined;
  readonly handler: AnyHandler;
  readonly end: PairEnd;
  readonly needsLife: boolean;
}

/** Events after which is looked how much they left to be followed. */
const LOOK_AFTER = 4096;

/** Why a job is not judged whole during which the tracer lost events. */
export const LOST_MEANWHILE = 'events were lost while it ran';

export class Machine {
  readonly world: World;
  readonly #pairing = new Pairing();
  readonly #context: { world: World; task: Task; where: Where };
  /** Those of the kinds seen. */
  readonly #kinds = new Map<VmEventKind, Known>();
  #last: Known | undefined;
  #events = 0;

  constructor(sink: WorldSink, options: WorldOptions) {
    this.world = new World(sink, options);
    const nowhere: Where = { line: 0, pid: -1, cpu: -1, time: () => '', comm: () => '' };
    this.#context = { world: this.world, task: this.world.enter(-1), where: nowhere };
  }

  event(event: VmEvent, where: Where): void {
    const { world } = this;
    const context = this.#context;
    if (context.task.pid !== where.pid) {
      world.forgetIdle(context.task);
      context.task = world.enter(where.pid);
    }
    const { task } = context;
    context.where = where;
    const known = this.#known(event.kind);
    if (known.end !== undefined && !this.#pairing.follow(task, event, known.end)) world.unpairedCall(where);
    if (known.needsLife && world.mortal.size + world.torn.size > 0) checkAlive(context, event);
    known.handler(event, context);
    if (++this.#events % LOOK_AFTER === 0) this.#limit();
  }

  /** What is followed has bounds. */
  #limit(): void {
    const { world } = this;
    const what = beyondLimits(world);
    if (what === undefined) return;
    this.#endOpen(`there are ${what}`);
    world.forget(what, this.#context.where);
    this.#context.task = world.enter(this.#context.where.pid);
  }

  #known(kind: VmEventKind): Known {
    const last = this.#last;
    const guess = last?.follower;
    if (guess?.kind === kind) {
      this.#last = guess;
      return guess;
    }
    const known = this.#kinds.get(kind) ?? this.#firstOf(kind);
    if (last !== undefined) last.follower = known;
    this.#last = known;
    return known;
  }

  #firstOf(kind: VmEventKind): Known {
    this.world.seen.add(kind);
    const handler = HANDLERS.get(kind) ?? (() => undefined);
    const known: Known = { kind, follower: undefined, handler, end: pairEndOf(kind), needsLife: needsLife(kind) };
    this.#kinds.set(kind, known);
    return known;
  }

  /** The state is now as these dumps say, or facts tell how it is not; what could not be compared is returned. */
  expect(dumps: readonly VmDump[]): string[] {
    // Outside of any job, whatever the last event was part of.
    return compareWithDumps({ ...this.#context, task: new Task(-1) }, dumps);
  }

  /** The state is now as these dumps say, where it is not known; what could not be taken is returned. */
  restore(dumps: readonly VmDump[]): string[] {
    return restoreVms({ ...this.#context, task: new Task(-1) }, dumps);
  }

  /** The tracer says that it dropped events here. */
  loss(): void {
    this.world.gap(LOST_MEANWHILE);
  }

  /** The trace is over: what is still open stays unfinished. */
  finish(): void {
    if (this.#pairing.lonely) this.world.unpaired++;
    this.#endOpen('the trace ends before the job does');
  }

  #endOpen(why: string): void {
    const { world } = this;
    for (const task of world.tasks.values()) claim({ task, world }, undefined);
    for (const job of world.openJobs) {
      job.unknown.add(why);
      finishDetail(world, job);
      world.sink.job(job);
      world.endJob(job);
    }
  }
}
