// One GPU VM as the trace shows it: the tree that the driver made, the tree that the steps asked for, and enough of its
// past to see it as it stood when a lock pass ended.
import { add, type Ptr, sub, type U64 } from '../base/u64.ts';
import { driverOf } from '../drivers/index.ts';
import type { DumpedVa, VmDump } from '../events/vm_dump.ts';
import { type DriverName, OP_MAP, OP_REMAP, type StepEvent } from '../events/vm_event.ts';
import { type Gpuva, gpuvaEnd, makeGpuva, UNKNOWN_OBJ } from '../gpuvm/gpuva.ts';
import { Gpuvm, type GpuvmInit } from '../gpuvm/gpuvm.ts';
import { type MapReq, type Recorded, stepsOfMap, stepsOfUnmap } from '../gpuvm/sm_map.ts';
import type { OpView, Span } from './fact.ts';
import type { Job } from './job.ts';
import { KnownRanges } from './known_ranges.ts';
import type { LoggedVm } from './logged_vm.ts';
import { VmTables } from './tables/index.ts';

/** One change of the tree; `op` is the op of `job` that made it, -1 outside of any. */
export interface Change {
  readonly inserted: boolean;
  readonly va: Gpuva;
  readonly job: Job | undefined;
  readonly op: number;
  readonly byMap: boolean;
}

/** Changes remembered for open jobs; beyond it their view of the past is given up. */
const MAX_JOURNAL = 100_000;

/** A mapping that the trace shows to have been there before it began. */
export interface Inherited extends Span {
  readonly obj: Ptr;
}

/** Such mappings remembered, to tell whose they are. */
const MAX_INHERITED = 256;

/** Stands for a VM whose drm_gpuvm_init() is not in the trace; a dump may tell what it was given. */
function unknownInit(id: Ptr, dump: VmDump | undefined): GpuvmInit {
  const { name = '', flags = 0, resv = 0 } = dump ?? {};
  if (dump?.bounds !== undefined) return { id, name, flags, ...dump.bounds, rObj: 0, resv };
  return {
    id,
    name,
    flags,
    mmStart: 0,
    mmRange: 2 ** 64 - 4096,
    kernelStart: 0,
    kernelRange: 0,
    rObj: 0,
    resv,
  };
}

/** Does the dump say what the VM was given? */
function showsInit(dump: VmDump | undefined): boolean {
  return dump?.flags !== undefined && dump.bounds !== undefined;
}

function dumped({ va, addr, range, obj = UNKNOWN_OBJ, offset, flags }: DumpedVa): Gpuva {
  return makeGpuva(va, addr, range, obj, offset, flags);
}

/** Does the trace say to what it leads, be it NULL? */
export function showsObj({ obj }: Pick<Gpuva, 'obj'>): boolean {
  return obj !== UNKNOWN_OBJ;
}

/** What is told of a VM that is gone, without all that it held. */
export interface VmFate {
  readonly ordinal: number;
  /** It was freed, empty as it must be then, so that all changes of its tree were seen. */
  ended: boolean;
}

export class VmState {
  readonly id: Ptr;
  /** The order of appearance, which stays the same between runs of one workload. */
  readonly ordinal: number;
  init: GpuvmInit;
  /** The line of drm_gpuvm_init(), 0 where it is not in the trace. */
  readonly line: number;
  /** The dump that its mappings are from as they were before the trace, or at a moment in it. */
  dump: VmDump | undefined;
  /** The line that the dump was taken at; 0: before the trace. */
  dumpLine = 0;
  /** Flags, bounds and reserved node are known. */
  initKnown: boolean;
  /** Mappings from before the trace, as they are met; only of a VM whose init is not in it. */
  readonly inherited: Inherited[] = [];
  /** What drm_gpuva_insert() and drm_gpuva_remove() left. */
  tree: Gpuvm;
  /** What the steps asked for, once that is not what `tree` holds. */
  #asked: Gpuvm | undefined;
  /** Where the tree is the kernel's. */
  readonly known: KnownRanges;
  readonly fate: VmFate;
  /** Its page tables, where the replay follows them. */
  readonly tables: VmTables;
  /** False: what the driver inserts is not probed. */
  insertsShown = true;
  /** False: a step removed nothing although it should, and no step of the trace has yet shown that removals are probed. */
  removalsShown = true;
  /** Where messages of the driver alone tell of its mappings. */
  logged: LoggedVm | undefined;
  /** The VM's own dma_resv, 0 while unknown. */
  resv: Ptr;
  /** The struct drm_file whose binds use it; 0 while unknown. */
  file: Ptr = 0;
  driver: DriverName | undefined;
  /** So many jobs of it were seen. */
  jobs = 0;
  #journal: Change[] = [];
  #dropped = 0;
  #pins = 0;

