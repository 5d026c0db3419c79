// One address of interest: everything that shapes it is kept while the trace goes by. Nothing is judged here.
import { add, addWrapped, type Ptr, sub, type U64 } from '../base/u64.ts';
import { OP_MAP, OP_REMAP, OP_UNMAP, type StepEvent } from '../events/vm_event.ts';
import { UNKNOWN_OBJ } from '../gpuvm/gpuva.ts';
import { advance, type Target } from '../mmu/run.ts';
import type { Context } from './context.ts';
import { STEP_TYPES } from './describe.ts';
import type { OpView, Span, StepView } from './fact.ts';
import type { Job, OpRun } from './job.ts';
import type { Inserted } from './step_run.ts';
import type { TableRun, TableStep } from './tables/index.ts';
import type { VmState } from './vm_state.ts';
import type { World } from './world.ts';

/** Events kept of one address; the oldest go first. */
const MAX_ENTRIES = 100_000;
/** Locks named of one event; the rest is counted. */
const MAX_LOCKS = 16;
/** VMs remembered. */
const MAX_VMS = 10_000;

export interface WatchOptions {
  readonly addr: U64;
  /** Whose events are wanted; all where not given. */
  readonly vm?: ((vm: VmState) => boolean) | undefined;
  /** How many are kept, MAX_ENTRIES where not given. */
  readonly most?: number;
}

/**
 * request: an op of an ioctl as it is carried out. listed: a step that drm_gpuvm put on a list for the driver; step: one
 * that it called the driver for. sparse, unsparse: reads as zero from here on, or no longer. evict, validate: what
 * drm_gpuvm_bo_evict() was told of the object. free: the VM is gone.
 */
export type WatchKind =
  | 'request'
  | 'listed'
  | 'step'
  | 'insert'
  | 'remove'
  | 'table map'
  | 'table unmap'
  | 'sparse'
  | 'unsparse'
  | 'as lock'
  | 'as unlock'
  | 'flush'
  | 'evict'
  | 'validate'
  | 'free';

/** The place that the watched address itself leads to. */
export interface WatchPlace {
  /** 0 = NULL; undefined where not known. */
  readonly obj: Ptr | undefined;
  /** Bytes into the object. */
  readonly offset: U64 | undefined;
  /** Physical address, where the table call shows one. */
  readonly phys: U64 | undefined;
}

/** What becomes of the address itself in a step. */
export type Fate = 'mapped' | 'unmapped' | 'kept in prev' | 'kept in next';

/** A lock that the task held in a drm_exec. */
export interface WatchLock {
  readonly obj: Ptr;
  readonly resv: Ptr;
}

export interface WatchLocks {
  readonly held: readonly WatchLock[];
  /** Held, but not named in `held`. */
  readonly more: number;
  /**
   * Does the task hold the dma_resv of the object concerned? Undefined where that is not asked for or not known: locks
   * that are not taken by drm_exec are not followed. 'list lock': the VM needs none.
   */
  readonly own: boolean | 'list lock' | undefined;
}

/** How a table call ended. */
export interface WatchResult {
  /** 0, a negative error, or undefined where neither the trace nor the model tells. */
  readonly ret: number | undefined;
  /** Bytes that were mapped or unmapped. */
  readonly done: U64;
  /** Did the call come as far as the watched address? */
  readonly reached: boolean;
  /** The trace shows the return; otherwise it is what the model gives. */
  readonly shown: boolean;
}

