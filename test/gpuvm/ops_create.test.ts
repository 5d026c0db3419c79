// Operation lists.

import { expect, it } from 'vitest';
import { makeGpuva } from '../../src/gpuvm/gpuva.ts';
import {
  boUnmapOpsCreate,
  madviseOpsCreate,
  type Op,
  prefetchOpsCreate,
  smMapOpsCreate,
  smUnmapOpsCreate,
} from '../../src/gpuvm/ops_create.ts';
import { VmBos } from '../../src/gpuvm/vm_bo.ts';
import { draw, drawReq, drawVm, newId, objOf, PAGE, showStep, vmOf } from './picture.ts';

const show = (op: Op) => (op.kind === 'prefetch' ? `prefetch ${op.va.addr}+${op.va.range}` : showStep(op));

it('only look', () => {
  const vm = drawVm('aaNNcc');
  const req = drawReq('.bbbb.');
  expect(smMapOpsCreate(vm, req).ops.map(show)).toEqual([
    'B2 remap a[0,2)+0 prev a[0,1)+0',
    'C2 unmap N[2,4)+2',
    'C3 remap c[4,6)+4 next c[5,6)+5',
    'M map b[1,5)+1',
  ]);
  expect(smUnmapOpsCreate(vm, req.addr, req.range).ops).toHaveLength(3);
  expect(madviseOpsCreate(vm, req)).toEqual({ ret: 0, ops: [] });
  expect(draw(vm, 6)).toBe('aaNNcc');
});

it('an invalid range gives an error and no list', () => {
  const vm = vmOf({ mmRange: PAGE });
  const req = drawReq('bb');
  const refused = { ret: -22, ops: [] };
  expect(smMapOpsCreate(vm, req)).toEqual(refused);
  expect(madviseOpsCreate(vm, req)).toEqual(refused);
  expect(smUnmapOpsCreate(vm, req.addr, req.range)).toEqual(refused);
});

it('prefetch takes whole mappings, NULL objects and the kernel node, without a validity check', () => {
  const vm = vmOf({ mmRange: 8 * PAGE, kernelStart: 4 * PAGE, kernelRange: PAGE });
  vm.insert(makeGpuva(newId(), 0, 2 * PAGE, 5));
  vm.insert(makeGpuva(newId(), 2 * PAGE, PAGE, 0));
  expect(prefetchOpsCreate(vm, PAGE, 100 * PAGE).ops.map(show)).toEqual([
    'prefetch 0+8192',
    'prefetch 8192+4096',
    'prefetch 16384+4096',
  ]);
  expect(prefetchOpsCreate(vm, 2 ** 63, 2 ** 63).ops).toEqual([]);
});

it('bo_unmap follows the order of linking', () => {
  const vmBos = new VmBos(0, 3);
  const vmBo = vmBos.obtain(100, objOf('a'));
  const vas = [4, 0, 2].map((page) => makeGpuva(newId(), page * PAGE, PAGE, objOf('a')));
  for (const va of vas) vmBos.link(va, vmBo);
  expect(boUnmapOpsCreate(vmBo).ops.map((op) => op.kind === 'unmap' && [op.va, op.keep])).toEqual(
    vas.map((va) => [va, false]),
  );
});