  /** init: of a VM that is made in the trace, at `line`; dump: of another whose mappings a file shows. */
  constructor(id: Ptr, ordinal: number, init: GpuvmInit | undefined, line: number, dump?: VmDump) {
    this.id = id;
    this.ordinal = ordinal;
    this.fate = { ordinal, ended: false };
    this.init = init ?? unknownInit(id, dump);
    this.line = line;
    this.dump = dump;
    this.initKnown = init !== undefined || showsInit(dump);
    this.tree = new Gpuvm(this.init);
    for (const one of dump?.mappings ?? []) this.tree.insert(dumped(one));
    this.known = new KnownRanges(init !== undefined || dump?.whole === true);
    this.resv = this.init.resv;
    this.tables = new VmTables(init !== undefined);
  }

  /** False: the driver's tree changes are not probed, so that only `asked` follows the VM. */
  get treeShown(): boolean {
    return this.insertsShown && this.removalsShown;
  }

  /** False: mappings may exist that the trace did not show. */
  get complete(): boolean {
    return this.known.whole;
  }

  /** The tree is known whole: what any request will give on it is known too. */
  get predictable(): boolean {
    return this.complete && this.treeShown;
  }

  /** The tree is known there: what a request for that range will give is known too. */
  isPredictable(addr: U64, range: U64, version = this.version): boolean {
    return this.treeShown && this.known.has(addr, range, version);
  }

