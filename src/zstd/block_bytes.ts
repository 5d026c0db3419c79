// The compressed bytes of one block, which are read from the front.
import type { Input } from './input.ts';
import { ZstdError } from './zstd_error.ts';

/** No block holds more, compressed or not. */
export const MAX_BLOCK = 1 << 17;
/** So that a number can be read whose last bytes are not of the block. They are zero. */
const MARGIN = 8;

export class BlockBytes {
  readonly bytes = new Uint8Array(MAX_BLOCK + MARGIN);
  readonly view = new DataView(this.bytes.buffer);
  /** Of the byte that is read next. */
  at = 0;
  end = 0;
  /** Where the block begins in the file. */
  #start = 0;

  load(input: Input, size: number): void {
    this.#start = input.offset;
    input.read(this.bytes, 0, size, 'a block');
    this.bytes.fill(0, size, size + MARGIN);
    this.at = 0;
    this.end = size;
  }

  /** Where the next `size` bytes stand, which are then read. */
  take(size: number, what: string): number {
    const from = this.at;
    if (size > this.end - from) throw this.wrong(`the block ends within its ${what}`);
    this.at = from + size;
    return from;
  }

  byte(what: string): number {
    return this.bytes[this.take(1, what)] as number;
  }

  wrong(what: string, at = this.at): ZstdError {
    return new ZstdError(this.#start + at, what);
  }

  /**
   * Bits of the stream in bytes `from` to before `to`, which is read from its end: the highest bit that is set in its last
   * byte tells where that is.
   */
  bitsOf(from: number, to: number, what: string): number {
    const last = to > from ? (this.bytes[to - 1] as number) : 0;
    if (last === 0) throw this.wrong(`${what} have no mark of their end`, Math.max(from, to - 1));
    return (to - from) * 8 - Math.clz32(last) + 23;
  }
}
