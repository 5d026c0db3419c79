// Whose memory a table entry points to. The entries hold the driver's own names for it (a number, an sg_table, a physical
// address); which object and offset these are is learned from the mappings that they are written for.
import { PtrMap } from '../../base/ptr_map.ts';
import type { Ptr, U64 } from '../../base/u64.ts';
import { addWrapped, sub } from '../../base/u64.ts';
import type { Known, Place } from '../../mmu/compare.ts';
import { floorTo, SZ_4K } from '../../mmu/format.ts';
import type { Target } from '../../mmu/run.ts';
import { type Span, SpanMap } from '../../mmu/span_map.ts';

/** Who an object is, beyond its address: that is used again after it was freed. */
export type Ordinal = (obj: Ptr) => number;

interface Owner {
  readonly obj: Ptr;
  readonly ordinal: number;
}

/** Physical memory of an object, from its page on. */
interface Backing extends Span {
  readonly obj: Ptr;
  readonly ordinal: number;
  readonly offset: U64;
}

/** Handles known before the first look for those that are not needed any more. */
const FIRST_SWEEP = 4096;

export class Memory {
  readonly #ordinal: Ordinal;
  readonly #handles = new PtrMap<Owner>();
  #sweepAt = FIRST_SWEEP;
  readonly #backings = new SpanMap<Backing>(
    (span, addr, end) => ({ ...span, addr, end, offset: addWrapped(span.offset, addr - span.addr) }),
    (a, b) => a.obj === b.obj && a.ordinal === b.ordinal && addWrapped(a.offset, a.end - a.addr) === b.offset,
  );

  constructor(ordinal: Ordinal) {
    this.#ordinal = ordinal;
  }

  /** What is kept, in handles and ranges. */
  get size(): number {
    return this.#handles.size + this.#backings.size;
  }

  /** Nothing is known any more of whose memory is where. */
  clear(): void {
    this.#handles.clear();
    this.#backings.drop(0, Number.POSITIVE_INFINITY);
  }

  /** The handle stands for the object, unless it is known to stand for another that is still there. */
  learnHandle(handle: Ptr, obj: Ptr): void {
    if (obj === 0) return;
    const known = this.#handles.get(handle);
    if (known !== undefined && this.#lives(known)) return;
    this.#handles.set(handle, { obj, ordinal: this.#ordinal(obj) });
    if (this.#handles.size > this.#sweepAt) this.#sweep();
  }

  /**
   * The bytes [phys, phys + length) are those of the object from the offset on; where they are known to be another
   * place's, `inUse` says whether a table still points to them: if not, they were given back in between.
   */
  learnPhys(phys: U64, length: number, place: Place, inUse: (from: number, to: number) => boolean): void {
    const start = floorTo(phys, SZ_4K);
    const end = start + length;
    if (place.obj === 0 || length <= 0) return;
    for (const known of [...this.#backings.overlaps(start, end)]) {
      const from = Math.max(known.addr, start);
      const to = Math.min(known.end, end);
      const same =
        known.obj === place.obj &&
        addWrapped(known.offset, from - known.addr) === addWrapped(place.offset, from - start);
      // An object's own pages do not change places, unless they were evicted in between.
      if (this.#lives(known) && (same || known.obj === place.obj || inUse(from, to))) continue;
      this.#backings.drop(from, to);
    }
    const ordinal = this.#ordinal(place.obj);
    const gaps: Span[] = [];
    let pos = start;
    for (const known of this.#backings.overlaps(start, end)) {
      if (known.addr > pos) gaps.push({ addr: pos, end: known.addr });
      pos = known.end;
    }
    if (pos < end) gaps.push({ addr: pos, end });
    for (const gap of gaps) {
      this.#backings.put({
        ...gap,
        obj: place.obj,
        ordinal,
        offset: addWrapped(place.offset, gap.addr - start),
      });
    }
  }

  /** The memory may be given back. */
  forgetPhys(phys: U64, length: number): void {
    const start = floorTo(phys, SZ_4K);
    this.#backings.drop(start, start + length);
  }

  /** What a target is, as far as it is known. */
  placeOf(target: Target): Known | undefined {
    if (target.kind === 'null') return undefined;
    if (target.kind === 'obj') {
      const owner = this.#handles.get(target.obj);
      if (owner === undefined) return undefined;
      return { obj: owner.obj, offset: target.offset };
    }
    const page = floorTo(target.addr, SZ_4K);
    const known = this.#backings.at(page);
    if (known === undefined || !this.#lives(known)) return undefined;
    return { obj: known.obj, offset: addWrapped(known.offset, page - known.addr), bytes: known.end - page };
  }

  /** Objects come and go: what belonged to those that are gone is forgotten now and then. */
  #sweep(): void {
    for (const [handle, owner] of this.#handles) if (!this.#lives(owner)) this.#handles.delete(handle);
    for (const backing of [...this.#backings]) {
      if (!this.#lives(backing)) this.#backings.drop(backing.addr, backing.end);
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#handles.size);
  }

  #lives(owner: Owner): boolean {
    return this.#ordinal(owner.obj) === owner.ordinal;
  }
}

/** The place in the mapping's object that an address of the mapping calls for. */
export function placeIn(va: Place & { readonly addr: U64 }, addr: U64): Place {
  return { obj: va.obj, offset: addWrapped(va.offset, sub(addr, va.addr)) };
}
