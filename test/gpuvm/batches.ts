// Random bind batches over a small page space, as one integer per operation: quick to make, and they shrink well.

import fc from 'fast-check';
import { add, type Ptr, type U64 } from '../../src/base/u64.ts';
import { applyStep } from '../../src/gpuvm/apply.ts';
import type { Gpuvm } from '../../src/gpuvm/gpuvm.ts';
import { type Emit, type MapReq, smMap, smUnmap } from '../../src/gpuvm/sm_map.ts';
import { newId } from './picture.ts';

export const PAGES = 16;

export interface BindOp extends MapReq {
  readonly unmap: boolean;
  readonly page: number;
  readonly pages: number;
  /** In pages. */
  readonly objPage: number;
}

/** Where the page space lies and how long a page is. */
export interface Space {
  readonly base: U64;
  readonly unit: number;
}

export const codes = fc.array(fc.nat(0xffffff), { minLength: 1, maxLength: 8 });

/** Half of the maps are in line with their address, so that `keep` and neighbours in line are frequent. */
export function decode(code: number, { base, unit }: Space, minPages: number): BindOp {
  const page = code % PAGES;
  const pages = Math.min(minPages + ((code >>> 4) % 7), PAGES - page);
  const obj = (code >>> 8) % 5;
  const objPage = (code >>> 12) % 2 === 0 ? page : (code >>> 13) % 32;
  const addr = add(base, page * unit);
  const unmap = (code >>> 18) % 3 === 0;
  return { addr, range: pages * unit, obj, offset: objPage * unit, unmap, page, pages, objPage };
}

export function walk(vm: Gpuvm, op: BindOp, emit: Emit): number {
  return op.unmap ? smUnmap(vm, op.addr, op.range, emit) : smMap(vm, op, emit);
}

/** Carries the operation out; returns the objects it touches, and 0 or the first error. */
export function bind(vm: Gpuvm, op: BindOp, touched = new Set<Ptr>()): number {
  return walk(vm, op, (step) => {
    const obj = step.kind === 'map' ? step.obj : step.va.obj;
    if (obj !== 0) touched.add(obj);
    return applyStep(vm, step, newId).ret;
  });
}
