// FSE tables: a description of how often symbols come, and the states that it makes. RFC 8878 4.1.
import type { BlockBytes } from './block_bytes.ts';

/** Where a state leads: symbol, bits that are read for the next state (<< 8), and what they are added to (<< 16). */
export interface FseTable {
  /** Bits of a state. */
  readonly log: number;
  readonly cells: Int32Array;
}

export interface FseCounts {
  readonly log: number;
  /** By symbol, in states of 1 << log; -1: less than one. */
  readonly counts: ArrayLike<number>;
}

/** Reads a description up to its end, which is a whole byte in front of `end`. */
export function readFseCounts(
  block: BlockBytes,
  { end, maxLog, maxSymbol, what }: { end: number; maxLog: number; maxSymbol: number; what: string },
): FseCounts {
  const { view, at: start } = block;
  let bit = start * 8;
  const peek = () => (bit >> 3 < end ? view.getUint32(bit >> 3, true) >>> (bit & 7) : 0);
  const log = (peek() & 15) + 5;
  if (log > maxLog) throw block.wrong(`states of ${log} bits for ${what}, of ${maxLog} at most`);
  bit += 4;
  const counts: number[] = [];
  for (let left = 1 << log; left > 0; ) {
    if (counts.length > maxSymbol) throw block.wrong(`more symbols than there are for ${what}`);
    const size = 32 - Math.clz32(left + 1);
    const short = (1 << size) - 2 - left;
    const low = peek() & ((1 << (size - 1)) - 1);
    const isShort = low < short;
    const whole = peek() & ((1 << size) - 1);
    const value = isShort ? low : whole > low ? whole - short : whole;
    bit += isShort ? size - 1 : size;
    counts.push(value - 1);
    left -= value === 0 ? 1 : value - 1;
    for (let zeros = value === 1 ? 3 : 0; zeros === 3 && counts.length <= maxSymbol; ) {
      zeros = peek() & 3;
      bit += 2;
      for (let i = 0; i < zeros; i++) counts.push(0);
    }
  }
  const to = (bit + 7) >> 3;
  if (to > end) throw block.wrong(`the table for ${what} does not end`);
  block.at = to;
  return { log, counts };
}

/** `cells`: memory for the states, where there is some. */
export function fseTable({ log, counts }: FseCounts, cells = new Int32Array(1 << log)): FseTable {
  const size = 1 << log;
  let last = size - 1;
  for (let symbol = 0; symbol < counts.length; symbol++) if (counts[symbol] === -1) cells[last--] = symbol;
  const step = (size >> 1) + (size >> 3) + 3;
  for (let symbol = 0, at = 0; symbol < counts.length; symbol++) {
    for (let i = counts[symbol] as number; i > 0; i--) {
      cells[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at > last);
    }
  }
  const next = Uint16Array.from(counts, (count) => Math.abs(count));
  for (let state = 0; state < size; state++) {
    const symbol = cells[state] as number;
    const number = next[symbol] as number;
    next[symbol] = number + 1;
    const bits = log - 31 + Math.clz32(number);
    cells[state] = symbol | (bits << 8) | (((number << bits) - size) << 16);
  }
  return { log, cells };
}

/** Always the same symbol, which takes no bits. */
export function oneSymbol(symbol: number): FseTable {
  return { log: 0, cells: Int32Array.of(symbol) };
}
