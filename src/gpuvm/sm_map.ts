// Split and merge: __drm_gpuvm_sm_map() and __drm_gpuvm_sm_unmap() of drm_gpuvm.c, the madvise variant included.

import { add, addWrapped, type Ptr, sub, type U64, wrap } from '../base/u64.ts';
import { type Gpuva, gpuvaEnd } from './gpuva.ts';
import { EINVAL, type Gpuvm } from './gpuvm.ts';

/*
 * DOC: which step a mapping gets
 *
 * A request R = [ra, re) walks over the mappings it overlaps, in ascending order. Each is told apart by where it starts
 * (A at ra, B before, C after) and where it ends (1 at re, 2 before, 3 behind):
 *
 *              ra          re                               step          what stays
 *   R           |##########|
 *
 *   A1          [==========)                                UNMAP
 *   A2          [=====)                                     UNMAP
 *   A3          [==========|-----)                          REMAP         next [re, end)
 *   B1    [-----|==========)                                REMAP         prev [start, ra)
 *   B2    [-----|=====)                                     REMAP         prev
 *   B3    [-----|==========|-----)                          REMAP         prev and next
 *   C1               [=====)                                UNMAP
 *   C2               [==)                                   UNMAP
 *   C3               [=====|-----)                          REMAP         next
 *
 *   = replaced   - kept, with the offset of a next moved on by its distance from the mapping's start
 *
 * Mapping: rows 1 and 3 end the walk, then comes one MAP of R, always, also where nothing changes. `keep` says that the
 * pages already in place are those the request would put there: same object, and object offsets in line. Nothing is
 * ever merged with a neighbour that R only touches.
 *
 * Unmapping asks only which ends stick out: U1 none (UNMAP), U2 prev, U3 next, U4 both (REMAP). keep is never set and
 * no MAP follows.
 *
 * Madvise splits mappings without object at the borders of R and touches nothing else: no UNMAP, and a MAP only to fill
 * a hole that a REMAP left.
 */

/** A map request; obj 0 = NULL. */
export interface MapReq {
  readonly addr: U64;
  readonly range: U64;
  readonly obj: Ptr;
  readonly offset: U64;
}

/** What a REMAP keeps of a mapping on one side. */
export type Piece = MapReq;

export const MAP_ROWS = ['A1', 'A2', 'A3', 'B1', 'B2', 'B3', 'C1', 'C2', 'C3'] as const;
export const UNMAP_ROWS = ['U1', 'U2', 'U3', 'U4'] as const;
export type MapRow = (typeof MAP_ROWS)[number];
export type UnmapRow = (typeof UNMAP_ROWS)[number];
/** The case of the drawing above that gave a step; M = the request itself. */
export type Row = MapRow | UnmapRow | 'M';
type Place = Pick<Gpuva, 'addr' | 'range'>;

export interface MapStep extends MapReq {
  readonly kind: 'map';
  readonly row: Row;
}
export interface UnmapStep {
  readonly kind: 'unmap';
  readonly row: Row;
  readonly va: Gpuva;
  readonly keep: boolean;
}
export interface RemapStep {
  readonly kind: 'remap';
  readonly row: Row;
  readonly va: Gpuva;
  readonly keep: boolean;
  readonly prev: Piece | undefined;
  readonly next: Piece | undefined;
}
/** One callback of drm_gpuvm_ops: sm_step_map, sm_step_unmap or sm_step_remap. */
export type Step = MapStep | UnmapStep | RemapStep;

/** Gets each step in order; anything but 0 ends the walk and becomes its result. It may change the VM. */
export type Emit = (step: Step) => number;

/**
 * drm_gpuvm_sm_map(): the steps that put the request in place.
 * Returns 0, -EINVAL before any step where the range is not valid, or what emit returned.
 */
export function smMap(vm: Gpuvm, req: MapReq, emit: Emit): number {
  return walkMap(vm, req, emit, false);
}

/** drm_gpuvm_madvise_ops_create() (6.18): splits at the borders of the request. Returns as smMap(). */
export function smMadvise(vm: Gpuvm, req: MapReq, emit: Emit): number {
  return walkMap(vm, req, emit, true);
}

/** drm_gpuvm_sm_unmap(): the steps that clear the range; none for a hole. Returns as smMap(). */
export function smUnmap(vm: Gpuvm, addr: U64, range: U64, emit: Emit): number {
  if (!vm.rangeValid(addr, range)) return EINVAL;
  const end = add(addr, range);
  let next: Gpuva | undefined;
  for (let va = vm.findFirst(addr, range); va !== undefined && va.addr < end; va = next) {
    // Before the callback, which may remove va.
    next = vm.next(va);
    const row = rowOfUnmap(va, addr, end);
    const ret =
      row === 'U1' ? emit({ kind: 'unmap', row, va, keep: false }) : emitRemap(emit, row, va, false, addr, end);
    if (ret !== 0) return ret;
  }
  return 0;
}

