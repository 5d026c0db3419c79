// The locking pass: its order and errors, and that on the unmodified VM it locks what applying the batch touches.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ptr } from '../../src/base/u64.ts';
import { type Locker, smMapExecLock, smUnmapExecLock } from '../../src/gpuvm/exec_lock.ts';
import { makeGpuva } from '../../src/gpuvm/gpuva.ts';
import { type BindOp, bind, codes, decode, type Space } from './batches.ts';
import { drawReq, drawVm, letterOf, objOf, PAGE, vmOf } from './picture.ts';

/** ms; the default of 5 s would make a slow machine a failure. */
const PATIENCE = 60_000;

/** Writes down the calls, and fails those for `refused`. */
class Recorder implements Locker {
  readonly calls: string[] = [];
  readonly locked = new Set<Ptr>();
  readonly #refused: string;

  constructor(refused = '') {
    this.#refused = refused;
  }

  lock(obj: Ptr): number {
    return this.#call(obj, `lock ${letterOf(obj)}`);
  }

  prepare(obj: Ptr, numFences: number): number {
    return this.#call(obj, `prepare ${letterOf(obj)} ${numFences}`);
  }

  #call(obj: Ptr, call: string): number {
    this.calls.push(call);
    if (call.endsWith(this.#refused) && this.#refused !== '') return -35;
    this.locked.add(obj);
    return 0;
  }
}

describe('order and errors', () => {
  it('a map prepares its own object first, then locks in ascending order', () => {
    const recorder = new Recorder();
    expect(smMapExecLock(drawVm('aaNNccbb'), recorder, 2, drawReq('.bbbbbb.'))).toBe(0);
    expect(recorder.calls).toEqual(['prepare b 2', 'lock a', 'lock c', 'lock b']);
  });

  it('an unmap only locks; a hole and NULL objects lock nothing', () => {
    const recorder = new Recorder();
    expect(smUnmapExecLock(drawVm('aaNN..cc'), recorder, PAGE, 6 * PAGE)).toBe(0);
    expect(smUnmapExecLock(drawVm('aaNN..cc'), recorder, 2 * PAGE, 4 * PAGE)).toBe(0);
    expect(recorder.calls).toEqual(['lock a', 'lock c']);
  });

  it('a NULL request prepares nothing', () => {
    const recorder = new Recorder();
    expect(smMapExecLock(drawVm('aa..'), recorder, 0, drawReq('.NN.'))).toBe(0);
    expect(recorder.calls).toEqual(['lock a']);
  });

  it('stops at the first error', () => {
    const recorder = new Recorder('lock a');
    expect(smMapExecLock(drawVm('aacc'), recorder, 1, drawReq('.bb.'))).toBe(-35);
    expect(recorder.calls).toEqual(['prepare b 1', 'lock a']);
    const refused = new Recorder('prepare b 1');
    expect(smMapExecLock(drawVm('aacc'), refused, 1, drawReq('.bb.'))).toBe(-35);
    expect(refused.calls).toEqual(['prepare b 1']);
  });

  it('an invalid range leaves the object prepared', () => {
    const recorder = new Recorder();
    expect(smMapExecLock(vmOf({ mmRange: PAGE }), recorder, 1, drawReq('bb'))).toBe(-22);
    expect(recorder.calls).toEqual(['prepare b 1']);
    expect(smUnmapExecLock(vmOf({ mmRange: PAGE }), recorder, 0, 2 * PAGE)).toBe(-22);
  });

  it('no fences is an error of reserving', () => {
    const recorder = new Recorder();
    expect(smMapExecLock(drawVm('aa'), recorder, 0, drawReq('bb'))).toBe(-22);
    expect(recorder.calls).toEqual(['prepare b 0']);
  });
});

function lock(vm: ReturnType<typeof vmOf>, locker: Locker, op: BindOp): number {
  return op.unmap ? smUnmapExecLock(vm, locker, op.addr, op.range) : smMapExecLock(vm, locker, 1, op);
}

const SPACE: Space = { base: 4096 * 3, unit: 4096 };

/** The objects locked on the VM as `before` left it, and those touched when `batch` is then applied. */
function lockedAndTouched(before: readonly number[], batch: readonly number[], minPages: number): [Ptr[], Ptr[]] {
  const vm = vmOf();
  for (const code of before) bind(vm, decode(code, SPACE, 1));
  const ops = batch.map((code) => decode(code, SPACE, minPages));
  const recorder = new Recorder();
  for (const op of ops) if (lock(vm, recorder, op) !== 0) throw new Error('lock refused');
  const touched = new Set<Ptr>();
  // Points left by range 0 can make a step collide (edges.test.ts); then the driver's job ends there.
  const failed = ops.some((op) => bind(vm, op, touched) !== 0);
  if (failed && minPages > 0) throw new Error('bind refused');
  return [[...recorder.locked].sort(), [...touched].sort()];
}

describe('the lock set of the unmodified VM', () => {
  it(
    'is the set of objects that applying the batch touches',
    () => {
      fc.assert(
        fc.property(codes, codes, (before, batch) => {
          const [locked, touched] = lockedAndTouched(before, batch, 1);
          if (locked.join() !== touched.join()) throw new Error(`locked ${locked}, touched ${touched}`);
        }),
        { numRuns: 50000 },
      );
    },
    PATIENCE,
  );

  it(
    'covers it where the batch itself has range 0',
    () => {
      fc.assert(
        fc.property(codes, codes, (before, batch) => {
          const [locked, touched] = lockedAndTouched(before, batch, 0);
          const missed = touched.filter((obj) => !locked.includes(obj));
          if (missed.length > 0) throw new Error(`touched, not locked: ${missed}`);
        }),
        { numRuns: 10000 },
      );
    },
    PATIENCE,
  );

  it('misses a point that an earlier batch left at the start of a mapping', () => {
    const vm = drawVm('.aaa');
    vm.insert(makeGpuva(8, PAGE, 0, objOf('p')));
    const op = (picture: string): BindOp => ({ ...drawReq(picture), unmap: false, page: 0, pages: 0, objPage: 0 });
    const batch = [op('.bbb'), op('cc..')];
    const recorder = new Recorder();
    for (const one of batch) lock(vm, recorder, one);
    const touched = new Set<Ptr>();
    for (const one of batch) expect(bind(vm, one, touched)).toBe(0);
    // Replacing a by b put the point in front of the mapping it stood behind: now the second walk comes by it.
    expect([...recorder.locked].map(letterOf).join('')).toBe('bac');
    expect([...touched].map(letterOf).join('')).toBe('abpc');
  });

  it('is not that of each operation: only the batch as a whole compares', () => {
    const vm = drawVm('aa..');
    const first: BindOp = { ...drawReq('b...'), unmap: false, page: 0, pages: 1, objPage: 0 };
    const second: BindOp = { ...first, obj: 0, unmap: true };
    const recorder = new Recorder();
    lock(vm, recorder, second);
    bind(vm, first);
    const touched = new Set<Ptr>();
    bind(vm, second, touched);
    expect([[...recorder.locked].map(letterOf), [...touched].map(letterOf)]).toEqual([['a'], ['b']]);
  });
});
