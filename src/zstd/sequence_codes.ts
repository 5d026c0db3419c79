// The codes of literal lengths, match lengths and offsets, and how often they come where nothing else is said: RFC 8878
// 3.1.1.3.2.1.1 and 3.1.1.3.2.2.
import { type FseTable, fseTable } from './fse_table.ts';

export interface SequenceCode {
  readonly what: string;
  /** Bits of a state at most. */
  readonly maxLog: number;
  readonly maxSymbol: number;
  readonly predefined: FseTable;
}

/** Bits that follow each code, and the number that they are added to. */
export const LITERALS_BITS = Uint8Array.of(
  ...zeros(16),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
);
export const LITERALS_BASE = basesOf(LITERALS_BITS, 0);
export const MATCH_BITS = Uint8Array.of(
  ...[...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);
export const MATCH_BASE = basesOf(MATCH_BITS, 3);

export const LITERAL_LENGTHS: SequenceCode = {
  what: 'literal lengths',
  maxLog: 9,
  maxSymbol: 35,
  predefined: fseTable({
    log: 6,
    counts: [4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2, ...times(5, 1), ...times(4, -1)],
  }),
};

export const OFFSETS: SequenceCode = {
  what: 'offsets',
  maxLog: 8,
  maxSymbol: 31,
  predefined: fseTable({ log: 5, counts: [...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)] }),
};

export const MATCH_LENGTHS: SequenceCode = {
  what: 'match lengths',
  maxLog: 9,
  maxSymbol: 52,
  predefined: fseTable({ log: 6, counts: [1, 4, 3, ...times(6, 2), ...times(37, 1), ...times(7, -1)] }),
};

function times(count: number, value: number): number[] {
  return new Array<number>(count).fill(value);
}

function zeros(count: number): number[] {
  return times(count, 0);
}

/** Each code begins where the one before it ends. */
function basesOf(bits: Uint8Array, first: number): Int32Array {
  let base = first;
  return Int32Array.from(bits, (size) => {
    base += 1 << size;
    return base - (1 << size);
  });
}
