// drm_gpuvm_bo: references, linking, the extobj and evict lists, zombies.

import { describe, expect, it } from 'vitest';
import { makeGpuva } from '../../src/gpuvm/gpuva.ts';
import { DRM_GPUVM_IMMEDIATE_MODE, DRM_GPUVM_RESV_PROTECTED } from '../../src/gpuvm/gpuvm.ts';
import { isExtobj, VmBos } from '../../src/gpuvm/vm_bo.ts';

const VM_RESV = 3;
const OTHER_RESV = 4;
const OBJ = 50;

const va = (obj = OBJ) => makeGpuva(7, 0, 4096, obj);

describe('references', () => {
  it('obtain finds the one of its object, else makes it', () => {
    const bos = new VmBos(0, VM_RESV);
    const first = bos.obtain(100, OBJ);
    expect(bos.obtain(101, OBJ)).toBe(first);
    expect(first.refs).toBe(2);
    expect(bos.obtain(102, 51)).not.toBe(first);
    expect([bos.get(100), bos.get(101), bos.peek(OBJ)]).toEqual([first, undefined, first]);
  });

  it('obtain_prealloc drops the spare one', () => {
    const bos = new VmBos(0, VM_RESV);
    const spare = bos.create(100, OBJ);
    expect(bos.find(OBJ)).toBeUndefined();
    expect(bos.obtainPrealloc(spare)).toBe(spare);
    const other = bos.create(101, OBJ);
    expect(bos.obtainPrealloc(other)).toBe(spare);
    expect([spare.refs, other.refs, bos.get(101), bos.size]).toEqual([2, 0, undefined, 1]);
    expect(bos.peek(OBJ)).toBe(spare);
  });

  it('link takes one, unlink drops it, the last put destroys', () => {
    const bos = new VmBos(0, VM_RESV);
    const bo = bos.obtain(100, OBJ);
    const mapping = va();
    expect(bos.link(mapping, bo)).toBe('linked');
    expect([mapping.vmBo, bo.refs, bo.vas.size]).toEqual([100, 2, 1]);
    expect(bos.link(mapping, bo)).toBe('already-linked');
    expect(bos.put(bo)).toBe('alive');
    expect(bos.unlink(mapping)).toBe('destroyed');
    expect([mapping.vmBo, bos.size, bos.peek(OBJ)]).toEqual([0, 0, undefined]);
    expect(bos.unlink(mapping)).toBe('not-linked');
    expect(bos.put(bo)).toBe('underflow');
  });

  it('NULL objects are not linked, a wrong object is, with a WARN', () => {
    const bos = new VmBos(0, VM_RESV);
    const bo = bos.obtain(100, OBJ);
    expect([bos.link(va(0), bo), bos.unlink(va(0))]).toEqual(['null-obj', 'null-obj']);
    expect(bos.link(va(51), bo)).toBe('obj-mismatch');
    expect(bo.vas.size).toBe(1);
  });
});

describe('external objects', () => {
  it('are those with another resv', () => {
    expect([isExtobj(OBJ, OTHER_RESV, VM_RESV), isExtobj(OBJ, VM_RESV, VM_RESV)]).toEqual([true, false]);
    expect(isExtobj(0, OTHER_RESV, VM_RESV)).toBe(false);
  });

  it('are listed only when added, and leave with the last reference', () => {
    const bos = new VmBos(0, VM_RESV);
    const bo = bos.obtain(100, OBJ);
    expect(bos.extobjs).toEqual([]);
    expect(bos.extobjAdd(bo, VM_RESV)).toBe(false);
    expect(bos.extobjAdd(bo, OTHER_RESV)).toBe(true);
    bos.extobjAdd(bo, OTHER_RESV);
    expect(bos.prepareObjects()).toEqual([OBJ]);
    expect(bos.finiWarnings()).toEqual(['extobj-list-not-empty']);
    bos.put(bo);
    expect(bos.finiWarnings()).toEqual([]);
  });
});

describe('eviction', () => {
  it('lists at once with spinlocks, and leaves removal to the driver', () => {
    const bos = new VmBos(0, VM_RESV);
    const bo = bos.obtain(100, OBJ);
    bos.evict(bo, true, OTHER_RESV);
    expect(bos.evictList).toEqual([bo]);
    const clear = () => {
      bo.evicted = false;
      return 0;
    };
    expect(bos.validate(clear)).toBe(0);
    expect(bos.evictList).toEqual([bo]);
    bos.evict(bo, false, OTHER_RESV);
    expect(bos.evictList).toEqual([]);
  });

  it('of an external object of a RESV_PROTECTED VM waits for prepare_objects', () => {
    const bos = new VmBos(DRM_GPUVM_RESV_PROTECTED, VM_RESV);
    const bo = bos.obtain(100, OBJ);
    bos.extobjAdd(bo, OTHER_RESV);
    bos.evict(bo, true, OTHER_RESV);
    expect([bo.evicted, bos.evictList]).toEqual([true, []]);
    bos.prepareObjects();
    expect(bos.evictList).toEqual([bo]);
    expect(bos.validate(() => -12)).toBe(-12);
    expect(bos.evictList).toEqual([bo]);
    expect(
      bos.validate((one) => {
        one.evicted = false;
        return 0;
      }),
    ).toBe(0);
    expect(bos.evictList).toEqual([]);
  });

  it('of a private object lists at once in either mode', () => {
    const bos = new VmBos(DRM_GPUVM_RESV_PROTECTED, VM_RESV);
    const bo = bos.obtain(100, OBJ);
    bos.evict(bo, true, VM_RESV);
    expect(bos.evictList).toEqual([bo]);
  });
});

describe('zombies', () => {
  it('stay on the lists of a RESV_PROTECTED VM, skipped, until cleaned up', () => {
    const bos = new VmBos(DRM_GPUVM_RESV_PROTECTED | DRM_GPUVM_IMMEDIATE_MODE, VM_RESV);
    const bo = bos.obtain(100, OBJ);
    const mapping = va();
    bos.link(mapping, bo);
    bos.extobjAdd(bo, OTHER_RESV);
    bos.evict(bo, true, OTHER_RESV);
    bos.prepareObjects();
    expect(bos.isDeferralAllowed).toBe(true);
    expect(bos.putDeferred(bo)).toBe('alive');
    expect(bos.unlinkDefer(mapping)).toBe('zombie');
    expect([bo.zombie, bos.extobjs, bos.evictList]).toEqual([true, [bo], [bo]]);
    expect(bos.prepareObjects()).toEqual([]);
    expect(bos.validate(() => -1)).toBe(0);
    expect(bos.link(va(), bo)).toBe('zombie');
    expect(bos.obtain(101, OBJ)).not.toBe(bo);
    expect(bos.finiWarnings()).toEqual(['extobj-list-not-empty', 'evict-list-not-empty', 'bo-defer-not-empty']);
    expect(bos.deferredCleanup()).toEqual([bo]);
    expect([bos.get(100), bos.finiWarnings(), bos.deferredCleanup()]).toEqual([undefined, [], []]);
  });

  it('leave the lists at once where spinlocks protect them', () => {
    const bos = new VmBos(DRM_GPUVM_IMMEDIATE_MODE, VM_RESV);
    const bo = bos.obtain(100, OBJ);
    bos.extobjAdd(bo, OTHER_RESV);
    expect(bos.putDeferred(bo)).toBe('zombie');
    expect(bos.finiWarnings()).toEqual(['bo-defer-not-empty']);
    expect(new VmBos(0, VM_RESV).isDeferralAllowed).toBe(false);
  });
});
