// Split and merge against a naive oracle that knows pages only.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, type Ptr, sub } from '../../src/base/u64.ts';
import { applyStep } from '../../src/gpuvm/apply.ts';
import { gpuvaEnd } from '../../src/gpuvm/gpuva.ts';
import type { Gpuvm } from '../../src/gpuvm/gpuvm.ts';
import { remapUnmapRange, type Step } from '../../src/gpuvm/sm_map.ts';
import { type BindOp, bind, codes, decode, PAGES, type Space, walk } from './batches.ts';
import { newId, vmOf } from './picture.ts';

/** ms; the default of 5 s would make a slow machine a failure. */
const PATIENCE = 60_000;

interface Page {
  readonly obj: Ptr;
  readonly page: number;
}
type Pages = (Page | undefined)[];

/** What each page of the space maps, plus the tree's own promises: ascending, disjoint, inside. */
function pagesOf(vm: Gpuvm, { base, unit }: Space): string {
  const pages: Pages = new Array(PAGES);
  let end = base;
  for (const va of vm) {
    // A point may follow a mapping of its own address.
    if (va.range === 0) continue;
    if (va.addr < end) throw new Error('overlap or disorder');
    end = gpuvaEnd(va);
    const first = Number(sub(va.addr, base)) / unit;
    for (let i = 0; i < Number(va.range) / unit; i++) {
      pages[first + i] = { obj: va.obj, page: Number(va.offset) / unit + i };
    }
  }
  return show(pages);
}

function show(pages: Pages): string {
  return Array.from(pages, (p) => (p === undefined ? '-' : `${p.obj}:${p.page}`)).join(' ');
}

function bindPages(pages: Pages, op: BindOp): void {
  for (let i = 0; i < op.pages; i++) {
    pages[op.page + i] = op.unmap ? undefined : { obj: op.obj, page: op.objPage + i };
  }
}

function check(batch: readonly number[], space: Space, minPages: number): void {
  const vm = vmOf();
  const pages: Pages = new Array(PAGES);
  for (const code of batch) {
    const op = decode(code, space, minPages);
    const hasPoint = minPages === 0 && [...vm].some((va) => va.range === 0);
    if (bind(vm, op) !== 0) {
      // Nothing but a point can make the walk's own steps collide; edges.test.ts shows how.
      expect(hasPoint).toBe(true);
      return;
    }
    bindPages(pages, op);
    const got = pagesOf(vm, space);
    if (got !== show(pages)) throw new Error(`after ${JSON.stringify(op, null, 1)}: ${got}, not ${show(pages)}`);
    if (!op.unmap && op.range !== 0) expect(vm.find(op.addr, op.range)?.obj).toBe(op.obj);
  }
}

/** Each step on its own, against the pages before the walk. */
function checkSteps(batch: readonly number[], space: Space): void {
  const vm = vmOf();
  const pages: Pages = new Array(PAGES);
  for (const code of batch) {
    const op = decode(code, space, 1);
    let cleared = 0;
    let last = -1;
    let maps = 0;
    walk(vm, op, (step) => {
      if (maps > 0) throw new Error('a step behind the MAP');
      if (step.kind === 'map') maps++;
      else {
        const gap = gapOf(step, space);
        if (gap.page <= last || gap.page < op.page || gap.page + gap.pages > op.page + op.pages)
          throw new Error('order');
        last = gap.page;
        cleared += gap.pages;
        expect(step.keep).toBe(!op.unmap && isKept(pages, op, gap));
      }
      return applyStep(vm, step, newId).ret;
    });
    expect(maps).toBe(op.unmap ? 0 : 1);
    expect(cleared).toBe(pages.slice(op.page, op.page + op.pages).filter((p) => p !== undefined).length);
    bindPages(pages, op);
  }
}

interface Gap {
  readonly page: number;
  readonly pages: number;
}

function gapOf(step: Exclude<Step, { kind: 'map' }>, { base, unit }: Space): Gap {
  const { addr, range } = step.kind === 'unmap' ? step.va : remapUnmapRange(step);
  return { page: Number(sub(addr, base)) / unit, pages: Number(range) / unit };
}

function isKept(pages: Pages, op: BindOp, gap: Gap): boolean {
  for (let i = gap.page; i < gap.page + gap.pages; i++) {
    const page = pages[i];
    if (page === undefined || page.obj === 0 || page.obj !== op.obj) return false;
    if (page.page !== op.objPage + (i - op.page)) return false;
  }
  return true;
}

const SPACES: [string, Space, number][] = [
  ['low pages', { base: 4096 * 5, unit: 4096 }, 30000],
  ['up to 2^57', { base: 2 ** 57 - 4096 * PAGES, unit: 4096 }, 15000],
  ['beyond 2^57', { base: 2 ** 57, unit: 4096 }, 15000],
  ['bytes at 2^57, not all of them exact as a number', { base: add(2 ** 57 - 4096, 4089), unit: 1 }, 3000],
];

describe.each(SPACES)('%s', (_name, space, numRuns) => {
  it(
    'the tree equals the pages',
    () => {
      fc.assert(
        fc.property(codes, (batch) => check(batch, space, 1)),
        { numRuns },
      );
    },
    PATIENCE,
  );

  it(
    'also with range 0 among the requests',
    () => {
      fc.assert(
        fc.property(codes, (batch) => check(batch, space, 0)),
        { numRuns: numRuns / 3 },
      );
    },
    PATIENCE,
  );

  it(
    'each step clears what it says and keeps what it may',
    () => {
      fc.assert(
        fc.property(codes, (batch) => checkSteps(batch, space)),
        { numRuns: numRuns / 5 },
      );
    },
    PATIENCE,
  );
});
