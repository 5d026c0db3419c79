// Compressed bytes in a row, whatever pieces they come in.
import { ZstdError } from './zstd_error.ts';

export class Input {
  readonly #chunks: Iterator<Uint8Array>;
  /** Valid until the next one is asked for. */
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #before = 0;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** Bytes that were read. */
  get offset(): number {
    return this.#before + this.#at;
  }

  isOver(): boolean {
    while (this.#at === this.#chunk.length) {
      const next = this.#chunks.next();
      if (next.done === true) return true;
      this.#before += this.#chunk.length;
      this.#chunk = next.value;
      this.#at = 0;
    }
    return false;
  }

  /** Puts the next `size` bytes at `into[at]`; throws where the bytes end before, which is within `what`. */
  read(into: Uint8Array, at: number, size: number, what: string): void {
    for (let done = 0; done < size; ) {
      const part = this.#next(size - done, what);
      into.set(this.#chunk.subarray(this.#at - part, this.#at), at + done);
      done += part;
    }
  }

  skip(size: number, what: string): void {
    for (let done = 0; done < size; ) done += this.#next(size - done, what);
  }

  /** Goes on by at most `size` bytes within a piece. */
  #next(size: number, what: string): number {
    if (this.isOver()) throw new ZstdError(this.offset, `end early, within ${what}`, false);
    const part = Math.min(size, this.#chunk.length - this.#at);
    this.#at += part;
    return part;
  }
}
