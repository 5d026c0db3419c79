// Fence slots of one dma_resv during one hold of its lock: dma_resv_reserve_fences() and _add_fence() of dma-resv.c.

import type { Ptr } from '../base/u64.ts';

/**
 * `unreserved`: no slot was reserved since the lock was taken. `exhausted`: slots were, but all may be used up; only a
 * suspicion, since the kernel lets a fence replace one of its own context or a signalled one, which is not visible here.
 */
export type AddFence = 'ok' | 'unreserved' | 'exhausted';

export class Resv {
  readonly id: Ptr;
  #reserved = false;
  #free = 0;
  /** Fences added in this hold: adding one again replaces it. */
  readonly #fences: Ptr[] = [];

  constructor(id: Ptr) {
    this.id = id;
  }

  /** Slots sure to be free. */
  get free(): number {
    return this.#free;
  }

  /** dma_resv_reserve_fences(): count slots are free afterwards, not in addition. 0, or -EINVAL for a count of 0. */
  reserve(count: number): 0 | -22 {
    if (count === 0) return -22;
    this.#reserved = true;
    if (this.#free < count) this.#free = count;
    return 0;
  }

  /** dma_resv_add_fence() */
  addFence(fence: Ptr): AddFence {
    if (!this.#reserved) return 'unreserved';
    if (this.#fences.includes(fence)) return 'ok';
    if (this.#free === 0) return 'exhausted';
    this.#free--;
    this.#fences.push(fence);
    return 'ok';
  }

  /** dma_resv_unlock(): slots do not survive it (the kernel takes them away with CONFIG_DEBUG_MUTEXES). */
  unlock(): void {
    this.#reserved = false;
    this.#free = 0;
    this.#fences.length = 0;
  }
}
