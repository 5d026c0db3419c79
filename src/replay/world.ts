// Everything the trace has shown so far: objects, VMs, tasks, locking contexts; and what it has proved to be missing.
import { PtrMap } from '../base/ptr_map.ts';
import type { Ptr, U64 } from '../base/u64.ts';
import { type LineNames, linesOf } from '../events/lines.ts';
import type { VmDump } from '../events/vm_dump.ts';
import type { DriverName, Where } from '../events/vm_event.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { GpuvmInit } from '../gpuvm/gpuvm.ts';
import type { KernelKnowledge } from '../kernels/index.ts';
import type { Known } from '../mmu/compare.ts';
import type { Target } from '../mmu/run.ts';
import type { Context } from './context.ts';
import { followVm } from './detail.ts';
import type { Fact, Shown } from './fact.ts';
import type { Job } from './job.ts';
import { ScheduledJobs } from './job_times.ts';
import { SpaceHistory } from './space_history.ts';
import { Memory } from './tables/index.ts';
import { type ExecContext, Task } from './task.ts';
import { VmBoSet } from './vm_bo_set.ts';
import type { Mortal } from './vm_life.ts';
import { type Change, VmState } from './vm_state.ts';
import { Watch, type WatchOptions } from './watch.ts';

/** A GEM object; its resv may change during its life. */
interface ObjState {
  readonly ordinal: number;
  /** Bytes; 0 while unknown. */
  readonly size: U64;
  resv: Ptr;
  /** So many gaps there were when its resv was shown: one behind them leaves it unknown. */
  gaps: number;
  /** So often an object had left its resv when it was seen that this one's has an object. */
  left: number;
}

/** Identities of VMs that are gone, kept for filters. */
const MAX_GONE_VMS = 10_000;
/** By enum drm_gpuva_op_type. */
export const STEPS_SHOWN = ['map step', 'remap step', 'unmap step'] as const;
/** Jobs remembered until they run. */
const MAX_TO_RUN = 4096;
/** Layers of calls that a driver's table goes through, each with a pointer of its own, and more. */
const MAX_TABLES = 16;
/** Tasks remembered for their frames. */
const MAX_FRAMED = 65_536;

export interface WorldSink {
  /** A fact outside of any job; those of a job come with it. */
  fact(fact: Fact): void;
  /** The job is over: nothing about it will change. */
  job(job: Job): void;
  /** The scheduler has run a job whose ioctl was over. */
  ran?(job: Job, line: number): void;
  /** A mapping has entered the tree of a VM, or left it. */
  readonly change?: ((vm: VmState, change: Change, context: Context) => void) | undefined;
}

/** How the trace contradicts the dump of a VM. */
export interface Misfit {
  readonly dump: 'initial state' | 'snapshot';
  /** The line that it was taken at: what lies before does not rest on it. */
  readonly since: number;
  readonly why: string;
}

export interface WorldOptions {
  /** Keep what `show` needs of every job. */
  readonly detail: boolean;
  /** Keep also what another lock pass would meet in the place of each job's own. */
  readonly passes?: boolean | undefined;
  readonly mmu: MmuMode;
  readonly kernel: KernelKnowledge;
  /** Whose trace it is, where that is given. */
  readonly driver?: DriverName | undefined;
  /** An address of which everything that shapes it is kept. */
  readonly watch?: WatchOptions | undefined;
  /** Keep what every VM mapped when. */
  readonly history?: boolean | undefined;
}

/** Where the page tables come from: the table calls of the trace, or what the steps call for. */
export const MMU_MODES = ['trace', 'derive', 'off'] as const;
export type MmuMode = (typeof MMU_MODES)[number];

