// Address spaces as pictures: one character per page, a run of a letter is one mapping of that object, '.' a hole.

import { add, type Ptr, sub, type U64 } from '../../src/base/u64.ts';
import { type Gpuva, makeGpuva } from '../../src/gpuvm/gpuva.ts';
import { Gpuvm, type GpuvmInit } from '../../src/gpuvm/gpuvm.ts';
import type { MapReq, Piece, Step } from '../../src/gpuvm/sm_map.ts';

export const PAGE = 4096;

const INIT: GpuvmInit = {
  id: 1,
  name: 'test',
  flags: 0,
  mmStart: 0,
  mmRange: 2 ** 58,
  kernelStart: 0,
  kernelRange: 0,
  rObj: 2,
  resv: 3,
};

export function vmOf(init: Partial<GpuvmInit> = {}): Gpuvm {
  return new Gpuvm({ ...INIT, ...init });
}

/** 'N' is the NULL object. */
export function objOf(letter: string): Ptr {
  return letter === 'N' ? 0 : letter.charCodeAt(0);
}

export function letterOf(obj: Ptr): string {
  return obj === 0 ? 'N' : String.fromCharCode(Number(obj));
}

let nextId = 1000;
/** A fresh drm_gpuva pointer. */
export function newId(): Ptr {
  nextId += 8;
  return nextId;
}

export interface Run {
  readonly letter: string;
  readonly page: number;
  readonly pages: number;
}

export function runs(picture: string): Run[] {
  return [...picture.matchAll(/([A-Za-z])\1*/g)].map((m) => ({
    letter: m[1] ?? '',
    page: m.index,
    pages: m[0].length,
  }));
}

/** Every mapping's object offset is its page number, so all pages of an object are in line with each other. */
export function drawVm(picture: string, base: U64 = 0): Gpuvm {
  const vm = vmOf();
  for (const { letter, page, pages } of runs(picture)) {
    const va = makeGpuva(newId(), add(base, page * PAGE), pages * PAGE, objOf(letter), page * PAGE);
    if (vm.insert(va) !== 0) throw new Error(`cannot draw ${picture}`);
  }
  return vm;
}

/** The one run in the picture as a request for that object; `shift` pages of object offset out of line. */
export function drawReq(picture: string, base: U64 = 0, shift = 0): MapReq {
  const run = runs(picture)[0];
  if (run === undefined) throw new Error(`no request in ${picture}`);
  const offset = (run.page + shift) * PAGE;
  return { addr: add(base, run.page * PAGE), range: run.pages * PAGE, obj: objOf(run.letter), offset };
}

function pageOf(addr: U64, base: U64): number {
  return Number(sub(addr, base)) / PAGE;
}

function piece(p: Piece | Gpuva, base: U64): string {
  const page = pageOf(p.addr, base);
  return `${letterOf(p.obj)}[${page},${page + Number(p.range) / PAGE})+${Number(p.offset) / PAGE}`;
}

/** A step in short: `B3 remap a[1,5)+1 prev a[1,2)+1 next a[4,5)+4 keep`. */
export function showStep(step: Step, base: U64 = 0): string {
  if (step.kind === 'map') return `${step.row} map ${piece(step, base)}`;
  const keep = step.keep ? ' keep' : '';
  if (step.kind === 'unmap') return `${step.row} unmap ${piece(step.va, base)}${keep}`;
  const prev = step.prev === undefined ? '' : ` prev ${piece(step.prev, base)}`;
  const next = step.next === undefined ? '' : ` next ${piece(step.next, base)}`;
  return `${step.row} remap ${piece(step.va, base)}${prev}${next}${keep}`;
}

/** The VM as a picture again. */
export function draw(vm: Gpuvm, width: number, base: U64 = 0): string {
  const cells = new Array<string>(width).fill('.');
  for (const va of vm) {
    const page = pageOf(va.addr, base);
    cells.fill(letterOf(va.obj), page, page + Number(va.range) / PAGE);
  }
  return cells.join('');
}
