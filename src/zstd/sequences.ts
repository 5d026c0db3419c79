// The sequences of a block, each some literals and a match: RFC 8878 3.1.1.3.2 and 3.1.1.4.
import type { BlockBytes } from './block_bytes.ts';
import { type FseTable, fseTable, oneSymbol, readFseCounts } from './fse_table.ts';
import type { History } from './history.ts';
import type { Literals } from './literals.ts';
import {
  LITERAL_LENGTHS,
  LITERALS_BASE,
  LITERALS_BITS,
  MATCH_BASE,
  MATCH_BITS,
  MATCH_LENGTHS,
  OFFSETS,
  type SequenceCode,
} from './sequence_codes.ts';

/** How a table is given, and behind these: as its own description. */
const PREDEFINED = 0;
const ONE_SYMBOL = 1;
const REPEATED = 3;
/** From so many bytes on a call that copies costs less than a loop. */
const LONG = 48;

/** The table of one code, which a block may take over from the one before. */
class CodeTable {
  readonly #code: SequenceCode;
  readonly #cells: Int32Array<ArrayBuffer>;
  #table: FseTable | undefined;

  constructor(code: SequenceCode) {
    this.#code = code;
    this.#cells = new Int32Array(1 << code.maxLog);
  }

  begin(): void {
    this.#table = undefined;
  }

  read(block: BlockBytes, mode: number): FseTable {
    const table = this.#given(block, mode);
    this.#table = table;
    return table;
  }

  #given(block: BlockBytes, mode: number): FseTable {
    const { what, maxSymbol, maxLog, predefined } = this.#code;
    if (mode === PREDEFINED) return predefined;
    if (mode === ONE_SYMBOL) {
      const symbol = block.byte(what);
      if (symbol > maxSymbol) throw block.wrong(`no such code of ${what}: ${symbol}`, block.at - 1);
      return oneSymbol(symbol);
    }
    if (mode !== REPEATED)
      return fseTable(readFseCounts(block, { end: block.end, maxLog, maxSymbol, what }), this.#cells);
    if (this.#table === undefined) throw block.wrong(`${what} by the table of a block before, which has none`);
    return this.#table;
  }
}

export class Sequences {
  readonly #literalLengths = new CodeTable(LITERAL_LENGTHS);
  readonly #offsets = new CodeTable(OFFSETS);
  readonly #matchLengths = new CodeTable(MATCH_LENGTHS);
  /** Offsets that were used last. */
  readonly #recent = Int32Array.of(1, 4, 8);

