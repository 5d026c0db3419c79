// Exact 64-bit kernel values: the one place that parses, adds and prints them.

/**
 * An unsigned 64-bit value (or the sum of two). Canonical: a `number` wherever a double holds the value exactly
 * (every multiple of 4096 below 2^65 and every integer up to 2^53), a `bigint` otherwise. Since the form is unique,
 * `===`, `<` and Map keys work on it directly; arithmetic must go through this file.
 */
export type U64 = number | bigint;

/**
 * A kernel pointer as an identity. A user-half or NULL pointer is its value; a kernel-half pointer (top bit set) is
 * its two's complement, a negative value, so that 47- to 57-bit kernel addresses stay exact doubles and cheap keys.
 */
export type Ptr = number | bigint;

const TWO32 = 4294967296;
const TWO53 = 9007199254740992;
const TWO64 = 2 ** 64;
const PAGE = 4096;

/** The canonical form of an exact non-negative integer. */
export function u64FromBigInt(value: bigint): U64 {
  const n = Number(value);
  return BigInt(n) === value && isExact(n) ? n : value;
}

function isExact(n: number): boolean {
  return n <= TWO53 || (n < 2 * TWO64 && n % PAGE === 0);
}

/** hi:lo as one value; both are unsigned 32-bit halves. */
export function u64FromHalves(hi: number, lo: number): U64 {
  if (hi < 0x200000 || lo % PAGE === 0) return hi * TWO32 + lo;
  return u64FromBigInt((BigInt(hi) << 32n) | BigInt(lo));
}

/** hi:lo as a pointer; both are unsigned 32-bit halves. */
export function ptrFromHalves(hi: number, lo: number): Ptr {
  if (hi < 0x200000) return hi * TWO32 + lo;
  if (hi >= 0xffe00000) return (hi - TWO32) * TWO32 + lo;
  const big = BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo));
  const n = Number(big);
  return BigInt(n) === big ? n : big;
}

/** The pointer with the same 64 bits as an unsigned value. */
export function ptrFromU64(value: U64): Ptr {
  const big = BigInt.asIntN(64, BigInt(value));
  const n = Number(big);
  return BigInt(n) === big ? n : big;
}

export function add(a: U64, b: U64): U64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= TWO53 || (a % PAGE === 0 && b % PAGE === 0)) return sum;
  }
  return u64FromBigInt(BigInt(a) + BigInt(b));
}

/** a - b, which must not be negative. */
export function sub(a: U64, b: U64): U64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const diff = a - b;
    if (a <= TWO53 || (a % PAGE === 0 && b % PAGE === 0)) return diff;
  }
  return u64FromBigInt(BigInt(a) - BigInt(b));
}

/** The low 64 bits of a sum or of a difference below zero, as the kernel's u64 arithmetic gives it. */
export function wrap(value: bigint): U64 {
  return u64FromBigInt(BigInt.asUintN(64, value));
}

export function addWrapped(a: U64, b: U64): U64 {
  const sum = add(a, b);
  return sum < TWO64 ? sum : wrap(BigInt(sum));
}

/** Does addr + range leave 64 bits? As check_add_overflow() in drm_gpuvm.c: an end of exactly 2^64 overflows. */
export function overflows(addr: U64, range: U64): boolean {
  return add(addr, range) >= TWO64;
}

export function hex(value: U64): string {
  return `0x${hexDigits(value)}`;
}

/** Without the 0x. A large number's own toString(16) takes ten times as long as a bigint's, and says the same. */
export function hexDigits(value: U64): string {
  return (value > 0x7fffffff ? BigInt(value) : value).toString(16);
}

export function ptrHex(ptr: Ptr): string {
  return ptr < 0 ? `0x${BigInt.asUintN(64, BigInt(ptr)).toString(16)}` : hex(ptr);
}

/** Parses decimal or 0x text; undefined where the text is no unsigned 64-bit integer. */
export function parseU64(text: string): U64 | undefined {
  if (!/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text)) return undefined;
  const big = BigInt(text);
  return big < 1n << 64n ? u64FromBigInt(big) : undefined;
}
