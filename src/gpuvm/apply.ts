// Carries a split/merge step out as a correct driver does: drm_gpuva_map(), _remap() and _unmap() of drm_gpuvm.c.

import { unreachable } from '../base/assert.ts';
import type { Ptr } from '../base/u64.ts';
import { type Gpuva, makeGpuva } from './gpuva.ts';
import type { Gpuvm } from './gpuvm.ts';
import type { MapReq, Step } from './sm_map.ts';

/** What a step did to the tree. */
export interface Applied {
  /** 0, or the first refused insert's -EINVAL or -EEXIST. The kernel helpers ignore that one: so drivers miss it. */
  readonly ret: 0 | -22 | -17;
  readonly removed: Gpuva | undefined;
  /** The mappings now in the tree, in ascending order: the request, or prev and next. */
  readonly added: readonly Gpuva[];
}

/**
 * Applies one step to vm. `ids` gives the drm_gpuva pointer of each new mapping, `line` is its tag.
 * A remapped piece inherits the flags of what it is a piece of. Linking to a vm_bo is left to the caller.
 */
export function applyStep(vm: Gpuvm, step: Step, ids: () => Ptr, line = 0): Applied {
  switch (step.kind) {
    case 'map':
      return insertAll(vm, undefined, [step], 0, ids, line);
    case 'unmap':
      return insertAll(vm, remove(vm, step.va), [], 0, ids, line);
    case 'remap':
      return insertAll(vm, remove(vm, step.va), [step.prev, step.next], step.va.flags, ids, line);
    default:
      return unreachable(step);
  }
}

function remove(vm: Gpuvm, va: Gpuva): Gpuva | undefined {
  return vm.remove(va) ? va : undefined;
}

function insertAll(
  vm: Gpuvm,
  removed: Gpuva | undefined,
  pieces: readonly (MapReq | undefined)[],
  flags: number,
  ids: () => Ptr,
  line: number,
): Applied {
  let ret: Applied['ret'] = 0;
  const added: Gpuva[] = [];
  for (const piece of pieces) {
    if (piece === undefined) continue;
    const va = makeGpuva(ids(), piece.addr, piece.range, piece.obj, piece.offset, flags, line);
    const inserted = vm.insert(va);
    if (inserted === 0) added.push(va);
    else if (ret === 0) ret = inserted;
  }
  return { ret, removed, added };
}