  /** A frame begins: it has nothing of those before. */
  begin(): void {
    this.#recent.set([1, 4, 8]);
    for (const table of [this.#literalLengths, this.#offsets, this.#matchLengths]) table.begin();
  }

  /** Unpacks a block behind what `history` holds, up to `limit` bytes; returns the place behind its last byte. */
  run(block: BlockBytes, literals: Literals, history: History, limit: number): number {
    const count = countOf(block);
    let at = history.at;
    if (count > 0) {
      const modes = block.byte('sequences');
      if ((modes & 3) !== 0)
        throw block.wrong('a bit is set that no version of the format has a meaning for', block.at - 1);
      const literalLengths = this.#literalLengths.read(block, modes >> 6);
      const offsets = this.#offsets.read(block, (modes >> 4) & 3);
      const matchLengths = this.#matchLengths.read(block, (modes >> 2) & 3);
      at = this.#execute(block, literals, history, limit, count, literalLengths, offsets, matchLengths);
    } else if (block.at < block.end) throw block.wrong('bytes behind a block without sequences');
    const end = at + literals.end - literals.at;
    if (end > history.at + limit) throw block.wrong(`a block of more than ${limit} bytes`);
    history.bytes.set(literals.bytes.subarray(literals.at, literals.end), at);
    return end;
  }

  #execute(
    block: BlockBytes,
    literals: Literals,
    history: History,
    limit: number,
    count: number,
    literalLengths: FseTable,
    offsets: FseTable,
    matchLengths: FseTable,
  ): number {
    const { view, at: from } = block;
    const { bytes, end: ringEnd } = history;
    const literalBytes = literals.bytes;
    const literalEnd = literals.end;
    const end = history.at + limit;
    /** Behind which place less is to be reached, of the ring as a line. */
    const first = history.at - history.reach;
    const literalCells = literalLengths.cells;
    const offsetCells = offsets.cells;
    const matchCells = matchLengths.cells;
    let [recent1 = 0, recent2 = 0, recent3 = 0] = this.#recent;
    let at = history.at;
    let literalAt = literals.at;
    let left = block.bitsOf(from, block.end, 'sequences');
    const bitsAt = (bit: number): number => view.getUint32(from + (bit >> 3), true) >>> (bit & 7);

    left -= literalLengths.log + offsets.log + matchLengths.log;
    if (left < 0) throw block.wrong('sequences begin with fewer bits than their states have', from);
    let matchState = bitsAt(left) & ((1 << matchLengths.log) - 1);
    let offsetState = bitsAt(left + matchLengths.log) & ((1 << offsets.log) - 1);
    let literalState = bitsAt(left + matchLengths.log + offsets.log) & ((1 << literalLengths.log) - 1);

    for (let more = count - 1; more >= 0; more--) {
      const literalCell = literalCells[literalState] as number;
      const offsetCell = offsetCells[offsetState] as number;
      const matchCell = matchCells[matchState] as number;
      const offsetBits = offsetCell & 255;
      const matchBits = MATCH_BITS[matchCell & 255] as number;
      const literalBits = LITERALS_BITS[literalCell & 255] as number;

      left -= offsetBits + matchBits + literalBits;
      if (left < 0) throw block.wrong('sequences that take more bits than there are', from);
      const literalLength = (LITERALS_BASE[literalCell & 255] as number) + (bitsAt(left) & ((1 << literalBits) - 1));
      const matchLength =
        (MATCH_BASE[matchCell & 255] as number) + (bitsAt(left + literalBits) & ((1 << matchBits) - 1));
      const offsetAt = left + literalBits + matchBits;
      let offset: number;
      if (offsetBits > 1) {
        if (offsetBits > 27) throw block.wrong(`a match of an offset of ${offsetBits} bits`, from);
        const low = Math.min(offsetBits, 16);
        offset =
          (1 << offsetBits) -
          3 +
          (bitsAt(offsetAt) & ((1 << low) - 1)) +
          ((bitsAt(offsetAt + low) & ((1 << (offsetBits - low)) - 1)) << low);
        recent3 = recent2;
        recent2 = recent1;
        recent1 = offset;
      } else {
        // 0: the last one, 1 and 2 those before it; without literals each is one further, and 3 is the last one less 1.
        const index = (offsetBits === 0 ? 0 : 1 + (bitsAt(offsetAt) & 1)) + (literalLength === 0 ? 1 : 0);
        offset = index === 0 ? recent1 : index === 1 ? recent2 : index === 2 ? recent3 : recent1 - 1;
        if (offset === 0) throw block.wrong('a match of offset 0', from);
        if (index > 1) recent3 = recent2;
        if (index > 0) recent2 = recent1;
        recent1 = offset;
      }
      if (more > 0) {
        const literalStep = (literalCell >> 8) & 255;
        const matchStep = (matchCell >> 8) & 255;
        const offsetStep = (offsetCell >> 8) & 255;
        left -= literalStep + matchStep + offsetStep;
        if (left < 0) throw block.wrong('sequences that take more bits than there are', from);
        offsetState = (offsetCell >> 16) + (bitsAt(left) & ((1 << offsetStep) - 1));
        const both = bitsAt(left + offsetStep);
        matchState = (matchCell >> 16) + (both & ((1 << matchStep) - 1));
        literalState = (literalCell >> 16) + ((both >> matchStep) & ((1 << literalStep) - 1));
      }

      if (literalLength > literalEnd - literalAt) throw block.wrong('sequences of more literals than there are', from);
      if (literalLength + matchLength > end - at) throw block.wrong(`a block of more than ${limit} bytes`, from);
      if (literalLength < LONG) {
        for (const to = at + literalLength; at < to; ) bytes[at++] = literalBytes[literalAt++] as number;
      } else {
        bytes.set(literalBytes.subarray(literalAt, literalAt + literalLength), at);
        at += literalLength;
        literalAt += literalLength;
      }
      if (offset > at - first)
        throw block.wrong(`a match ${offset} bytes back, of which ${at - first} are there`, from);
      let source = at - offset;
      const to = at + matchLength;
      if (source < 0) {
        source += ringEnd;
        for (; at < to && source < ringEnd; ) bytes[at++] = bytes[source++] as number;
        if (at < to) source = 0;
      }
      if (to - at >= LONG && offset >= matchLength) bytes.copyWithin(at, source, source + to - at);
      else for (let i = at; i < to; ) bytes[i++] = bytes[source++] as number;
      at = to;
    }
    if (left !== 0) throw block.wrong('sequences that take fewer bits than there are', from);
    this.#recent[0] = recent1;
    this.#recent[1] = recent2;
    this.#recent[2] = recent3;
    literals.at = literalAt;
    return at;
  }
}

/** How many sequences there are. */
function countOf(block: BlockBytes): number {
  const first = block.byte('sequences');
  if (first < 128) return first;
  const second = block.byte('sequences');
  if (first < 255) return ((first - 128) << 8) + second;
  return second + (block.byte('sequences') << 8) + 0x7f00;
}