export interface WatchEntry {
  readonly kind: WatchKind;
  readonly line: number;
  /** The line where it is over: the return's, where that is another one. */
  endLine: number;
  /** As the trace spells it; of an insert whose return is a line of its own: the return's, when it is in force. */
  readonly time: string;
  readonly pid: number;
  /** Any bytes, latin1. */
  readonly comm: string;
  readonly vm: VmState;
  readonly job: Job | undefined;
  readonly op: OpView | undefined;
  readonly step: StepView | undefined;
  /** What the event is about as a whole; undefined: the whole VM. */
  readonly span: Span | undefined;
  readonly place: WatchPlace | undefined;
  readonly fate: Fate | undefined;
  /** What a REMAP leaves of the old mapping. */
  readonly prev: Span | undefined;
  readonly next: Span | undefined;
  readonly locks: WatchLocks | undefined;
  /** What drm_gpuva_insert() returned. */
  readonly ret: number | undefined;
  result: WatchResult | undefined;
}

/** What a hook tells beyond where it is. */
type Told = Partial<Omit<WatchEntry, 'endLine' | 'time' | 'pid' | 'comm'>> & Pick<WatchEntry, 'kind' | 'vm'>;

export class Watch {
  readonly addr: U64;
  /** In the order of the trace. */
  readonly entries: WatchEntry[] = [];
  /** The oldest events, which are not in `entries` any more. */
  dropped = 0;
  /** The wanted VMs, those that are gone included. */
  readonly vms: VmState[] = [];
  readonly #wants: (vm: VmState) => boolean;
  readonly #most: number;
  readonly #calls = new WeakMap<TableRun, WatchEntry>();
  /** An op is told once, though both the driver's and drm_gpuvm's call show it. */
  readonly #requests = new WeakSet<OpView>();
  /** Steps whose table call was seen. */
  readonly #written = new WeakSet<TableStep>();
  /** VMs whose entry of the address was changed since the last flush of everything. */
  readonly #unflushed = new WeakSet<VmState>();
  readonly #seen = new WeakSet<VmState>();

  constructor({ addr, vm, most }: WatchOptions) {
    this.addr = addr;
    this.#wants = vm ?? (() => true);
    this.#most = most ?? MAX_ENTRIES;
  }

