// Values of a record's fields: a reader is chosen once per format, then costs a load and no allocation.
import { type Ptr, ptrFromHalves, type U64, u64FromHalves } from '../../base/u64.ts';
import { latin1 } from './byte_source.ts';
import type { EventField, EventFormat } from './formats.ts';

/** The record a field is read from; the walker has made sure that all numbers of its format are inside. */
export interface RecordBytes {
  readonly data: Uint8Array;
  readonly view: DataView;
  /** Of the record's first byte, in `data` as in `view`. */
  readonly base: number;
  readonly length: number;
  readonly littleEndian: boolean;
}

const TWO32 = 4294967296;

export function fieldOf(format: EventFormat, name: string): EventField | undefined {
  return format.fields.find((field) => field.name === name);
}

/** The field's bits as an unsigned number. */
function fieldU64(e: RecordBytes, field: EventField): U64 {
  return field.size === 8 ? u64FromHalves(high(e, field), low(e, field)) : fieldU32(e, field);
}

export function fieldPtr(e: RecordBytes, field: EventField): Ptr {
  return field.size === 8 ? ptrFromHalves(high(e, field), low(e, field)) : fieldU32(e, field);
}

/** With the sign the format gives it; beyond 2^53 rounded. */
function fieldInt(e: RecordBytes, field: EventField): number {
  const at = e.base + field.offset;
  if (field.size === 8) return (field.signed ? high(e, field) | 0 : high(e, field)) * TWO32 + low(e, field);
  if (!field.signed) return fieldU32(e, field);
  if (field.size === 4) return e.view.getInt32(at, e.littleEndian);
  if (field.size === 2) return e.view.getInt16(at, e.littleEndian);
  return field.size === 1 ? e.view.getInt8(at) : 0;
}

/** Text up to its NUL, of the kinds 'string' and 'dynamic-string'; latin1. */
export function fieldString(e: RecordBytes, field: EventField): string {
  const from = e.base + startOf(e, field);
  const to = from + lengthOf(e, field);
  let end = from;
  while (end < to && e.data[end] !== 0) end++;
  return latin1(e.data, from, end);
}

/** The bytes of an array, of either kind: a view, valid as long as the record is. */
export function fieldBytes(e: RecordBytes, field: EventField): Uint8Array {
  const from = e.base + startOf(e, field);
  return e.data.subarray(from, from + lengthOf(e, field));
}

/** A reader of one field in the type that suits it; arrays come as hexadecimal bytes. */
export function fieldReader(
  format: EventFormat,
  name: string,
): ((e: RecordBytes) => number | bigint | string) | undefined {
  const field = fieldOf(format, name);
  if (field === undefined) return undefined;
  if (field.kind === 'string' || field.kind === 'dynamic-string') return (e) => fieldString(e, field);
  if (field.kind === 'array' || field.kind === 'dynamic-array') return (e) => hexBytes(fieldBytes(e, field));
  if (field.kind === 'pointer') return (e) => fieldPtr(e, field);
  if (field.size < 8) return (e) => fieldInt(e, field);
  if (!field.signed) return (e) => fieldU64(e, field);
  return (e) => {
    const value = fieldInt(e, field);
    return Number.isSafeInteger(value) ? value : BigInt.asIntN(64, BigInt(fieldU64(e, field)));
  };
}

function fieldU32(e: RecordBytes, field: EventField): number {
  const at = e.base + field.offset;
  if (field.size === 4) return e.view.getUint32(at, e.littleEndian);
  if (field.size === 2) return e.view.getUint16(at, e.littleEndian);
  return field.size === 1 ? e.view.getUint8(at) : 0;
}

function high(e: RecordBytes, field: EventField): number {
  return e.view.getUint32(e.base + field.offset + (e.littleEndian ? 4 : 0), e.littleEndian);
}

function low(e: RecordBytes, field: EventField): number {
  return e.view.getUint32(e.base + field.offset + (e.littleEndian ? 0 : 4), e.littleEndian);
}

/** __data_loc: the low half of the word is the offset, the high half the length. */
function startOf(e: RecordBytes, field: EventField): number {
  if (field.kind !== 'dynamic-string' && field.kind !== 'dynamic-array') return field.offset;
  const offset = e.view.getUint32(e.base + field.offset, e.littleEndian) & 0xffff;
  return field.relative ? field.offset + field.size + offset : offset;
}

function lengthOf(e: RecordBytes, field: EventField): number {
  const isDynamic = field.kind === 'dynamic-string' || field.kind === 'dynamic-array';
  const rest = Math.max(0, e.length - startOf(e, field));
  if (isDynamic) return Math.min(rest, e.view.getUint32(e.base + field.offset, e.littleEndian) >>> 16);
  return field.size === 0 ? rest : Math.min(rest, field.size);
}

function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
