// Every mapping with an object that a job inserts must be linked to its vm_bo, and every one that it removes unlinked:
// drm_gpuva_link() and drm_gpuva_unlink() of drm_gpuvm.c. Drivers differ in the order: xe links before it inserts.
import type { Ptr, U64 } from '../base/u64.ts';

export interface Linkable {
  readonly addr: U64;
  readonly range: U64;
  readonly obj: Ptr;
  readonly line: number;
}

export class LinkBalance {
  readonly #toLink = new Map<Ptr, Linkable>();
  readonly #toUnlink = new Map<Ptr, Linkable>();
  /** Linked before they were inserted. */
  readonly #early = new Set<Ptr>();

  get size(): number {
    return this.#toLink.size + this.#toUnlink.size + this.#early.size;
  }

  inserted(va: Ptr, what: Linkable): void {
    if (!this.#early.delete(va)) this.#toLink.set(va, what);
  }

  linked(va: Ptr): void {
    if (!this.#toLink.delete(va)) this.#early.add(va);
  }

  removed(va: Ptr, what: Linkable): void {
    if (!this.#toLink.delete(va)) this.#toUnlink.set(va, what);
  }

  unlinked(va: Ptr): void {
    this.#toUnlink.delete(va);
  }

  /** In the tree, but never linked. */
  get neverLinked(): Iterable<Linkable> {
    return this.#toLink.values();
  }

  /** Gone from the tree, but still on the vm_bo's list. */
  get stillLinked(): Iterable<Linkable> {
    return this.#toUnlink.values();
  }
}
