// A run of equal leaves side by side: what many page-table entries say, in one object.

import { addWrapped, type Ptr, type U64 } from '../base/u64.ts';
import type { Span } from './span_map.ts';

/** What a leaf points to. NULL (sparse, PRR, scratch) is the same for every page; the others count up. */
export type Target =
  | { readonly kind: 'obj'; readonly obj: Ptr; readonly offset: U64 }
  | { readonly kind: 'phys'; readonly addr: U64 }
  | { readonly kind: 'null' };

export const NULL_TARGET: Target = { kind: 'null' };

/** As IOMMU_READ and IOMMU_WRITE; other bits are the caller's. */
export const READ = 1;
export const WRITE = 2;

/** Leaves of pgsize bytes each, from addr to end; target is what the first byte translates to. */
export interface Run extends Span {
  readonly pgsize: number;
  readonly target: Target;
  readonly prot: number;
  /** Bytes of the hint that the pages carry, or 0. */
  readonly hint: number;
  /** Who wrote it: whatever the caller wants to find again, normally a line of the trace. */
  readonly line: number;
}

export function advance(target: Target, bytes: number): Target {
  if (bytes === 0) return target;
  switch (target.kind) {
    case 'obj':
      return { kind: 'obj', obj: target.obj, offset: addWrapped(target.offset, bytes) };
    case 'phys':
      return { kind: 'phys', addr: addWrapped(target.addr, bytes) };
    case 'null':
      return target;
  }
}

function sameTarget(a: Target, b: Target): boolean {
  if (a.kind === 'obj') return b.kind === 'obj' && a.obj === b.obj && a.offset === b.offset;
  if (a.kind === 'phys') return b.kind === 'phys' && a.addr === b.addr;
  return b.kind === 'null';
}

/** Where the target lies, for alignment; undefined = anywhere. */
export function targetAddr(target: Target): U64 | undefined {
  return target.kind === 'obj' ? target.offset : target.kind === 'phys' ? target.addr : undefined;
}

/** The part [addr, end) of a run. */
export function sliceRun(run: Run, addr: number, end: number): Run {
  if (addr === run.addr && end === run.end) return run;
  return makeRun(addr, end, run.pgsize, advance(run.target, addr - run.addr), run.prot, run.hint, run.line);
}

/** Builds every Run, so that all of them have one hidden class. */
export function makeRun(
  addr: number,
  end: number,
  pgsize: number,
  target: Target,
  prot: number,
  hint: number,
  line: number,
): Run {
  return { addr, end, pgsize, target, prot, hint, line };
}

/** Does b go on where a ends, in every respect? */
export function runsJoin(a: Run, b: Run): boolean {
  return (
    a.pgsize === b.pgsize &&
    a.prot === b.prot &&
    a.hint === b.hint &&
    a.line === b.line &&
    sameTarget(advance(a.target, a.end - a.addr), b.target)
  );
}

/** Do both translate the address to the same place with the same rights? */
export function translatesAlike(a: Run, b: Run, addr: number): boolean {
  return a.prot === b.prot && sameTarget(advance(a.target, addr - a.addr), advance(b.target, addr - b.addr));
}
