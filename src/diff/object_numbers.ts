// The objects of one trace by the order in which its jobs use them: names that no pointer is part of.
import type { Ptr, U64 } from '../base/u64.ts';
import { UNKNOWN_OBJ } from '../gpuvm/gpuva.ts';
import type { VmState } from '../replay/vm_state.ts';
import type { World } from '../replay/world.ts';

/** In the place of an object's number: a mapping without object, and an object that the trace does not show. */
export const NULL_OBJ = 0;
export const UNKNOWN = -1;
/** In the place of the number of an object through which a dma_resv is locked: it is that of the VM. */
export const VM_RESV = -2;

/** private: it shares the dma_resv of the VM that uses it first; unknown: one of the two is not known. */
export type ObjectRole = 'private' | 'external' | 'unknown';

export interface UsedObject {
  readonly role: ObjectRole;
  /** Bytes; 0 while unknown. */
  readonly size: U64;
  /** The number of the first object with its dma_resv; UNKNOWN where that is not known. */
  lock: number;
}

interface Known {
  /** The world's; undefined where the object was gone when it was asked for. */
  readonly ordinal: number | undefined;
  readonly number: number;
}

export class ObjectNumbers {
  /** By number, from 1. */
  readonly used: (UsedObject | undefined)[] = [undefined];
  readonly #byPtr = new Map<Ptr, Known>();

  /** The number of an object that a job of this VM uses. */
  of(obj: Ptr | undefined, world: World, vm: VmState | undefined): number {
    if (obj === 0) return NULL_OBJ;
    if (obj === undefined || obj === UNKNOWN_OBJ) return UNKNOWN;
    const now = world.objs.get(obj);
    const known = this.#byPtr.get(obj);
    if (known !== undefined && (now === undefined || known.ordinal === now.ordinal)) return known.number;
    const number = this.used.length;
    const own = vm?.resv ?? 0;
    const resv = now?.resv ?? 0;
    const role = own === 0 || resv === 0 ? 'unknown' : own === resv ? 'private' : 'external';
    this.#byPtr.set(obj, { ordinal: now?.ordinal, number });
    this.used.push({ role, size: now?.size ?? 0, lock: UNKNOWN });
    return number;
  }

  /** The dma_resv as the first object that has it; learns which objects share it. */
  lockOf(resv: Ptr, obj: Ptr, world: World, vm: VmState | undefined): number {
    if (resv === 0) return UNKNOWN;
    if (resv === vm?.resv) return VM_RESV;
    const lock = this.of(world.objWith(resv) || obj || UNKNOWN_OBJ, world, vm);
    const used = this.used[obj === 0 ? 0 : this.of(obj, world, vm)];
    if (used !== undefined) used.lock = lock;
    return lock;
  }
}