export class World {
  readonly vms = new PtrMap<VmState>();
  readonly objs = new PtrMap<ObjState>();
  readonly tasks = new Map<number, Task>();
  readonly contexts = new PtrMap<ExecContext>();
  readonly jobsByPtr = new PtrMap<Job>();
  readonly openJobs = new Set<Job>();
  /** Event kinds seen: a probe that never fired may not be installed. */
  readonly seen = new Set<Shown>();
  readonly sink: WorldSink;
  lines: LineNames = linesOf('');
  readonly detail: boolean;
  readonly passes: boolean;
  readonly mmu: MmuMode;
  readonly kernel: KernelKnowledge;
  /** Those whose jobs were seen, or the one that was given. */
  readonly drivers = new Set<DriverName>();
  readonly driver: DriverName | undefined;
  readonly watch: Watch | undefined;
  readonly history: SpaceHistory | undefined;
  /** Jobs whose ioctl is over and that are still to run, by the driver's struct. */
  readonly toRun = new Map<Ptr, Job>();
  /** Of these, those whose VM was torn down meanwhile, with the line. */
  readonly torn = new Map<Job, number>();
  /** Those that the scheduler was given, where its events show that. */
  readonly scheduled = new ScheduledJobs();
  readonly memory = new Memory((obj) => this.objs.get(obj)?.ordinal ?? 0);
  /** The place in an object that an entry leads to, as far as it is known. */
  readonly placeOf = (target: Target): Known | undefined => this.memory.placeOf(target);
  /** VMs that were made before the trace began and of which no dump tells, those that are gone included. */
  readonly unseen: VmState[] = [];
  /** VMs that are not as their dump says, and why. */
  readonly misfits = new Map<VmState, Misfit>();
  /** VMs that were known whole until events went missing, by their ordinals. */
  readonly lostSight = new Set<number>();
  /** Places where events of unknown number and kind are missing. */
  gaps = 0;
  unpaired = 0;
  firstUnpaired = 0;
  /** Events that those before them could not have led to. */
  contradictions = 0;
  /** A dma_resv was unlocked of which no lock was seen: some are taken by calls that are not probed. */
  unseenLocks = false;
  /** Steps that may have left their mapping in the tree, as far as they are told. */
  perhapsSkipped = 0;
  /** What was followed no longer, for there was too much of it: each with the line of the first time. */
  readonly letGo = new Map<string, number>();
  /** Gaps that come from that. */
  forgotten = 0;
  readonly vmBos = new VmBoSet();
  /** VMs that are being made, or that are gone. */
  readonly mortal = new Map<Ptr, Mortal>();
  /** Of VMs whose init is known, by their own dma_resv: more than one where they were given the same. */
  readonly #owners = new PtrMap<Set<VmState>>();
  readonly #byResv = new PtrMap<Ptr>();
  /** So often the object that stood for its resv has left it. */
  #left = 0;
  /** The VM of what stands for its table in the driver. */
  readonly #tableVms = new PtrMap<Ptr>();
  /** Tasks of which a driver's frame (an ioctl, an apply) was seen: what they do outside of one is known to be outside. */
  readonly #framed = new Set<number>();
  /** What a gap takes something from, so that one costs nothing for what another took it from before. */
  readonly #sureVms = new Set<VmState>();
  readonly #activeTasks = new Set<Task>();
  /** Jobs whose op has steps foreseen that a gap would leave unknown. */
  readonly #expecting = new Set<Job>();
  /** By what gaps say of a job: those open of which it was not said yet. */
  readonly #unaware = new Map<string, Set<Job>>();
  #task = new Task(-1);
  readonly #goneVms = new Map<Ptr, { readonly name: string; readonly ordinal: number }>();
  readonly #stepTypes: boolean[] = [];
  #countsAgreed = 0;
  #countsDisagreed = 0;
  #vmOrdinal = 0;
  #objOrdinal = 0;
  #jobNumber = 0;

  constructor(sink: WorldSink, options: WorldOptions) {
    this.sink = sink;
    this.detail = options.detail;
    this.passes = options.passes === true;
    this.mmu = options.mmu;
    this.kernel = options.kernel;
    this.driver = options.driver;
    if (options.driver !== undefined) this.drivers.add(options.driver);
    this.watch = options.watch === undefined ? undefined : new Watch(options.watch);
    this.history = options.history === true ? new SpaceHistory() : undefined;
  }

  /** exec->num_objects at a drm_exec_fini() was compared with what was followed. */
  countCheck(agreed: boolean): void {
    if (agreed) this.#countsAgreed++;
    else this.#countsDisagreed++;
  }

  /** A mapping left its tree in a step: removals are probed, so the trees from which none went have it still. */
  removalsAreShown(): void {
    if (this.seen.has('removal in a step')) return;
    this.seen.add('removal in a step');
    for (const vm of this.vms.values()) vm.removalsShown = true;
  }