  /** A VM comes into being, or is first seen. */
  meet(vm: VmState): void {
    if (this.vms.length < MAX_VMS && this.#wants(vm)) this.vms.push(vm);
  }

  /** The VM's end, if the address was ever anything in it. */
  freed(context: Context, vm: VmState | undefined): void {
    if (vm !== undefined && this.#seen.has(vm)) this.#note(context, { kind: 'free', vm });
  }

  request(context: Context, job: Job, op: OpRun): void {
    const { vm } = job;
    if (vm === undefined || !this.#within(op.addr, op.range) || this.#requests.has(op)) return;
    this.#requests.add(op);
    const place = op.kind === 'unmap' ? undefined : this.#placeFrom(op.addr, op.obj, op.offset);
    this.#note(context, { kind: 'request', vm, job, op, span: spanOf(op), place });
  }

  step(context: Context, vm: VmState | undefined, event: StepEvent, view: StepView, op: OpView | undefined): void {
    if (vm === undefined || !this.#within(event.addr, event.range)) return;
    const listed = event.kind === 'core_step';
    const { addr, obj, offset } = event;
    this.#note(context, {
      kind: listed ? 'listed' : 'step',
      vm,
      job: context.task.job,
      op,
      step: view,
      span: spanOf(event),
      place: this.#placeFrom(addr, obj, offset),
      fate: this.#fateOf(event, op),
      ...pieces(event, op),
      // A list is made before the locks are taken.
      locks: this.#locks(context, vm, listed ? undefined : obj, 'step'),
    });
  }

  insert(context: Context, vm: VmState, one: Inserted, ret: number): void {
    if (!this.#within(one.addr, one.range)) return;
    const { job } = context.task;
    const place = this.#placeFrom(one.addr, one.obj, one.offset);
    const step =
      stepBehind(context, (event) => isMapOf(event, one)) ?? stepBehind(context, (event) => isPieceOf(event, one));
    const locks = this.#locks(context, vm, one.obj, context.task.step === undefined ? 'call' : 'step');
    const { line } = one;
    this.#note(context, { kind: 'insert', vm, job, op: job?.op, step, span: spanOf(one), place, locks, ret, line });
  }

  /** va: the mapping as it stands in the tree. */
  remove(context: Context, vm: VmState, one: Span & { readonly va: Ptr; readonly obj: Ptr }): void {
    if (!this.#within(one.addr, one.range)) return;
    const { job } = context.task;
    const va = vm.tree.get(one.va);
    const place =
      va === undefined
        ? { obj: one.obj === 0 ? undefined : one.obj, offset: undefined, phys: undefined }
        : this.#placeFrom(va.addr, va.obj, va.offset);
    const step = stepBehind(context, (event) => event.type !== OP_MAP && event.va === one.va);
    const locks = this.#locks(context, vm, va?.obj ?? one.obj, context.task.step === undefined ? 'call' : 'step');
    this.#note(context, { kind: 'remove', vm, job, op: job?.op, step, span: spanOf(one), place, locks });
  }

  /** A table call is entered. step: the callback that it is made in. */
  call(context: Context, step: TableStep | undefined): void {
    const run = context.task.tableRun;
    if (run === undefined) return;
    const { event, vm, of, target } = run;
    if (!this.#within(event.addr, event.length)) return;
    const made = step ?? this.#stepOfCall(run);
    if (made !== undefined) this.#written.add(made);
    const isMap = event.kind === 'mmu_map';
    const entry = this.#note(context, {
      kind: isMap ? 'table map' : 'table unmap',
      vm,
      job: of?.job,
      op: made?.op,
      step: made?.view,
      span: { addr: event.addr, range: event.length },
      place: isMap ? this.#placeOf(context.world, vm, event.addr, target) : undefined,
      locks: this.#locks(context, vm, undefined, 'call'),
    });
    if (entry === undefined) return;
    this.#unflushed.add(vm);
    this.#calls.set(run, entry);
    this.#settle(entry, run, undefined, undefined, false);
  }

  /** Its return. ret, bytes: as far as shown. */
  returned(run: TableRun, ret: number | undefined, bytes: U64 | undefined, line: number): void {
    const entry = this.#calls.get(run);
    if (entry === undefined) return;
    this.#settle(entry, run, ret, bytes, ret !== undefined || bytes !== undefined);
    entry.endLine = line;
  }

  sparse(context: Context, vm: VmState, span: Span, ref: boolean): void {
    if (!this.#within(span.addr, span.range)) return;
    const job = context.task.run?.of.job ?? context.task.job;
    this.#note(context, { kind: ref ? 'sparse' : 'unsparse', vm, job, span });
  }

  /** Accesses of the GPU are locked out of the range, or let in again, which flushes it. */
  region(context: Context, vm: VmState, kind: 'as lock' | 'as unlock', addr: U64, range: U64): void {
    if (!this.#within(addr, range)) return;
    const job = context.task.run?.of.job ?? context.task.job;
    this.#note(context, { kind, vm, job, span: { addr, range } });
  }

  /** A flush of everything counts only where the entry was changed since the last one. */
  flush(context: Context, vm: VmState, addr: U64 | undefined, size: U64 | undefined): void {
    const job = context.task.run?.of.job ?? context.task.job;
    if (addr !== undefined && size !== undefined) {
      if (this.#within(addr, size)) this.#note(context, { kind: 'flush', vm, job, span: { addr, range: size } });
    } else if (this.#unflushed.has(vm)) {
      this.#unflushed.delete(vm);
      this.#note(context, { kind: 'flush', vm, job });
    }
  }

  /** drm_gpuvm_bo_evict(): the object behind a vm_bo loses its memory, or has it again. */
  evict(context: Context, vmBo: Ptr, evict: boolean): void {
    for (const vm of context.world.vms.values()) {
      const va = vmBo !== 0 && this.#seen.has(vm) ? vm.mappingAt(this.addr) : undefined;
      if (va === undefined || va.vmBo !== vmBo) continue;
      const place = this.#placeFrom(va.addr, va.obj, va.offset);
      const { job } = context.task;
      this.#note(context, { kind: evict ? 'evict' : 'validate', vm, job, span: spanOf(va), place });
    }
  }

  #note({ where }: Context, told: Told): WatchEntry | undefined {
    if (!this.#wants(told.vm)) return undefined;
    if (told.kind !== 'free') this.#seen.add(told.vm);
    const { pid } = where;
    const { kind, vm, job, op, step, span, place, fate, prev, next, locks, ret } = told;
    const entry: WatchEntry = {
      kind,
      line: told.line ?? where.line,
      endLine: where.line,
      time: where.time(),
      pid,
      comm: where.comm(),
      vm,
      job,
      op,
      step,
      span,
      place,
      fate,
      prev,
      next,
      locks,
      ret,
      result: undefined,
    };
    if (this.entries.push(entry) > this.#most) this.#forgetOldest();
    return entry;
  }

  /** A tenth at a time, since an array gives its first ones away slowly. */
  #forgetOldest(): void {
    const count = Math.max(1, Math.floor(this.#most / 10));
    this.entries.splice(0, count);
    this.dropped += count;
  }

  #within(addr: U64 | undefined, range: U64 | undefined): boolean {
    return addr !== undefined && range !== undefined && addr <= this.addr && this.addr < add(addr, range);
  }

  /** The place of the watched address, where addr leads to offset. */
  #placeFrom(addr: U64 | undefined, obj: Ptr | undefined, offset: U64 | undefined): WatchPlace | undefined {
    if (addr === undefined || obj === undefined || obj === UNKNOWN_OBJ || addr > this.addr) return undefined;
    const at = offset === undefined || obj === 0 ? undefined : addWrapped(offset, sub(this.addr, addr));
    return { obj, offset: at, phys: undefined };
  }

  #placeOf(world: World, vm: VmState, addr: U64, target: Target): WatchPlace | undefined {
    if (!vm.tables.targetsShown) return undefined;
    if (target.kind === 'null') return { obj: 0, offset: undefined, phys: undefined };
    const here = advance(target, Number(sub(this.addr, addr)));
    const known = world.memory.placeOf(here);
    const within = here.kind === 'phys' ? Number(BigInt(here.addr) & 0xfffn) : 0;
    return {
      obj: known?.obj,
      offset: known === undefined ? undefined : addWrapped(known.offset, within),
      phys: here.kind === 'phys' ? here.addr : undefined,
    };
  }

  #fateOf(event: StepEvent, op: OpView | undefined): Fate | undefined {
    if (event.type === OP_MAP) return 'mapped';
    if (event.type === OP_UNMAP) return 'unmapped';
    if (event.type !== OP_REMAP || op?.addr === undefined || op.range === undefined) return undefined;
    if (this.addr < op.addr) return 'kept in prev';
    return this.addr < add(op.addr, op.range) ? 'unmapped' : 'kept in next';
  }

  #locks(context: Context, vm: VmState, obj: Ptr | undefined, what: 'step' | 'call'): WatchLocks {
    const own = this.#ownLock(context, vm, obj, what);
    const all = context.task.contexts.flatMap((open) => open.exec.objects);
    const held = all.slice(0, MAX_LOCKS).map(({ obj: locked, resv }) => ({ obj: locked, resv }));
    return { held, more: all.length - held.length, own };
  }

  /** A step must have the lock; other calls may be under locks that drm_exec did not take. */
  #ownLock({ task, world }: Context, vm: VmState, obj: Ptr | undefined, what: 'step' | 'call'): WatchLocks['own'] {
    if (obj === undefined || obj === 0) return undefined;
    if (vm.ownListLock) return 'list lock';
    const resv = world.resvOf(obj);
    if (resv === 0) return undefined;
    if (task.holds(resv)) return true;
    const known = vm.initKnown && task.contexts.every((open) => open.known);
    return what === 'step' && known ? false : undefined;
  }

  /** Where calls are made after the step callbacks: in the order of the steps that cover the address. */
  #stepOfCall({ event, of }: TableRun): TableStep | undefined {
    const isMap = event.kind === 'mmu_map';
    return of?.steps.find(
      (one) =>
        !this.#written.has(one) &&
        (one.view.type === 'map') === isMap &&
        this.#within(one.view.addr, one.view.range) &&
        (isMap || this.#unmapsHere(one)),
    );
  }

  #unmapsHere({ view, op }: TableStep): boolean {
    return view.type !== 'remap' || op?.addr === undefined || this.#within(op.addr, op.range);
  }

  #settle(entry: WatchEntry, run: TableRun, ret: number | undefined, bytes: U64 | undefined, shown: boolean): void {
    const { event, result } = run;
    const isMap = 'ret' in result;
    const modelled = isMap ? result.mapped : result.unmapped;
    const value = ret ?? (isMap ? result.ret : undefined);
    const done = bytes ?? (value === 0 && shown ? event.length : modelled);
    entry.result = { ret: value, done, reached: this.addr < add(event.addr, done), shown };
  }
}