  /** What the tree has in that range is now known to be all that is mapped there. True: with it the VM is known whole again. */
  reveal(addr: U64, range: U64): boolean {
    if (this.known.whole || !this.treeShown) return false;
    const { mmStart, mmRange } = this.init;
    const bounds = this.initKnown ? { addr: mmStart, range: mmRange } : undefined;
    const isWhole = this.known.reveal(addr, range, this.version, bounds);
    if (this.#pins === 0) this.known.settle();
    return isWhole;
  }

  /** The dump is what it maps at this line, jobs that are open aside; what is known agrees with it. */
  restore(dump: VmDump, line: number): void {
    const { tree: before, known, version } = this;
    if (!this.initKnown) {
      this.init = unknownInit(this.id, dump);
      this.initKnown = showsInit(dump);
      if (this.resv === 0) this.resv = dump.resv;
    }
    this.dump = dump;
    this.dumpLine = line;
    this.tree = new Gpuvm(this.init);
    for (const one of dump.mappings) {
      const there = before.find(one.addr, one.range);
      const isKnown = there !== undefined && known.has(one.addr, one.range, version);
      this.tree.insert(isKnown ? there : dumped(one));
    }
    this.#asked = undefined;
    this.insertsShown = this.removalsShown = true;
    known.restore(version);
    if (this.#pins === 0) known.settle();
  }

  /** An object's list of mappings has a mutex of its own (immediate mode); otherwise its dma_resv protects it. */
  get ownListLock(): boolean {
    return this.tree.isImmediate || driverOf(this)?.listLock.is === 'gpuva.lock';
  }

  get name(): string {
    return this.init.name;
  }

  /** A mapping goes away or is changed whose insert the trace did not show. */
  inherit(addr: U64, range: U64, obj: Ptr): void {
    if (this.line === 0 && this.inherited.length < MAX_INHERITED) this.inherited.push({ addr, range, obj });
  }

  /** The mapping that the driver calls `id`: by that, or where a dump did not show it by its range. */
  mapping(id: Ptr, addr: U64, range: U64): Gpuva | undefined {
    const known = this.tree.get(id);
    if (known !== undefined || this.dump === undefined) return known;
    const there = this.tree.find(addr, range);
    return there?.id === 0 ? there : undefined;
  }

  /** Changes so far; a job remembers it as the state of its lock pass. */
  get version(): number {
    return this.#dropped + this.#journal.length;
  }

  /** Changes that are remembered. */
  get changes(): number {
    return this.#journal.length;
  }

  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    if (--this.#pins > 0) return;
    this.#pins = 0;
    this.#forget();
  }

  #forget(): void {
    this.known.settle();
    this.#dropped += this.#journal.length;
    if (this.#journal.length > 0) this.#journal = [];
  }

  record(change: Change): void {
    if (this.#pins === 0) this.#dropped++;
    else if (this.#journal.push(change) > MAX_JOURNAL) this.#forget();
  }

  /** The changes since `version` that touch [addr, addr + range), oldest first; undefined where they are forgotten. */
  changesSince(version: number, addr: U64, range: U64): Change[] | undefined {
    if (version < this.#dropped) return undefined;
    const end = add(addr, range);
    const changes: Change[] = [];
    for (let i = version - this.#dropped; i < this.#journal.length; i++) {
      const change = this.#journal[i];
      if (change !== undefined && change.va.addr < end && gpuvaEnd(change.va) > addr) changes.push(change);
    }
    return changes;
  }

  /** Was the VM changed since `version` by anything but this job? */
  changedByOthers(version: number, job: Job): boolean {
    if (version < this.#dropped) return true;
    for (let i = version - this.#dropped; i < this.#journal.length; i++) if (this.#journal[i]?.job !== job) return true;
    return false;
  }

  /** The tree as it is followed: the driver's, or where its changes are not probed what the steps asked for. */
  get space(): Gpuvm {
    return this.treeShown ? this.tree : this.asked;
  }

  /** The mappings that overlap the range, in ascending order. */
  mappingsIn(addr: U64, range: U64): Gpuva[] {
    const { space } = this;
    return space.overlaps(addr, range).filter((va) => va !== space.kernelNode && va.range !== 0);
  }

  mappingAt(addr: U64): Gpuva | undefined {
    return this.mappingsIn(addr, 1)[0];
  }

  /** What the steps asked for: the driver's tree, until a step was not carried out as asked. */
  get asked(): Gpuvm {
    return this.#asked ?? this.tree;
  }

  /** The driver's tree is not followed, or not what was asked for: from here on the two are kept apart. */
  splitAsked(): void {
    this.#asked ??= this.tree.clone();
  }

  /** Carries a step out on the tree of what was asked for, whatever stands there; `changed` hears what that changes. */
  ask(
    step: StepEvent,
    op: OpView | undefined,
    line: number,
    changed: ((va: Gpuva, inserted: boolean) => void) | undefined,
  ): void {
    const { addr, range, obj = UNKNOWN_OBJ, offset } = step;
    const asked = this.#asked;
    if (asked === undefined || addr === undefined || range === undefined) return;
    const insert = (at: U64, length: U64, from: U64 | undefined) => {
      const va = makeGpuva(0, at, length, obj, from, 0, line);
      if (asked.insert(va) === 0) changed?.(va, true);
    };
    for (const old of asked.overlaps(addr, range)) {
      asked.remove(old);
      changed?.(old, false);
    }
    if (step.type === OP_MAP) insert(addr, range, offset);
    if (step.type !== OP_REMAP || op?.addr === undefined || op.range === undefined) return;
    const end = add(addr, range);
    const opEnd = add(op.addr, op.range);
    if (step.prev !== undefined && op.addr > addr) insert(addr, sub(op.addr, addr), offset);
    if (step.next !== undefined && end > opEnd)
      insert(opEnd, sub(end, opEnd), offset === undefined ? 0 : add(offset, sub(opEnd, addr)));
  }

  /** The steps that a request gives on the present tree. */
  stepsNow(call: 'map' | 'unmap', req: MapReq): Recorded {
    return call === 'map' ? stepsOfMap(this.tree, req) : stepsOfUnmap(this.tree, req.addr, req.range);
  }

  /** The steps that a request would have given at `version`; undefined where that state is not known. */
  stepsAt(version: number, call: 'map' | 'unmap', req: MapReq): Recorded | undefined {
    const then = this.spaceAt(version, req.addr, req.range);
    if (then === undefined) return undefined;
    return call === 'map' ? stepsOfMap(then, req) : stepsOfUnmap(then, req.addr, req.range);
  }

  /** The VM as it stood at `version`, right within the range only; undefined where that state is not known. */
  spaceAt(version: number, addr: U64, range: U64): Gpuvm | undefined {
    if (!this.isPredictable(addr, range, version)) return undefined;
    if (version === this.version) return this.tree;
    const changes = this.changesSince(version, addr, range);
    if (changes === undefined) return undefined;
    if (changes.length === 0) return this.tree;
    const past = new Set(this.tree.overlaps(addr, range));
    for (let i = changes.length - 1; i >= 0; i--) {
      const change = changes[i] as Change;
      if (change.inserted) past.delete(change.va);
      else past.add(change.va);
    }
    const then = new Gpuvm(this.init);
    for (const va of past) {
      if (va !== this.tree.kernelNode) then.adopt(makeGpuva(va.id, va.addr, va.range, va.obj, va.offset));
    }
    return then;
  }
}