  /** Locks are probed, or it is certain by their count that there were none. */
  get locksShown(): boolean {
    return this.seen.has('lock_obj_ret') || (this.#countsAgreed > 0 && this.#countsDisagreed === 0);
  }

  /** Every lock of a dma_resv is shown, not only those through drm_exec. */
  get resvLocksShown(): boolean {
    return this.seen.has('resv_lock') && this.seen.has('resv_unlock') && !this.unseenLocks;
  }

  /** Where a driver changes mappings is shown: its step callbacks, or its ops lists and the links that carry them out. */
  get stepsShown(): boolean {
    return this.seen.has('step') || (this.seen.has('listed step') && this.seen.has('va_link'));
  }

  /** Does the trace show a driver's own brackets around its jobs? Otherwise the calls into drm_gpuvm make them. */
  get frameProbed(): boolean {
    return this.seen.has('bind') || this.seen.has('lock_pass') || this.seen.has('apply');
  }

  /** The task in which the next events happen. */
  enter(pid: number): Task {
    let task = this.tasks.get(pid);
    if (task === undefined) {
      task = new Task(pid);
      this.tasks.set(pid, task);
    }
    this.#task = task;
    this.#activeTasks.add(task);
    return task;
  }

  /** A task that is in nothing need not be remembered. */
  forgetIdle(task: Task): void {
    if (task.job !== undefined || task.run !== undefined || task.tableRun !== undefined) return;
    if (task.scheduled !== undefined || task.fenceWait !== undefined) return;
    if (task.making !== undefined || task.closing !== 0 || task.unclaimed !== undefined) return;
    if (task.contexts.length + task.calls.length + task.resvLocks.size > 0) return;
    this.tasks.delete(task.pid);
    this.#activeTasks.delete(task);
  }

  markFramed(pid: number): void {
    this.#framed.add(pid);
    const [oldest] = this.#framed;
    if (this.#framed.size > MAX_FRAMED && oldest !== undefined) this.#framed.delete(oldest);
  }

  isFramed(pid: number): boolean {
    return this.#framed.has(pid);
  }

  addVm(init: GpuvmInit, line: number): VmState {
    this.learnResv(init.rObj, init.resv);
    const vm = new VmState(init.id, ++this.#vmOrdinal, init, line);
    if (vm.resv === 0) vm.resv = this.resvOf(init.rObj);
    vm.driver = this.driver;
    this.#add(vm);
    return vm;
  }

  #add(vm: VmState): void {
    const stale = this.vms.get(vm.id);
    if (stale !== undefined) {
      this.#sureVms.delete(stale);
      this.#leaveOwner(stale);
    }
    this.vms.set(vm.id, vm);
    this.#own(vm);
    this.#sureVms.add(vm);
    this.watch?.meet(vm);
    this.history?.meet(vm);
  }

  #own(vm: VmState): void {
    if (!vm.initKnown || vm.resv === 0) return;
    const owners = this.#owners.get(vm.resv);
    if (owners === undefined) this.#owners.set(vm.resv, new Set([vm]));
    else owners.add(vm);
  }

  /** A VM that was made before the trace began, or before that line and unseen, with what a dump of then says of it. */
  addDumpedVm(id: Ptr, dump: VmDump, line = 0): void {
    this.#learnResvs(dump);
    const vm = new VmState(id, ++this.#vmOrdinal, undefined, 0, dump);
    vm.dumpLine = line;
    this.#add(vm);
  }

  /** A VM is known whole again, by a dump of this moment. */
  restoreVm(vm: VmState, dump: VmDump, line: number): void {
    this.#learnResvs(dump);
    vm.restore(dump, line);
    this.#own(vm);
    this.#sureVms.add(vm);
    this.lostSight.delete(vm.ordinal);
  }

  #learnResvs({ mappings }: VmDump): void {
    for (const { obj, resv } of mappings) this.learnResv(obj ?? 0, resv);
  }

  /** The VM, made up as unknown where its init is not in the trace; undefined for a NULL pointer. */
  vm(id: Ptr): VmState | undefined {
    if (id === 0) return undefined;
    let vm = this.vms.get(id);
    if (vm === undefined) {
      vm = new VmState(id, ++this.#vmOrdinal, undefined, 0);
      vm.driver = this.driver;
      this.#add(vm);
      if (this.forgotten === 0 && this.unseen.length < MAX_GONE_VMS) this.unseen.push(vm);
    }
    return vm;
  }

  /** The first VM whose own dma_resv this is, of those whose init is known. */
  ownerOf(resv: Ptr): VmState | undefined {
    const [first] = this.#owners.get(resv) ?? [];
    return first;
  }

  #leaveOwner(vm: VmState): void {
    const owners = this.#owners.get(vm.resv);
    owners?.delete(vm);
    if (owners?.size === 0) this.#owners.delete(vm.resv);
  }

  /** A VM's name and place among all VMs, also of one that is gone. */
  vmIdentity(id: Ptr): { readonly name: string; readonly ordinal: number } | undefined {
    return this.vms.get(id) ?? this.#goneVms.get(id);
  }

  removeVm(id: Ptr): void {
    const vm = this.vms.get(id);
    if (vm === undefined) return;
    this.vms.delete(id);
    this.#sureVms.delete(vm);
    this.#leaveOwner(vm);
    for (const table of vm.tables.pointers) this.#tableVms.delete(table);
    this.vmBos.deleteOf(vm);
    vm.fate.ended = vm.known.unbroken && vm.treeShown && vm.tree.size === 0;
    this.#keepIdentity(vm);
  }

  #keepIdentity({ id, name, ordinal }: VmState): void {
    if (this.#goneVms.size < MAX_GONE_VMS) this.#goneVms.set(id, { name, ordinal });
  }

  /** What stands for the VM's table in its driver. */
  bindTable(table: Ptr, vm: VmState): void {
    const { pointers } = vm.tables;
    this.#tableVms.set(table, vm.id);
    if (pointers.includes(table)) return;
    const [oldest] = pointers;
    if (pointers.push(table) <= MAX_TABLES || oldest === undefined) return;
    pointers.shift();
    this.#tableVms.delete(oldest);
  }

  vmOfTable(table: Ptr): VmState | undefined {
    const id = this.#tableVms.get(table);
    return id === undefined ? undefined : this.vms.get(id);
  }

  /** Something of the VM is known, or its tables are in flux, which a gap would leave unknown. */
  hold(vm: VmState): void {
    this.#sureVms.add(vm);
  }

  /** Messages of drivers tell alone what is mapped, if anything does. */
  get logOnly(): boolean {
    const { seen } = this;
    return !(seen.has('sm_request') || seen.has('step') || seen.has('core_step') || seen.has('va_insert'));
  }

  /** The tree that the driver made; where its calls are not probed, the one that the steps asked for. */
  mappingsOf(vm: VmState): Iterable<Gpuva> {
    return this.seen.has('va_insert') || this.seen.has('va_remove') ? vm.tree : vm.asked;
  }

  /** Remembers whose resv an object has, as shown wherever the object is probed. */
  learnResv(obj: Ptr, resv: Ptr): void {
    if (obj === 0 || resv === 0) return;
    const known = this.objs.get(obj);
    if (known === undefined) {
      this.objs.set(obj, { ordinal: ++this.#objOrdinal, size: 0, resv, gaps: this.gaps, left: this.#left });
    } else {
      if (known.resv === resv && known.gaps === this.gaps && known.left === this.#left) return;
      if (known.resv !== resv) this.#leaveResv(obj, known.resv);
      known.resv = resv;
      known.gaps = this.gaps;
      known.left = this.#left;
    }
    if (this.objWith(resv) === 0) this.#byResv.set(resv, obj);
  }

  newObj(obj: Ptr, size: U64, resv: Ptr): void {
    const stale = this.objs.get(obj);
    if (stale !== undefined) this.#leaveResv(obj, stale.resv);
    this.objs.set(obj, { ordinal: ++this.#objOrdinal, size, resv, gaps: this.gaps, left: this.#left });
    if (resv !== 0 && this.objWith(resv) === 0) this.#byResv.set(resv, obj);
  }

  freeObj(obj: Ptr): void {
    const freed = this.objs.get(obj);
    if (freed === undefined) return;
    this.#leaveResv(obj, freed.resv);
    this.objs.delete(obj);
  }

  #leaveResv(obj: Ptr, resv: Ptr): void {
    if (this.#byResv.get(resv) !== obj) return;
    this.#byResv.delete(resv);
    this.#left++;
  }

  isResv(lock: Ptr): boolean {
    return this.#byResv.has(lock);
  }

  /** The first object with this dma_resv, of those that share it; 0 where none was seen. */
  objWith(resv: Ptr): Ptr {
    const obj = this.#byResv.get(resv);
    return obj === undefined || this.resvOf(obj) !== resv ? 0 : obj;
  }

  /** 0 while unknown. */
  resvOf(obj: Ptr): Ptr {
    const known = this.objs.get(obj);
    return known === undefined || known.gaps !== this.gaps ? 0 : known.resv;
  }

  /** A driver's callback for steps of this type is probed. */
  stepSeen(type: number): void {
    if (this.#stepTypes[type] === true) return;
    this.#stepTypes[type] = true;
    const shown = STEPS_SHOWN[type];
    if (shown !== undefined) this.seen.add(shown);
  }

  /** The job's ioctl is over, and its table writes may be still to come. */
  awaitRun(job: Job): void {
    if (job.running || job.times?.signalled !== undefined) return;
    this.toRun.set(job.ptr, job);
    const [oldest] = this.toRun.keys();
    if (this.toRun.size <= MAX_TO_RUN || oldest === undefined) return;
    const dropped = this.toRun.get(oldest);
    this.toRun.delete(oldest);
    if (dropped !== undefined) this.torn.delete(dropped);
  }

  newJobNumber(): number {
    return ++this.#jobNumber;
  }

  /** Ties a job to its VM, which also gives it its place among that VM's jobs. */
  bindToVm(job: Job, vm: VmState | undefined): void {
    if (vm === undefined || job.vm === vm) return;
    followVm(job, vm);
    job.vm = vm;
    if (job.file !== 0) vm.file = job.file;
    vm.driver ??= job.driver;
    if (job.driver !== undefined) this.drivers.add(job.driver);
    job.ordinal = ++vm.jobs;
  }

  openJob(job: Job): void {
    this.openJobs.add(job);
    for (const unaware of this.#unaware.values()) unaware.add(job);
  }

  endJob(job: Job): void {
    this.openJobs.delete(job);
    this.#expecting.delete(job);
    for (const unaware of this.#unaware.values()) unaware.delete(job);
  }

  /** Its op has steps to come that are foreseen. */
  expects(job: Job): void {
    this.#expecting.add(job);
  }

  /** Events are missing here, and nothing tells which: what is open or known by inference becomes unknown. */
  gap(why: string): void {
    this.gaps++; // which takes every object's resv
    const unaware = this.#unaware.get(why) ?? new Set(this.openJobs);
    for (const job of unaware) job.unknown.add(why);
    unaware.clear();
    this.#unaware.set(why, unaware);
    for (const { op } of this.#expecting) if (op !== undefined) op.expected = op.planned = undefined;
    this.#expecting.clear();
    for (const vm of this.#sureVms) {
      if (vm.complete && this.lostSight.size < MAX_GONE_VMS) this.lostSight.add(vm.ordinal);
      vm.known.forget();
      vm.tables.doubt();
    }
    this.#sureVms.clear();
    this.vmBos.clear();
    this.mortal.clear();
    this.torn.clear();
    this.#framed.clear();
    this.scheduled.clear();
    for (const task of this.#activeTasks) {
      task.calls.length = 0;
      task.entered = 0;
      task.step = undefined;
      task.walked = undefined;
      task.disturbed = undefined;
      task.making = undefined;
      task.closing = 0;
      task.resvLocks.clear();
      task.run = undefined;
      task.scheduled = undefined;
      task.fenceWait = undefined;
      task.tableRun = undefined;
      task.undo = undefined;
      for (const context of task.contexts) context.known = false;
    }
    this.#activeTasks.clear();
    this.#activeTasks.add(this.#task);
  }

  /** There is more than can be followed: all of it becomes as unknown as if the trace began here. No job may be open. */
  forget(what: string, where: Where): void {
    if (!this.letGo.has(what)) this.letGo.set(what, where.line);
    this.gap(what);
    this.forgotten++;
    for (const vm of this.vms.values()) this.#keepIdentity(vm);
    this.vms.clear();
    this.#owners.clear();
    this.unseen.length = 0;
    this.objs.clear();
    this.#byResv.clear();
    this.tasks.clear();
    this.contexts.clear();
    this.jobsByPtr.clear();
    this.#tableVms.clear();
    this.toRun.clear();
    this.memory.clear();
  }

  /** What stands here cannot follow from what stands before: the trace lost events without saying so. */
  contradicted(job: Job | undefined, why: string): void {
    job?.unknown.add(`the trace lacks events: ${why}`);
    this.contradictions++;
  }

  /** An entry without its return, or the other way round: the trace lost events without saying so. */
  unpairedCall(where: Where): void {
    if (this.unpaired++ === 0) this.firstUnpaired = where.line;
    this.gap('calls without their other end: events are missing');
  }
}