/** Is the address one that the VM can map? Of a VM whose init is not in the trace any may be. */
export function coversAddress(vm: VmState, addr: U64): boolean {
  const { mmStart, mmRange } = vm.init;
  return mmStart <= addr && addr < add(mmStart, mmRange);
}

/** The step that the task is in, or the one of its op's list that it carries out. */
function stepBehind({ task }: Context, fits: (event: StepEvent) => boolean): StepView | undefined {
  if (task.step !== undefined) return task.step.view;
  const list = task.job?.op?.list ?? [];
  const index = list.findIndex(fits);
  const event = list[index];
  if (event === undefined) return undefined;
  const { va, keep, addr, range, obj, offset } = event;
  return { line: 0, index, type: STEP_TYPES[event.type] ?? 'map', va, keep, addr, range, obj, offset };
}

/** Does the listed step ask for just this insert? */
function isMapOf({ type, addr, range }: StepEvent, one: Span): boolean {
  return type === OP_MAP && addr === one.addr && range === one.range;
}

/** Is the insert what a listed REMAP leaves on one side? The whole of the old mapping comes back where a job is undone. */
function isPieceOf({ type, addr, range }: StepEvent, one: Span): boolean {
  if (type !== OP_REMAP || addr === undefined || range === undefined || one.range >= range) return false;
  return one.addr === addr || add(one.addr, one.range) === add(addr, range);
}

function spanOf(one: { readonly addr: U64 | undefined; readonly range: U64 | undefined }): Span | undefined {
  return one.addr === undefined || one.range === undefined ? undefined : { addr: one.addr, range: one.range };
}

/** What a REMAP leaves on either side: as shown, else as the request calls for. */
function pieces(event: StepEvent, op: OpView | undefined): { prev: Span | undefined; next: Span | undefined } {
  const old = spanOf(event);
  const gap = op === undefined ? undefined : spanOf(op);
  if (event.type !== OP_REMAP || old === undefined) return { prev: undefined, next: undefined };
  const oldEnd = add(old.addr, old.range);
  const gapEnd = gap === undefined ? oldEnd : add(gap.addr, gap.range);
  const before = gap !== undefined && gap.addr > old.addr ? between(old.addr, gap.addr) : undefined;
  const behind = gapEnd < oldEnd ? between(gapEnd, oldEnd) : undefined;
  return {
    prev: event.prev && (spanOf(event.prev) ?? before),
    next: event.next && (spanOf(event.next) ?? behind),
  };
}

function between(addr: U64, end: U64): Span {
  return { addr, range: sub(end, addr) };
}
