// The shape of a page table and the rules of its code, as data: one Format per kernel page-table format.

import type { U64 } from '../base/u64.ts';

/** One level of tables; the root is level 0. */
export interface Level {
  /** An entry of this level covers 2^shift bytes. */
  readonly shift: number;
  /** A table of this level has 2^bits entries. */
  readonly bits: number;
  /** May an entry of this level be a leaf (a page on the last level, a block above it)? */
  readonly leaf: boolean;
}

/** Where the kernel's page-table formats, or kernel versions, do different things. */
export interface Semantics {
  /** A leaf where a leaf is live, or below a live block: refused (-EEXIST), or written over it. */
  readonly overLeaf: 'eexist' | 'overwrite';
  /** A map that fails half way: what it wrote stays, or is taken back. */
  readonly onError: 'keep' | 'undo';
  /** A refused map has looked through the whole table before it wrote, or comes to the live entry one by one. */
  readonly refusedAt: 'table' | 'entry';
  /** Unmap stops at the first hole and says how far it came, or skips over holes. */
  readonly unmapHole: 'short' | 'skip';
  /** Unmap of a part of a block: it becomes a table of smaller leaves, or stays. With 'skip' it stays in any case. */
  readonly partialBlock: 'split' | 'refuse';
  /** A table whose last entry was cleared. */
  readonly emptyTables: 'keep' | 'free';
  /** How far one call reaches: to the end of the table it begins in, or over any range. */
  readonly call: 'table' | 'range';
  /** Addresses that the table has no entry for: -ERANGE, or nothing happens. */
  readonly outside: 'erange' | 'ignore';
  /** A map that allows neither reading nor writing: -EINVAL, success without an entry, or as any other map. */
  readonly noAccess: 'einval' | 'nothing' | 'any';
}

/** A map writes over what is there, an unmap takes what it finds, over any range in one call: the base of many formats. */
export const WRITES_OVER: Semantics = {
  overLeaf: 'overwrite',
  onError: 'keep',
  refusedAt: 'entry',
  unmapHole: 'skip',
  partialBlock: 'refuse',
  emptyTables: 'keep',
  call: 'range',
  outside: 'erange',
  noAccess: 'any',
};

export interface Format {
  readonly name: string;
  /** Root first. */
  readonly levels: readonly Level[];
  /** First address the table covers; anything but 0 only with a single level. */
  readonly base: U64;
  /** Bytes covered from base on; a multiple of the smallest page. */
  readonly size: number;
  /** Physical addresses below 2^oas; undefined = not checked. */
  readonly oas: number | undefined;
  /** Smallest pages carry a hint where that many bytes in a row are aligned and contiguous; 0 = no such hint. */
  readonly hint: number;
  readonly semantics: Semantics;
}

export const SZ_4K = 2 ** 12;
export const SZ_16K = 2 ** 14;
export const SZ_64K = 2 ** 16;
export const SZ_2M = 2 ** 21;
export const SZ_32M = 2 ** 25;
export const SZ_512M = 2 ** 29;
export const SZ_1G = 2 ** 30;
export const SZ_4T = 2 ** 42;

/** Powers of two by their exponent: Math.pow() is a call into C, and an entry's size is asked for at each step. */
const POWERS = Float64Array.from({ length: 65 }, (_, exponent) => 2 ** exponent);

/** Bytes that one entry of the level covers. */
export function entrySize(format: Format, level: number): number {
  return POWERS[format.levels[level]?.shift ?? 0] ?? 1;
}

/** Bytes that one table of the level covers. */
export function tableSpan(format: Format, level: number): number {
  return level === 0 ? format.size : entrySize(format, level - 1);
}

/** The level whose leaves have this size; -1 where the format has no such leaves. */
export function levelOfPage(format: Format, pgsize: number): number {
  for (let at = format.levels.length - 1; at >= 0; at--)
    if (format.levels[at]?.leaf && entrySize(format, at) === pgsize) return at;
  return -1;
}

/** Leaf sizes, largest first. */
export function pageSizes(format: Format): number[] {
  return format.levels.filter((level) => level.leaf).map((level) => 2 ** level.shift);
}

/** The smallest page. */
export function granule(format: Format): number {
  return entrySize(format, format.levels.length - 1);
}

/**
 * The largest multiple of unit (a power of two, of at least 4096 where value is not below 2^53) that is not above value.
 * Dividing by a power of two is exact, and a tenth of what the remainder of doubles costs.
 */
export function floorTo(value: U64, unit: number): number {
  return typeof value === 'number' ? Math.floor(value / unit) * unit : Number(value - (value % BigInt(unit)));
}

export function ceilTo(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** Is value, an exact double, a multiple of unit (a power of two)? */
export function isMultiple(value: number, unit: number): boolean {
  return Math.floor(value / unit) * unit === value;
}

/** A size as page-table people write it. */
export function sizeName(bytes: number): string {
  for (const [unit, name] of [
    [2 ** 40, 'T'],
    [2 ** 30, 'G'],
    [2 ** 20, 'M'],
    [2 ** 10, 'K'],
  ] as const) {
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit}${name}`;
  }
  return `${bytes}`;
}
