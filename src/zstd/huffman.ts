// Huffman codes of literals: the weights that describe them, and streams of them. RFC 8878 4.2.
import type { BlockBytes } from './block_bytes.ts';
import { fseTable, readFseCounts } from './fse_table.ts';

/** Bits of the longest code: one more than encoders may use, as the reference decoder takes it. */
const MAX_LOG = 12;
const MAX_WEIGHTS = 255;
const WHAT = 'the weights of literals';

export class HuffmanTable {
  /** Bits of the longest code; 0: there is no table yet. */
  log = 0;
  /** By the next `log` bits: symbol, and bits of its code (<< 8). */
  readonly #cells = new Uint16Array(1 << MAX_LOG);
  readonly #weights = new Uint8Array(MAX_WEIGHTS + 1);

  read(block: BlockBytes): void {
    const header = block.byte(WHAT);
    const count = header < 128 ? this.#readPacked(block, header) : this.#readPlain(block, header - 127);
    this.#build(block, count);
  }

  /**
   * Fills `out` from `at` to before `to` with the symbols of the stream in bytes `from` to before `end` of the block, all of
   * which that must take.
   */
  decode(block: BlockBytes, from: number, end: number, out: Uint8Array, at: number, to: number): void {
    const { view } = block;
    const cells = this.#cells;
    const log = this.log;
    const mask = (1 << log) - 1;
    let left = block.bitsOf(from, end, 'literals');
    let place = at;
    // 24 bits hold two codes.
    for (const last = to - 1; place < last && left >= 24; place += 2) {
      const bit = left - 24;
      const bits = view.getUint32(from + (bit >> 3), true) >>> (bit & 7);
      const first = cells[(bits >> (24 - log)) & mask] as number;
      const second = cells[(bits >> (24 - log - (first >> 8))) & mask] as number;
      out[place] = first;
      out[place + 1] = second;
      left -= (first >> 8) + (second >> 8);
    }
    for (; place < to; place++) {
      const bit = left - log;
      const bits = bit < 0 ? view.getUint32(from, true) << -bit : view.getUint32(from + (bit >> 3), true) >>> (bit & 7);
      const cell = cells[bits & mask] as number;
      out[place] = cell;
      left -= cell >> 8;
      if (left < 0) throw block.wrong('literals that take more bits than there are', from);
    }
    if (left !== 0) throw block.wrong('literals that take fewer bits than there are', from);
  }

  /** Four bits each. */
  #readPlain(block: BlockBytes, count: number): number {
    const from = block.take((count + 1) >> 1, WHAT);
    for (let i = 0; i < count; i++) {
      const byte = block.bytes[from + (i >> 1)] as number;
      this.#weights[i] = i % 2 === 0 ? byte >> 4 : byte & 15;
    }
    return count;
  }

  /** As an FSE stream of two states in turns, which ends where it has no bits for the next one. */
  #readPacked(block: BlockBytes, size: number): number {
    const start = block.at;
    const end = block.take(size, WHAT) + size;
    block.at = start;
    const { log, cells } = fseTable(readFseCounts(block, { end, maxLog: 6, maxSymbol: 255, what: WHAT }));
    const from = block.at;
    let left = block.bitsOf(from, end, WHAT);
    const read = (size: number): number => {
      left -= size;
      return (block.view.getUint32(from + (left >> 3), true) >>> (left & 7)) & ((1 << size) - 1);
    };
    if (left < 2 * log) throw block.wrong(`${WHAT} begin with fewer bits than a state has`, from);
    let state = read(log);
    let other = read(log);
    for (let count = 0; count < MAX_WEIGHTS - 1; ) {
      const cell = cells[state] as number;
      this.#weights[count++] = cell;
      const bits = (cell >> 8) & 255;
      if (bits > left) {
        this.#weights[count++] = cells[other] as number;
        block.at = end;
        return count;
      }
      state = other;
      other = (cell >> 16) + read(bits);
    }
    throw block.wrong(`${WHAT} of more than ${MAX_WEIGHTS} symbols`, from);
  }

  /** The last symbol's weight is what is missing. */
  #build(block: BlockBytes, count: number): void {
    const weights = this.#weights;
    const numbers = new Uint16Array(MAX_LOG + 2);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const weight = weights[i] as number;
      if (weight > MAX_LOG) throw block.wrong(`a literal of weight ${weight}`);
      numbers[weight] = (numbers[weight] as number) + 1;
      sum += (1 << weight) >> 1;
    }
    const log = 32 - Math.clz32(sum);
    const rest = (1 << log) - sum;
    if (sum === 0 || log > MAX_LOG || (rest & (rest - 1)) !== 0) throw block.wrong(`${WHAT} come to ${sum}`);
    const last = 32 - Math.clz32(rest);
    weights[count] = last;
    numbers[last] = (numbers[last] as number) + 1;
    if ((numbers[1] as number) < 2) throw block.wrong('no two literals have the longest code');
    this.log = log;
    let place = 0;
    for (let weight = 1; weight <= log; weight++) {
      for (let symbol = 0; symbol <= count; symbol++) {
        if (weights[symbol] !== weight) continue;
        const size = 1 << (weight - 1);
        this.#cells.fill(symbol | ((log + 1 - weight) << 8), place, place + size);
        place += size;
      }
    }
  }
}
