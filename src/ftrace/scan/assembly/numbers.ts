// Numbers as the tracer prints them, and as arg_values.ts makes values of them.

/** As KIND of arg_values.ts has them. */
const PTR = 0;
const U64 = 1;
const INT = 2;
const BITS = 4;

const ZERO: u32 = 48;
const MINUS: i32 = 45;
const ZERO_X: i32 = 0x7830;
/** Decimal digits that a double surely holds, and 64 bits. */
const EXACT_DIGITS: i32 = 15;
const MAX_DIGITS: i32 = 19;
/** What stands for a bigint: that of a pointer, or of another number. */
const INEXACT_PTR: f64 = -Infinity;
const INEXACT_U64: f64 = Infinity;
/** 2^53: below it doubles are exact. */
const EXACT: u64 = 0x20000000000000;
const PAGE: u64 = 4096;

/** Stores the number at `pos` as a double, or as what stands for one that is none, and its 64 bits; returns its end, or 0. */
export function readNumber(pos: i32, kind: i32, number: i32, raw: i32): i32 {
  return load<u16>(pos) === ZERO_X ? readHex(pos + 2, kind, number, raw) : readDecimal(pos, kind, number, raw);
}

/** Up to 16 hex digits at once: the last one comes first, then pairs are put together, then all eight bytes. */
function readHex(pos: i32, kind: i32, number: i32, raw: i32): i32 {
  const bytes = v128.load(pos);
  const digits = i8x16.sub(bytes, i8x16.splat(48));
  const letters = i8x16.sub(v128.or(bytes, i8x16.splat(32)), i8x16.splat(97));
  const isDigit = i8x16.lt_u(digits, i8x16.splat(10));
  const isLetter = i8x16.lt_u(letters, i8x16.splat(6));
  const count: i32 = ctz(~i8x16.bitmask(v128.or(isDigit, isLetter)));
  if (count === 0) return 0;
  const values = v128.or(v128.and(digits, isDigit), v128.and(i8x16.add(letters, i8x16.splat(10)), isLetter));
  const backwards = i8x16.sub(i8x16.splat(<i8>count - 1), i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const nibbles = i8x16.swizzle(values, backwards);
  const pairs = v128.and(v128.or(nibbles, i16x8.shr_u(nibbles, 4)), i16x8.splat(255));
  const value: u64 = i64x2.extract_lane(i8x16.narrow_i16x8_u(pairs, pairs), 0);
  store64(value, kind, number, raw);
  return pos + count;
}

/** As a number with a sign. */
function isExact(value: u64): bool {
  const size: u64 = <i64>value < 0 ? -value : value;
  return size < EXACT || clz(size) + ctz(size) >= 11;
}

function store64(value: u64, kind: i32, number: i32, raw: i32): void {
  let double: f64;
  if (kind === PTR) double = isExact(value) ? <f64>(<i64>value) : INEXACT_PTR;
  else if (kind === U64) double = value < EXACT || value % PAGE === 0 ? <f64>value : INEXACT_U64;
  else if (kind === INT) double = value >> 32 === 0 ? <f64>(<i32>value) : <f64>(<i64>value);
  else double = <f64>(<u32>value);
  store<f64>(number, double);
  store<u64>(raw, value);
}

function readDecimal(pos: i32, kind: i32, number: i32, raw: i32): i32 {
  const isNegative = load<u8>(pos) === MINUS;
  const first: i32 = isNegative ? pos + 1 : pos;
  let p: i32 = first;
  let value: u64 = 0;
  for (let digit: u32 = load<u8>(p) - ZERO; digit < 10; digit = load<u8>(++p) - ZERO) value = value * 10 + digit;
  const letter: u32 = (load<u8>(p) | 32) - 97;
  if (letter < 6 && !isNegative) return readHex(pos, kind, number, raw); // old kernels: no 0x
  const count = p - first;
  if (count === 0 || count > MAX_DIGITS) return 0;
  if (count > EXACT_DIGITS || kind === BITS || (isNegative && kind !== INT)) {
    store64(isNegative ? -value : value, kind, number, raw);
  } else {
    store<f64>(number, isNegative ? -(<f64>value) : <f64>value);
  }
  return p;
}
