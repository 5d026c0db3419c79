// Which ranges of a VM are known: what its tree has there is mapped there, and nothing else is.
import { add, type U64 } from '../base/u64.ts';
import { ceilTo, floorTo, SZ_4K } from '../mmu/format.ts';
import { type Span, SpanSet } from '../mmu/span_map.ts';

/** Remembered for open jobs; beyond it everything is forgotten. */
const MAX_FRESH = 100_000;

interface Fresh extends Span {
  readonly version: number;
}

/**
 * All of it from its drm_gpuvm_init() on, until events go missing. From there on only what shows itself: where
 * drm_gpuva_insert() succeeds nothing else is (it returns -EEXIST otherwise), where drm_gpuva_remove() took a mapping
 * nothing is, and in the range of a request whose steps were all carried out there is what they left; or all of it again,
 * where the user has a snapshot.
 */
export class KnownRanges {
  /** All of the VM. */
  whole: boolean;
  /** That was so from its beginning on. */
  unbroken: boolean;
  readonly #known = new SpanSet();
  /** What became known while a job may still ask of an earlier version. */
  #fresh: Fresh[] = [];
  #wholeSince = 0;

  constructor(whole: boolean) {
    this.whole = this.unbroken = whole;
  }

  /** Events are missing. */
  forget(): void {
    this.whole = this.unbroken = false;
    const [...spans] = this.#known;
    for (const { addr, end } of spans) this.#known.remove(addr, end);
    this.settle();
  }

  /** Known at this version of the VM, of which `of` is all where that is known. True: now the VM is known whole, and was not. */
  reveal(addr: U64, range: U64, version: number, of: { readonly addr: U64; readonly range: U64 } | undefined): boolean {
    const span = spanOf(addr, range);
    if (span === undefined) return false;
    for (const gap of this.#known.gaps(span.addr, span.end)) this.#fresh.push({ ...gap, version });
    this.#known.add(span.addr, span.end);
    if (this.#fresh.length > MAX_FRESH) this.forget();
    if (of === undefined || !this.#covers(spanOf(of.addr, of.range))) return false;
    this.whole = true;
    this.#wholeSince = version;
    return true;
  }

  /** All of the VM is known from this version on. */
  restore(version: number): void {
    this.whole = true;
    this.#wholeSince = version;
  }

  /** No job will ask of an earlier version any more. */
  settle(): void {
    if (this.#fresh.length > 0) this.#fresh = [];
    this.#wholeSince = 0;
  }

  /** Is all of the range known, and was it at this version? */
  has(addr: U64, range: U64, version: number): boolean {
    if (this.whole && version >= this.#wholeSince) return true;
    const span = spanOf(addr, range);
    if (span === undefined || !this.#covers(span)) return false;
    return !this.#fresh.some((one) => one.version > version && one.addr < span.end && span.addr < one.end);
  }

  /** Is any of the range known now? */
  touches(addr: U64, range: U64): boolean {
    if (this.whole) return true;
    const span = spanOf(addr, range);
    return span !== undefined && this.#known.any(span.addr, span.end);
  }

  /** The pages of it that are known now. */
  *pages({ addr, end }: Span): Iterable<Span> {
    if (this.whole) yield { addr, end };
    else
      for (const one of this.#known.overlaps(addr, end)) {
        const from = ceilTo(Math.max(one.addr, addr), SZ_4K);
        const to = floorTo(Math.min(one.end, end), SZ_4K);
        if (from < to) yield { addr: from, end: to };
      }
  }

  #covers(span: Span | undefined): boolean {
    return span !== undefined && this.#known.covered(span.addr, span.end) === span.end - span.addr;
  }
}

/** Undefined where its bounds are no exact doubles, or it is empty. */
function spanOf(addr: U64, range: U64): Span | undefined {
  const end = add(addr, range);
  if (typeof addr !== 'number' || typeof end !== 'number' || end <= addr) return undefined;
  return { addr, end };
}
