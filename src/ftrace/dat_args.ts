// The arguments of a record of a trace.dat, each read from its field when it is asked for.
import { type Ptr, ptrFromHalves, type U64, u64FromHalves } from '../base/u64.ts';
import type { Args, ArgType } from '../events/probe.ts';
import { type EventField, fieldString, type RecordBytes } from './trace_dat/index.ts';

/** How the bytes of a field become the value of an argument. */
const ABSENT = 0;
const PTR = 1;
const U64_8 = 2;
const UINT32 = 3;
const INT32 = 4;
const UINT16 = 5;
const UINT8 = 6;
const INT16 = 7;
const INT8 = 8;
/** 64 bits as a double. */
const INT64 = 9;
const UINT64 = 10;
const BITS = 11;
const TEXT = 12;
/** A field that is no number of 1, 2, 4 or 8 bytes. */
const NO_NUMBER = 13;

const UNSIGNED: Readonly<Record<number, number>> = { 1: UINT8, 2: UINT16, 4: UINT32 };
const SIGNED: Readonly<Record<number, number>> = { 1: INT8, 2: INT16, 4: INT32, 8: INT64 };

const TWO32 = 4294967296;
/** As in ArgValues. */
const MAX_TEXT = 4096;

/** The fields of a format that arguments are read from, by the position of the argument. */
export class ArgFields {
  readonly codes: Uint8Array;
  readonly offsets: Int32Array;
  readonly fields: readonly (EventField | undefined)[];

  constructor(fields: readonly (EventField | undefined)[], types: readonly ArgType[]) {
    this.fields = fields;
    this.codes = Uint8Array.from(fields, (field, i) => (field === undefined ? ABSENT : codeOf(field, types[i])));
    this.offsets = Int32Array.from(fields, (field) => field?.offset ?? 0);
  }
}

function codeOf({ size, signed }: EventField, type: ArgType | undefined): number {
  if (type === 'str' || type === 'hex') return TEXT;
  if (type === 'int') return (signed ? SIGNED[size] : size === 8 ? UINT64 : UNSIGNED[size]) ?? NO_NUMBER;
  if (size !== 8) return UNSIGNED[size] ?? NO_NUMBER;
  if (type === 'bits') return BITS;
  return type === 'ptr' ? PTR : U64_8;
}

export class DatArgs implements Args {
  #fields = new ArgFields([], []);
  #record: RecordBytes;

  constructor(record: RecordBytes) {
    this.#record = record;
  }

  /** The next ones: of this record. */
  at(fields: ArgFields, record: RecordBytes): void {
    this.#fields = fields;
    this.#record = record;
  }

  ptr(index: number): Ptr | undefined {
    const { codes, offsets } = this.#fields;
    if (codes[index] !== PTR) return this.#value(index);
    const { view, base, littleEndian } = this.#record;
    const at = base + (offsets[index] ?? 0);
    const first = view.getUint32(at, littleEndian);
    const second = view.getUint32(at + 4, littleEndian);
    return littleEndian ? ptrFromHalves(second, first) : ptrFromHalves(first, second);
  }

  u64(index: number): U64 | undefined {
    const { codes, offsets } = this.#fields;
    if (codes[index] !== U64_8) return this.#value(index);
    const { view, base, littleEndian } = this.#record;
    const at = base + (offsets[index] ?? 0);
    const first = view.getUint32(at, littleEndian);
    const second = view.getUint32(at + 4, littleEndian);
    return littleEndian ? u64FromHalves(second, first) : u64FromHalves(first, second);
  }

  int(index: number): number | undefined {
    const value = this.#value(index);
    return typeof value === 'number' ? value : undefined;
  }

  str(index: number): string | undefined {
    const field = this.#fields.fields[index];
    if (this.#fields.codes[index] !== TEXT || field === undefined) return undefined;
    return fieldString(this.#record, field).slice(0, MAX_TEXT);
  }

  high(index: number): number | undefined {
    if (this.#fields.codes[index] === BITS) return this.#word(index, 4);
    return this.int(index) === undefined ? undefined : 0;
  }

  low(index: number): number | undefined {
    return this.int(index);
  }

  #value(index: number): number | bigint | undefined {
    const { view, littleEndian: little } = this.#record;
    const at = this.#record.base + (this.#fields.offsets[index] ?? 0);
    switch (this.#fields.codes[index]) {
      case PTR:
        return ptrFromHalves(this.#word(index, 4), this.#word(index, 0));
      case U64_8:
        return u64FromHalves(this.#word(index, 4), this.#word(index, 0));
      case UINT32:
        return view.getUint32(at, little);
      case INT32:
        return view.getInt32(at, little);
      case UINT16:
        return view.getUint16(at, little);
      case UINT8:
        return view.getUint8(at);
      case INT16:
        return view.getInt16(at, little);
      case INT8:
        return view.getInt8(at);
      case INT64:
        return (this.#word(index, 4) | 0) * TWO32 + this.#word(index, 0);
      case UINT64:
        return this.#word(index, 4) * TWO32 + this.#word(index, 0);
      case BITS:
        return this.#word(index, 0);
      case NO_NUMBER:
        return 0;
      default:
        return undefined;
    }
  }

  /** 32 bits of 64; `from`: 0 the lower ones, 4 the upper. */
  #word(index: number, from: 0 | 4): number {
    const { view, base, littleEndian } = this.#record;
    const at = base + (this.#fields.offsets[index] ?? 0);
    return view.getUint32(littleEndian ? at + from : at + 4 - from, littleEndian);
  }
}