function walkMap(vm: Gpuvm, req: MapReq, emit: Emit, madvise: boolean): number {
  if (!vm.rangeValid(req.addr, req.range)) return EINVAL;
  const end = add(req.addr, req.range);
  let mapRequest = !madvise;
  let next: Gpuva | undefined;
  for (let va = vm.findFirst(req.addr, req.range); va !== undefined && va.addr < end; va = next) {
    next = vm.next(va);
    if (madvise && va.obj !== 0) continue;
    const row = rowOfMap(va, req.addr, end);
    switch (row) {
      case 'A1':
      case 'A2':
      case 'C1':
      case 'C2': {
        const ret = madvise ? 0 : emit({ kind: 'unmap', row, va, keep: keeps(va, req) });
        if (ret !== 0) return ret;
        break;
      }
      case 'B2': {
        const filled = gpuvaEnd(va);
        let ret = emitRemap(emit, row, va, keeps(va, req), req.addr, end);
        if (ret === 0 && madvise) ret = emitMap(emit, req.addr, sub(filled, req.addr), 0, 0);
        if (ret !== 0) return ret;
        break;
      }
      case 'C3': {
        const start = va.addr;
        const ret = emitRemap(emit, row, va, keeps(va, req), req.addr, end);
        if (ret !== 0) return ret;
        if (madvise) return emitMap(emit, start, sub(end, start), 0, 0);
        break;
      }
      default: {
        const ret = emitRemap(emit, row, va, keeps(va, req), req.addr, end);
        if (ret !== 0) return ret;
        mapRequest = true;
      }
    }
    if (row[1] !== '2') break;
  }
  return mapRequest ? emitMap(emit, req.addr, req.range, req.obj, req.offset) : 0;
}

/** The row of a mapping that a map request for [addr, end) meets. */
export function rowOfMap(va: Place, addr: U64, end: U64): MapRow {
  const vaEnd = addWrapped(va.addr, va.range);
  if (va.addr === addr) return vaEnd === end ? 'A1' : vaEnd < end ? 'A2' : 'A3';
  if (va.addr < addr) return vaEnd === end ? 'B1' : vaEnd < end ? 'B2' : 'B3';
  return vaEnd === end ? 'C1' : vaEnd < end ? 'C2' : 'C3';
}

/** The row of a mapping that an unmap request for [addr, end) meets. */
export function rowOfUnmap(va: Place, addr: U64, end: U64): UnmapRow {
  const behind = addWrapped(va.addr, va.range) > end;
  return va.addr < addr ? (behind ? 'U4' : 'U2') : behind ? 'U3' : 'U1';
}

/** Would the request put the same pages where it meets va? Never for a NULL object. */
function keeps(va: Gpuva, req: MapReq): boolean {
  if (va.obj === 0 || va.obj !== req.obj) return false;
  return va.addr < req.addr
    ? addWrapped(va.offset, sub(req.addr, va.addr)) === req.offset
    : va.offset === addWrapped(req.offset, sub(va.addr, req.addr));
}

function emitMap(emit: Emit, addr: U64, range: U64, obj: Ptr, offset: U64): number {
  return emit({ kind: 'map', row: 'M', addr, range, obj, offset });
}

/** The offset of a next piece is computed for a NULL object, too: drivers keep user addresses there. */
function emitRemap(emit: Emit, row: Row, va: Gpuva, keep: boolean, addr: U64, end: U64): number {
  const { obj, offset } = va;
  const vaEnd = gpuvaEnd(va);
  const prev = va.addr < addr ? { addr: va.addr, range: sub(addr, va.addr), obj, offset } : undefined;
  const next =
    vaEnd > end ? { addr: end, range: sub(vaEnd, end), obj, offset: addWrapped(offset, sub(end, va.addr)) } : undefined;
  return emit({ kind: 'remap', row, va, keep, prev, next });
}

/** The steps of a walk that only looks. On an error, the steps before it. */
export interface Recorded {
  readonly ret: number;
  readonly steps: readonly Step[];
}

export function stepsOfMap(vm: Gpuvm, req: MapReq): Recorded {
  return record((emit) => smMap(vm, req, emit));
}

export function stepsOfUnmap(vm: Gpuvm, addr: U64, range: U64): Recorded {
  return record((emit) => smUnmap(vm, addr, range, emit));
}

export function stepsOfMadvise(vm: Gpuvm, req: MapReq): Recorded {
  return record((emit) => smMadvise(vm, req, emit));
}

function record(walk: (emit: Emit) => number): Recorded {
  const steps: Step[] = [];
  const ret = walk((step) => {
    steps.push(step);
    return 0;
  });
  return { ret, steps };
}

/** drm_gpuva_op_remap_to_unmap_range(): what a REMAP leaves unmapped, between prev and next. Bytes. */
export function remapUnmapRange(step: RemapStep): { readonly addr: U64; readonly range: U64 } {
  const { va, prev, next } = step;
  const addr = prev === undefined ? va.addr : add(prev.addr, prev.range);
  const end = next === undefined ? gpuvaEnd(va) : next.addr;
  return { addr, range: end < addr ? wrap(BigInt(end) - BigInt(addr)) : sub(end, addr) };
}
