// Which entries of a table are known: what it has there is there, and nothing else is.
import { type Span, SpanSet } from '../../mmu/span_map.ts';

/**
 * All of them from the VM's drm_gpuvm_init() on, until events go missing. From there on only ranges that are shown, which is
 * what all but `whole` is about. Addresses are those of the simulated table.
 */
export class KnownEntries {
  /** All of the table. */
  whole: boolean;
  readonly #known = new SpanSet();
  /** False: something writes entries that the trace does not show. */
  #isShown = true;

  constructor(whole: boolean) {
    this.whole = whole;
  }

  /** What is kept of it, in ranges. */
  get size(): number {
    return this.#known.size;
  }

  /** Events are missing. */
  forget(): void {
    this.whole = false;
    this.#isShown = true;
    this.#known.drop(0, Number.POSITIVE_INFINITY);
  }

  /** A call found other entries than these: until events go missing, which may be why, nothing is. */
  giveUp(): void {
    this.forget();
    this.#isShown = false;
  }

  show({ addr, end }: Span): void {
    if (this.#isShown) this.#known.add(addr, end);
  }

  hide({ addr, end }: Span): void {
    this.#known.remove(addr, end);
  }

  has({ addr, end }: Span): boolean {
    return this.#known.covered(addr, end) === end - addr;
  }

  /** The parts that are not known. */
  gaps({ addr, end }: Span): Span[] {
    return this.#known.gaps(addr, end);
  }

  /** The parts that are. */
  *parts({ addr, end }: Span): Iterable<Span> {
    for (const one of this.#known.overlaps(addr, end))
      yield { addr: Math.max(one.addr, addr), end: Math.min(one.end, end) };
  }
}
