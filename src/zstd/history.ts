// What was unpacked last, as far back as matches may reach: a ring that grows to what is really there.

/** Bytes at first. */
const FIRST = 1 << 18;
/** So few steps that what is given up is little beside what takes its place. */
const GROWTH = 8;

/** What a frame leaves to the next one, at most. */
const KEPT = 1 << 20;

export class History {
  bytes = new Uint8Array(0);
  /** Where the next byte goes. */
  at = 0;
  /** What stood in front of place 0 when the ring came round ends here; 0: nothing did. */
  end = 0;
  #window = 0;
  #block = 0;
  #unpacked = 0;

  /** A frame begins, whose matches reach back `window` bytes, and whose blocks unpack to at most `block`. */
  begin(window: number, block: number): void {
    this.at = 0;
    this.end = 0;
    this.#window = window;
    this.#block = block;
    this.#unpacked = 0;
    if (this.bytes.length > KEPT) this.bytes = new Uint8Array(0);
  }

  /** Bytes of the frame. */
  get unpacked(): number {
    return this.#unpacked;
  }

  /** How far back matches at the begin of the next block may reach. */
  get reach(): number {
    return Math.min(this.#window, this.#unpacked);
  }

  /** Makes room for a block at `at`, so that all bytes that it may reach stay. */
  open(): void {
    const need = this.at + this.#block;
    if (need <= this.bytes.length) return;
    // With so many the oldest byte of a window is not overwritten by the block that comes round.
    const most = this.#window + 2 * this.#block;
    if (need > most) {
      this.end = this.at;
      this.at = 0;
      return;
    }
    const size = Math.max(FIRST, GROWTH * this.bytes.length);
    const bytes = new Uint8Array(size > most / 2 ? most : size);
    bytes.set(this.bytes);
    this.bytes = bytes;
  }

  /** The block's bytes, which end before `to`; valid until the next one is opened. */
  close(to: number): Uint8Array {
    const block = this.bytes.subarray(this.at, to);
    this.at = to;
    this.#unpacked += block.length;
    return block;
  }
}
