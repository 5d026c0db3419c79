// What msm's messages leave open of one VM. A mapping that they call unmapped may be bound again as it is (with other flags), and
// then stays without another word. What tells is whether the job clears its entries: jobs write what the steps before asked for,
// in their order, some time later.
import type { U64 } from '../base/u64.ts';
import type { LogTable } from '../events/vm_event.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';

/** What a job is still to write; beyond it the oldest are given up. */
const MAX_WRITES = 4096;

interface Write {
  readonly what: 'map' | 'unmap';
  readonly va: Gpuva;
}

export class LoggedVm {
  /** What was split last leads to NULL, and so do its pieces. */
  splitsNull = false;
  /** In the order of the steps. Those of a REMAP are not among them, for its messages do not show the gap. */
  readonly #writes: Write[] = [];
  /** Without entries. */
  readonly #evicted = new WeakSet<Gpuva>();

  /** Said to be unmapped; nothing tells so far whether they are. */
  get leaving(): ReadonlySet<Gpuva> {
    return new Set(this.#writes.filter(({ what }) => what === 'unmap').map(({ va }) => va));
  }

  mapped(va: Gpuva): void {
    this.#await({ what: 'map', va });
  }

  /** False: it goes at once, for there is nothing to clear. */
  unmapped(va: Gpuva): boolean {
    if (this.#evicted.has(va)) return false;
    this.#await({ what: 'unmap', va });
    return true;
  }

  /** The entries of a range are written or cleared; `va` is what is mapped there. Returns the mapping that goes with it. */
  written({ what, addr, length }: LogTable, va: Gpuva | undefined): Gpuva | undefined {
    if (what === 'close') return va;
    if (what === 'evict') {
      if (va !== undefined) this.#evicted.add(va);
      return undefined;
    }
    if (what === 'map' && va !== undefined) this.#evicted.delete(va);
    const write = this.#take(what, addr, length);
    return write?.what === 'unmap' ? write.va : undefined;
  }

  #await(write: Write): void {
    if (this.#writes.push(write) > MAX_WRITES) this.#writes.shift();
  }

  /** What was passed over was no write: an unmap that was none. A map that was not seen ends the search for an unmap. */
  #take(what: Write['what'], addr: U64, range: U64): Write | undefined {
    for (const [index, write] of this.#writes.entries()) {
      if (write.what === what && write.va.addr === addr && write.va.range === range) {
        this.#writes.splice(0, index + 1);
        return write;
      }
      if (what === 'unmap' && write.what === 'map') return undefined;
    }
    return undefined;
  }
}
