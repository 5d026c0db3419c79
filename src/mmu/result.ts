// What a call asks for and what it gives back: the errors, counts and side effects of map_pages() and unmap_pages().

import type { Run } from './run.ts';

export const ENOMEM = -12;
export const EEXIST = -17;
export const EINVAL = -22;
export const ERANGE = -34;

/** Who maps or unmaps, and with what. */
export interface How {
  /** READ | WRITE where not given. */
  readonly prot?: number | undefined;
  /** Kept in the leaves that are written, and with what is cleared. */
  readonly line?: number;
  /** Page sizes that the driver's loop may choose from; all of the format's where not given. */
  readonly pageSizes?: readonly number[] | undefined;
  /** Pages set aside for new tables: -ENOMEM where they do not suffice. Not given: always enough. */
  readonly tables?: number;
}

export interface Change {
  /** Leaves that are gone: overwritten, cleared, below a table that went, or dropped with the rest of a block. */
  readonly gone: readonly Run[];
  readonly tablesAllocated: number;
  readonly tablesFreed: number;
}

export interface MapResult extends Change {
  /** 0 or a negative error. */
  readonly ret: number;
  /** Bytes mapped, also where ret is an error. */
  readonly mapped: number;
  /** The live leaf that refused the map (-EEXIST). */
  readonly conflict: Run | undefined;
}

export interface UnmapResult extends Change {
  /** Bytes that the call says it unmapped; entries that point to a table count in full. */
  readonly unmapped: number;
  /** Why less than asked: nothing there, or a block of which only a part was to go. */
  readonly stop: 'hole' | 'block' | undefined;
  /** Where that is. */
  readonly stopAt: number | undefined;
}

/** What the parts of one call add up to. */
export class Tally {
  readonly gone: Run[] = [];
  tablesAllocated = 0;
  tablesFreed = 0;
  /** Pages that new tables may take; undefined = enough. */
  readonly tables: number | undefined;
  conflict: Run | undefined;
  stop: 'hole' | 'block' | undefined;
  stopAt: number | undefined;

  constructor(tables?: number) {
    this.tables = tables;
  }

  stopped(why: 'hole' | 'block', where: number): void {
    this.stop ??= why;
    this.stopAt ??= where;
  }
}

export function mapResult(ret: number, mapped: number, tally: Tally): MapResult {
  const { conflict, gone, tablesAllocated, tablesFreed } = tally;
  return { ret, mapped, conflict, gone, tablesAllocated, tablesFreed };
}

export function unmapResult(unmapped: number, tally: Tally): UnmapResult {
  const { stop, stopAt, gone, tablesAllocated, tablesFreed } = tally;
  return { unmapped, stop, stopAt, gone, tablesAllocated, tablesFreed };
}
