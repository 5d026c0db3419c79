// Unpacks zstd frames, one behind the other: RFC 8878 3. Nothing that they say is trusted, and no work or memory is spent
// on what they only announce.
import { BlockBytes, MAX_BLOCK } from './block_bytes.ts';
import { readFrameHeader } from './frame_header.ts';
import { History } from './history.ts';
import { Input } from './input.ts';
import { Literals } from './literals.ts';
import { isSkipped, MAGIC } from './magic.ts';
import { Sequences } from './sequences.ts';
import { Xxh64 } from './xxh64.ts';
import { ZstdError } from './zstd_error.ts';

/** Types of blocks. */
const RAW = 0;
const RUN = 1;
const COMPRESSED = 2;

/** Has memory of its own, which frames use one after the other. */
export class ZstdDecoder {
  readonly #head = new DataView(new ArrayBuffer(4));
  readonly #block = new BlockBytes();
  readonly #literals = new Literals();
  readonly #sequences = new Sequences();
  readonly #history = new History();
  readonly #checksum = new Xxh64();

  /** Pieces of what the bytes hold, each valid until the next one is asked for. Throws a ZstdError where they are damaged. */
  *unpacked(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
    const input = new Input(chunks);
    while (!input.isOver()) {
      const at = input.offset;
      const magic = this.#number(input, 4, 'the magic number of a frame');
      if (isSkipped(magic)) {
        const size = this.#number(input, 4, 'the size of a frame that is skipped');
        input.skip(size, 'a frame that is skipped');
      } else if (magic === MAGIC) yield* this.#frame(input);
      else throw new ZstdError(at, at === 0 ? 'no zstd frame' : 'no zstd frame follows the one before', false);
    }
  }

  *#frame(input: Input): Generator<Uint8Array> {
    const { windowSize, contentSize, hasChecksum } = readFrameHeader(input);
    const limit = Math.min(windowSize, MAX_BLOCK);
    this.#history.begin(windowSize, limit);
    this.#literals.begin();
    this.#sequences.begin();
    this.#checksum.begin();
    for (let isLast = false; !isLast; ) {
      const at = input.offset;
      const head = this.#number(input, 3, 'the header of a block');
      isLast = (head & 1) !== 0;
      this.#history.open();
      const bytes = this.#history.close(this.#blockEnd(input, (head >> 1) & 3, head >> 3, limit));
      if (contentSize !== undefined && this.#history.unpacked > contentSize) {
        throw new ZstdError(at, `more than the ${contentSize} bytes that the frame announces`);
      }
      if (hasChecksum) this.#checksum.add(bytes);
      if (bytes.length > 0) yield bytes;
    }
    const { unpacked } = this.#history;
    if (contentSize !== undefined && unpacked !== contentSize) {
      throw new ZstdError(input.offset, `${unpacked} bytes where the frame announces ${contentSize}`);
    }
    if (!hasChecksum) return;
    const at = input.offset;
    const told = this.#number(input, 4, 'the checksum of a frame');
    if (told !== this.#checksum.end()) throw new ZstdError(at, 'the checksum is not that of what was unpacked');
  }

  /** Unpacks a block; returns the place behind its last byte. */
  #blockEnd(input: Input, type: number, size: number, limit: number): number {
    const history = this.#history;
    if (size > limit) throw new ZstdError(input.offset - 3, `a block of ${size} bytes, of ${limit} at most`);
    if (type === COMPRESSED) {
      this.#block.load(input, size);
      this.#literals.read(this.#block, limit);
      return this.#sequences.run(this.#block, this.#literals, history, limit);
    }
    const end = history.at + size;
    if (type === RAW) input.read(history.bytes, history.at, size, 'a block');
    else if (type === RUN) history.bytes.fill(this.#number(input, 1, 'a block'), history.at, end);
    else throw new ZstdError(input.offset - 3, 'a block of a type that no version of the format has');
    return end;
  }

  /** Of up to four bytes. */
  #number(input: Input, size: number, what: string): number {
    this.#head.setUint32(0, 0);
    input.read(new Uint8Array(this.#head.buffer), 0, size, what);
    return this.#head.getUint32(0, true);
  }
}
