// All vm_bos that are there, by their pointers and by their VMs: what is asked of one VM costs nothing for the others.
import { PtrMap } from '../base/ptr_map.ts';
import type { Ptr } from '../base/u64.ts';
import type { VmBo } from './vm_bos.ts';
import type { VmState } from './vm_state.ts';

export class VmBoSet {
  readonly #byId = new PtrMap<VmBo>();
  readonly #byVm = new Map<VmState, Set<VmBo>>();

  get size(): number {
    return this.#byId.size;
  }

  get(id: Ptr): VmBo | undefined {
    return this.#byId.get(id);
  }

  of(vm: VmState): Iterable<VmBo> {
    return this.#byVm.get(vm) ?? [];
  }

  /** In the place of one with the same pointer. */
  add(bo: VmBo): void {
    this.delete(bo.id);
    this.#byId.set(bo.id, bo);
    const own = this.#byVm.get(bo.vm);
    if (own === undefined) this.#byVm.set(bo.vm, new Set([bo]));
    else own.add(bo);
  }

  delete(id: Ptr): void {
    const bo = this.#byId.get(id);
    if (bo === undefined) return;
    this.#byId.delete(id);
    const own = this.#byVm.get(bo.vm);
    own?.delete(bo);
    if (own?.size === 0) this.#byVm.delete(bo.vm);
  }

  /** The VM is gone, and its vm_bos with it. */
  deleteOf(vm: VmState): void {
    for (const { id } of this.of(vm)) this.#byId.delete(id);
    this.#byVm.delete(vm);
  }

  clear(): void {
    this.#byId.clear();
    this.#byVm.clear();
  }
}
