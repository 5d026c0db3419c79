// What every VM mapped when: kept while the trace goes by, for a picture of address against time. Nothing is judged here.
import { add, type Ptr, type U64 } from '../base/u64.ts';
import type { Where } from '../events/vm_event.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { Context } from './context.ts';
import type { VmState } from './vm_state.ts';

/** Mappings kept that are gone; the oldest go first. */
const MAX_GONE = 400_000;
/** VMs remembered. */
const MAX_VMS = 10_000;

/** One mapping from where it enters the VA space to where it leaves it. */
export interface Stay {
  readonly vm: VmState;
  readonly addr: U64;
  readonly range: U64;
  readonly obj: Ptr;
  readonly offset: U64;
  /** 0: it was there before the trace began. */
  readonly from: number;
  /** 0: it is there to the end. */
  to: number;
  /** As the trace spells the times of both; '' where there is none. */
  readonly since: string;
  until: string;
  /** The first lines of the jobs that put it there and took it away; 0: none did. */
  readonly fromJob: number;
  toJob: number;
  /** What a REMAP left of a larger mapping, not what a MAP asked for. */
  readonly isRest: boolean;
}

export class SpaceHistory {
  /** In the order of appearance, those that are gone included. */
  readonly vms: VmState[] = [];
  /** The line where a VM was freed. */
  readonly freedAt = new Map<VmState, number>();
  /** Mappings that are not in `stays` any more. */
  dropped = 0;
  readonly #gone: Stay[] = [];
  readonly #there = new Map<VmState, Map<Gpuva, Stay>>();
  /** The mapping of each VM that went last: a REMAP removes the old one before it inserts what is left of it. */
  readonly #last = new WeakMap<VmState, Stay>();

  /** A VM comes into being, or is first seen. */
  meet(vm: VmState): void {
    if (this.vms.length >= MAX_VMS) return;
    this.vms.push(vm);
    const there = new Map<Gpuva, Stay>();
    this.#there.set(vm, there);
    for (const va of vm.tree) there.set(va, { ...placeOf(vm, va), from: 0, since: '', fromJob: 0, isRest: false });
  }

  changed({ task, where }: Context, vm: VmState, va: Gpuva, inserted: boolean): void {
    const job = task.job?.line ?? 0;
    const there = this.#there.get(vm);
    if (there === undefined) return;
    if (inserted) {
      const place = placeOf(vm, va);
      const isRest = isRestOf(this.#last.get(vm), place, job);
      there.set(va, { ...place, from: where.line, since: where.time(), fromJob: job, isRest });
      return;
    }
    const stay = there.get(va);
    if (stay === undefined) return;
    there.delete(va);
    this.#end(stay, where, job);
    this.#last.set(vm, stay);
  }

  freed({ where }: Context, vm: VmState | undefined): void {
    if (vm === undefined) return;
    for (const stay of this.#there.get(vm)?.values() ?? []) this.#end(stay, where, 0);
    this.#there.delete(vm);
    this.freedAt.set(vm, where.line);
  }

  /** Those that are gone in the order of their ends, then those that are there. */
  get stays(): Stay[] {
    return [...this.#gone, ...[...this.#there.values()].flatMap((there) => [...there.values()])];
  }

  /** A tenth at a time, since an array gives its first ones away slowly. */
  #end(stay: Stay, where: Where, job: number): void {
    stay.to = where.line;
    stay.until = where.time();
    stay.toJob = job;
    if (this.#gone.push(stay) <= MAX_GONE) return;
    const count = MAX_GONE / 10;
    this.#gone.splice(0, count);
    this.dropped += count;
  }
}

function placeOf(vm: VmState, { addr, range, obj, offset }: Gpuva) {
  return { vm, addr, range, obj, offset, to: 0, until: '', toJob: 0 };
}

/** It lies within the mapping that the same job took away just before, and leads to the same object. */
function isRestOf(
  old: Stay | undefined,
  { addr, range, obj }: Pick<Stay, 'addr' | 'range' | 'obj'>,
  job: number,
): boolean {
  if (old === undefined || job === 0 || old.toJob !== job || old.obj !== obj) return false;
  return addr >= old.addr && addr < add(old.addr, old.range) && range < old.range;
}
