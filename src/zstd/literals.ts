// The literals of a block: RFC 8878 3.1.1.3.1.
import { type BlockBytes, MAX_BLOCK } from './block_bytes.ts';
import { HuffmanTable } from './huffman.ts';

/** How they are stored, and behind these: by the table of the block before. */
const RAW = 0;
const RUN = 1;
const WITH_TABLE = 2;
const WHAT = 'literals';
/** Fewer cannot be shared out among four streams. */
const MIN_OF_FOUR = 6;

export class Literals {
  /** Where they stand, from `at` to before `end`. */
  bytes = new Uint8Array(0);
  at = 0;
  end = 0;
  readonly #table = new HuffmanTable();
  readonly #unpacked = new Uint8Array(MAX_BLOCK);

  /** A frame begins: it has no table of those before. */
  begin(): void {
    this.#table.log = 0;
  }

  /** `limit`: bytes of a block at most. */
  read(block: BlockBytes, limit: number): void {
    const head = block.view.getUint8(block.at);
    const kind = head & 3;
    const format = (head >> 2) & 3;
    if (kind > RUN) this.#readPacked(block, limit, kind, format);
    else this.#readPlain(block, limit, kind, format);
  }

  #readPlain(block: BlockBytes, limit: number, kind: number, format: number): void {
    const headSize = format === 1 ? 2 : format === 3 ? 3 : 1;
    const at = block.take(headSize, WHAT);
    const head = block.view.getUint32(at, true) & (2 ** (8 * headSize) - 1);
    const size = head >> (headSize === 1 ? 3 : 4);
    if (size > limit) throw tooMany(block, size, at);
    if (kind === RAW) {
      this.bytes = block.bytes;
      this.at = block.take(size, WHAT);
    } else {
      this.bytes = this.#unpacked.fill(block.byte(WHAT), 0, size);
      this.at = 0;
    }
    this.end = this.at + size;
  }

  #readPacked(block: BlockBytes, limit: number, kind: number, format: number): void {
    const { view } = block;
    const bits = [10, 10, 14, 18][format] as number;
    const mask = (1 << bits) - 1;
    const at = block.take((4 + 2 * bits) / 8, WHAT);
    const size = (view.getUint32(at, true) >>> 4) & mask;
    const packed = (view.getUint32(at + 1, true) >>> (bits - 4)) & mask;
    if (size > limit) throw tooMany(block, size, at);
    const from = block.take(packed, WHAT);
    const end = from + packed;
    block.at = from;
    if (kind === WITH_TABLE) this.#table.read(block);
    else if (this.#table.log === 0) throw block.wrong('literals by the table of a block before, which has none', at);
    if (format === 0) this.#table.decode(block, block.at, end, this.#unpacked, 0, size);
    else this.#decodeFour(block, end, size);
    block.at = end;
    this.bytes = this.#unpacked;
    this.at = 0;
    this.end = size;
  }

  /** Three sizes, then four streams, each of a quarter of the literals. */
  #decodeFour(block: BlockBytes, end: number, size: number): void {
    const { view } = block;
    if (size < MIN_OF_FOUR) throw block.wrong(`${size} literals in four streams`);
    const sizes = block.take(6, WHAT);
    const part = (size + 3) >> 2;
    let from = block.at;
    for (let i = 0; i < 4; i++) {
      const to = i < 3 ? from + view.getUint16(sizes + 2 * i, true) : end;
      if (to > end) throw block.wrong('a stream of literals of more bytes than there are', sizes + 2 * i);
      this.#table.decode(block, from, to, this.#unpacked, i * part, Math.min(size, (i + 1) * part));
      from = to;
    }
  }
}

function tooMany(block: BlockBytes, size: number, at: number): Error {
  return block.wrong(`${size} literals in one block`, at);
}
