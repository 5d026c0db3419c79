// The edge cases: range 0, the ends of the address space, the kernel node, unaligned values beyond 2^53.

import { describe, expect, it } from 'vitest';
import { applyStep } from '../../src/gpuvm/apply.ts';
import { makeGpuva } from '../../src/gpuvm/gpuva.ts';
import type { Gpuvm } from '../../src/gpuvm/gpuvm.ts';
import { remapUnmapRange, smMap, smUnmap, stepsOfMap, stepsOfUnmap } from '../../src/gpuvm/sm_map.ts';
import { drawReq, drawVm, newId, PAGE, showStep, vmOf } from './picture.ts';

const list = (vm: Gpuvm) => [...vm].map((va) => [va.addr, va.range, va.obj]);
const apply = (vm: Gpuvm) => (step: Parameters<typeof applyStep>[1]) => applyStep(vm, step, newId).ret;

describe('range 0', () => {
  it('splits a mapping that straddles the point, and only that', () => {
    const vm = drawVm('.aaaa.');
    const { ret, steps } = stepsOfUnmap(vm, 3 * PAGE, 0);
    expect(ret).toBe(0);
    expect(steps.map((step) => showStep(step))).toEqual(['U4 remap a[1,5)+1 prev a[1,3)+1 next a[3,5)+3']);
    expect(steps[0]?.kind === 'remap' && remapUnmapRange(steps[0])).toEqual({ addr: 3 * PAGE, range: 0 });
    smUnmap(vm, 3 * PAGE, 0, apply(vm));
    expect(list(vm)).toEqual([
      [PAGE, 2 * PAGE, 97],
      [3 * PAGE, 2 * PAGE, 97],
    ]);
  });

  it('at a border, in a hole or at address 0 does nothing', () => {
    for (const page of [0, 1, 5]) expect(stepsOfUnmap(drawVm('.aaaa.'), page * PAGE, 0).steps).toEqual([]);
    expect(stepsOfUnmap(drawVm('aaaa'), 0, 0).steps).toEqual([]);
  });

  it('maps as a split and a degenerate MAP, which insert accepts', () => {
    const vm = drawVm('.aaaa.');
    const req = { addr: 3 * PAGE, range: 0, obj: 98, offset: 0 };
    expect(stepsOfMap(vm, req).steps.map((step) => showStep(step))).toEqual([
      'B3 remap a[1,5)+1 prev a[1,3)+1 next a[3,5)+3',
      'M map b[3,3)+0',
    ]);
    expect(smMap(vm, req, apply(vm))).toBe(0);
    expect(list(vm)).toEqual([
      [PAGE, 2 * PAGE, 97],
      [3 * PAGE, 2 * PAGE, 97],
      [3 * PAGE, 0, 98],
    ]);
    // The point sits behind the mapping of its address in the list, so a walk over that mapping comes by it.
    expect(stepsOfUnmap(vm, 3 * PAGE, 2 * PAGE).steps.map((step) => showStep(step))).toEqual([
      'U1 unmap a[3,5)+3',
      'U1 unmap b[3,3)+0',
    ]);
  });

  it('points pile up at one address and are found only by a range around them', () => {
    const vm = vmOf();
    for (let i = 0; i < 3; i++) expect(vm.insert(makeGpuva(newId(), PAGE, 0, 10 + i))).toBe(0);
    expect(vm.insert(makeGpuva(newId(), PAGE, PAGE, 20))).toBe(0);
    expect(list(vm).map((va) => va[2])).toEqual([10, 11, 12, 20]);
    expect(stepsOfUnmap(vm, PAGE, PAGE).steps).toHaveLength(1);
    expect(stepsOfUnmap(vm, 0, 2 * PAGE).steps).toHaveLength(4);
    expect(vm.findFirst(0, PAGE)).toBeUndefined();
    expect(vm.insert(makeGpuva(newId(), 0, 2 * PAGE, 21))).toBe(-17);
    expect(smUnmap(vm, 0, 2 * PAGE, apply(vm))).toBe(0);
    expect(vm.size).toBe(0);
  });

  it('a point behind a mapping of its address breaks the walk, which goes by list order', () => {
    // C1 ends the walk before it comes by the point, and the point then refuses the MAP.
    const early = vmOf();
    early.insert(makeGpuva(newId(), PAGE, PAGE, 97, PAGE));
    early.insert(makeGpuva(newId(), PAGE, 0, 98));
    expect(stepsOfMap(early, drawReq('cc')).steps.map((step) => showStep(step))).toEqual([
      'C1 unmap a[1,2)+1',
      'M map c[0,2)+0',
    ]);
    expect(smMap(early, drawReq('cc'), apply(early))).toBe(-17);
    // The point is no overlap at all, but it comes next: its REMAP collides with that of the real mapping.
    const late = vmOf();
    late.insert(makeGpuva(newId(), PAGE, 2 * PAGE, 97, PAGE));
    late.insert(makeGpuva(newId(), PAGE, 0, 98));
    expect(stepsOfMap(late, drawReq('..cc')).steps.map((step) => showStep(step))).toEqual([
      'B2 remap a[1,3)+1 prev a[1,2)+1',
      'B2 remap b[1,1)+0 prev b[1,2)+0',
      'M map c[2,4)+2',
    ]);
    expect(smMap(late, drawReq('..cc'), apply(late))).toBe(-17);
  });

  it('at address 0 wraps: refused beside anything, and refuses everything', () => {
    const vm = drawVm('...a');
    expect(vm.insert(makeGpuva(newId(), 0, 0, 5))).toBe(-17);
    expect(vm.findFirst(0, 0)?.obj).toBe(97);
    const empty = vmOf();
    const everywhere = makeGpuva(newId(), 0, 0, 5);
    expect(empty.insert(everywhere)).toBe(0);
    expect(empty.insert(makeGpuva(newId(), 2 ** 57, PAGE, 6))).toBe(-17);
    expect(empty.conflictOf(2 ** 57, PAGE)).toBe(everywhere);
    expect(empty.remove(everywhere)).toBe(true);
    expect(empty.insert(makeGpuva(newId(), 2 ** 57, PAGE, 6))).toBe(0);
  });

  it('strictly inside the kernel node is invalid, at its borders valid', () => {
    const vm = vmOf({ kernelStart: PAGE, kernelRange: PAGE });
    expect([PAGE, PAGE + 1, 2 * PAGE - 1, 2 * PAGE].map((addr) => vm.rangeValid(addr, 0))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});

describe('the ends of the address space', () => {
  const all = { mmStart: 0, mmRange: 2 ** 64 - PAGE };

  it('an end of exactly 2^64 is an overflow, one page less is the last valid end', () => {
    const vm = vmOf(all);
    expect(vm.rangeValid(2 ** 64 - PAGE, PAGE)).toBe(false);
    expect(vm.rangeValid(2 ** 64 - 2 * PAGE, PAGE)).toBe(true);
    expect(vmOf({ mmRange: 2n ** 64n - 1n }).rangeValid(2 ** 64 - PAGE, PAGE - 1)).toBe(true);
    expect(vm.insert(makeGpuva(newId(), 2 ** 64 - PAGE, PAGE))).toBe(-22);
  });

  it('the whole space in one mapping', () => {
    const vm = vmOf(all);
    expect(vm.insert(makeGpuva(newId(), 0, 2 ** 64 - PAGE, 7))).toBe(0);
    const { steps } = stepsOfUnmap(vm, 2 ** 57, PAGE);
    expect(steps[0]).toMatchObject({ row: 'U4', prev: { range: 2 ** 57 }, next: { addr: 2 ** 57 + PAGE } });
    expect(vm.findFirst(2 ** 64 - PAGE, PAGE)).toBeUndefined();
    expect(vm.findFirst(2 ** 63, 2 ** 63)?.obj).toBe(7);
  });

  it('drm_gpuvm_init warns and goes on', () => {
    expect(vmOf().warnings).toEqual([]);
    expect(vmOf({ mmStart: PAGE, mmRange: 2 ** 64 - PAGE }).warnings).toEqual(['mm-range-overflows']);
    const vm = vmOf({ kernelStart: 2 ** 64 - PAGE, kernelRange: PAGE });
    expect(vm.warnings).toEqual(['kernel-range-overflows']);
    expect(vm.kernelNode).toBeDefined();
    expect(vm.overlaps(0, 2 ** 63)).toEqual([]);
    expect(vm.size).toBe(0);
  });

  it('object offsets wrap at 64 bits', () => {
    const vm = vmOf();
    vm.insert(makeGpuva(newId(), 0, 4 * PAGE, 0, 2 ** 64 - PAGE));
    const { steps } = stepsOfUnmap(vm, PAGE, PAGE);
    expect(steps[0]).toMatchObject({ next: { obj: 0, offset: PAGE } });
  });
});

describe('the kernel node', () => {
  const vm = vmOf({ mmStart: 0, mmRange: 16 * PAGE, kernelStart: 4 * PAGE, kernelRange: 2 * PAGE });

  it('refuses an overlap by one byte, accepts touching', () => {
    expect(vm.rangeValid(3 * PAGE, PAGE)).toBe(true);
    expect(vm.rangeValid(3 * PAGE, PAGE + 1)).toBe(false);
    expect(vm.rangeValid(6 * PAGE, PAGE)).toBe(true);
    expect(vm.rangeValid(6 * PAGE - 1, PAGE)).toBe(false);
    expect(vm.rangeValid(0, 16 * PAGE)).toBe(false);
  });

  it('is in the tree, yet neither counted, nor iterated, nor removable', () => {
    const node = vm.kernelNode;
    expect(vm.overlaps(0, 16 * PAGE)).toEqual([node]);
    expect(vm.findFirst(5 * PAGE, 1)).toBe(node);
    expect([vm.size, [...vm]]).toEqual([0, []]);
    expect(node !== undefined && vm.remove(node)).toBe(false);
    expect(vm.clone().overlaps(0, 16 * PAGE)).toHaveLength(1);
  });
});

describe('unaligned values beyond 2^53', () => {
  it('are exact', () => {
    const base = 2n ** 57n + 1n;
    const vm = vmOf();
    expect(vm.insert(makeGpuva(newId(), base, 9, 5, 2n ** 60n + 7n))).toBe(0);
    const { steps } = stepsOfMap(vm, { addr: base + 3n, range: 3, obj: 5, offset: 2n ** 60n + 10n });
    expect(steps[0]).toMatchObject({
      row: 'B3',
      keep: true,
      prev: { addr: base, range: 3, offset: 2n ** 60n + 7n },
      next: { addr: base + 6n, range: 3, offset: 2n ** 60n + 13n },
    });
    expect(smMap(vm, { addr: base + 3n, range: 3, obj: 6, offset: 0 }, apply(vm))).toBe(0);
    expect(list(vm).map((va) => va[0])).toEqual([base, base + 3n, base + 6n]);
    expect(vm.find(base + 3n, 3)?.obj).toBe(6);
    expect(vm.conflictOf(base + 8n, 4)?.addr).toBe(base + 6n);
    expect(vm.conflictOf(base + 9n, 4)).toBeUndefined();
  });

  it('mix with aligned ones', () => {
    const vm = vmOf();
    const va = makeGpuva(newId(), 2 ** 57, PAGE, 5, 0);
    vm.insert(va);
    expect(stepsOfUnmap(vm, 2n ** 57n + 1n, 1).steps[0]).toMatchObject({
      row: 'U4',
      prev: { addr: 2 ** 57, range: 1 },
      next: { addr: 2n ** 57n + 2n, range: PAGE - 2, offset: 2 },
    });
    expect(vm.findFirst(2n ** 57n + 4095n, 1)).toBe(va);
    expect(vm.findFirst(2 ** 57 + PAGE, 1)).toBeUndefined();
  });
});

describe('Gpuvm look-ups', () => {
  it('find is exact, findFirst is not', () => {
    const vm = drawVm('.aabb.');
    expect(vm.find(PAGE, 2 * PAGE)?.obj).toBe(97);
    expect(vm.find(PAGE, PAGE)).toBeUndefined();
    expect(vm.findFirst(2 * PAGE, 2 * PAGE)?.obj).toBe(97);
    expect(vm.overlaps(2 * PAGE, 2 * PAGE).map((va) => va.obj)).toEqual([97, 98]);
    // A sum beyond 2^64 wraps, as it does in the kernel's iterators.
    expect(vm.overlaps(2 ** 63, 2 ** 63)).toEqual([]);
  });

  it('get follows insert and remove', () => {
    const vm = vmOf();
    const va = makeGpuva(-4096, 0, PAGE, 5);
    vm.insert(va);
    expect(vm.get(-4096)).toBe(va);
    expect(vm.has(va)).toBe(true);
    expect(vm.remove(va)).toBe(true);
    expect(vm.get(-4096)).toBeUndefined();
    expect(vm.remove(va)).toBe(false);
    expect(vm.remove(makeGpuva(8, 0, PAGE, 5))).toBe(false);
  });

  it('findPrev may answer a mapping that begins at start', () => {
    const vm = drawVm('aa.bb');
    expect(vm.findPrev(2 * PAGE)?.obj).toBe(97);
    expect(vm.findPrev(3 * PAGE)?.obj).toBe(98);
    expect(vm.findPrev(0)).toBeUndefined();
    expect(vm.findNext(3 * PAGE)?.obj).toBe(98);
    expect(vm.findNext(2 * PAGE)).toBeUndefined();
    expect(vm.findNext(3 * PAGE - 1)?.obj).toBe(98);
  });

  it('clone is independent', () => {
    const vm = drawVm('aabb');
    const copy = vm.clone();
    const { addr, range } = drawReq('xxxx');
    smUnmap(copy, addr, range, apply(copy));
    expect([vm.size, copy.size]).toEqual([2, 0]);
    const again = vm.clone();
    expect(list(again)).toEqual(list(vm));
    expect([...again].some((va) => vm.has(va))).toBe(false);
    expect([...vm].every((va) => again.get(va.id)?.addr === va.addr)).toBe(true);
  });

  it('flags', () => {
    expect([vmOf({ flags: 3 }).isImmediate, vmOf({ flags: 3 }).isResvProtected]).toEqual([true, true]);
    expect([vmOf({ flags: 4 }).isImmediate, vmOf({ flags: 4 }).isResvProtected]).toEqual([false, false]);
  });

  it('a refused insert shows in Applied.ret only', () => {
    const vm = drawVm('aa');
    const req = { kind: 'map', row: 'M', addr: PAGE, range: PAGE, obj: 5, offset: 0 } as const;
    expect(applyStep(vm, req, newId)).toEqual({ ret: -17, removed: undefined, added: [] });
    expect(applyStep(vm, { ...req, addr: 2 ** 60 }, newId).ret).toBe(-22);
  });
});
