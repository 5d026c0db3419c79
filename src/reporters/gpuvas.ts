// The kernel's debugfs file `gpuvas`, byte for byte: drm_debugfs_gpuva_info() of drm_debugfs.c.
import { add, type Ptr, ptrHex, type U64 } from '../base/u64.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { VmState } from '../replay/vm_state.ts';
import { printable } from './escape.ts';

function x16(value: U64): string {
  return `0x${value.toString(16).padStart(16, '0')}`;
}

function ptr16(value: Ptr): string {
  return `0x${ptrHex(value).slice(2).padStart(16, '0')}`;
}

/** One VM's dump; `tree` in ascending order without the reserved node. */
export function gpuvas(vm: VmState, tree: Iterable<Gpuva>): string {
  const { mmStart, mmRange, kernelStart, kernelRange } = vm.init;
  let text = `DRM GPU VA space (${printable(vm.name)}) [${x16(mmStart)};${x16(add(mmStart, mmRange))}]\n`;
  text += `Kernel reserved node [${x16(kernelStart)};${x16(add(kernelStart, kernelRange))}]\n\n`;
  text += ' VAs | start              | range              | end                | object             | object offset\n';
  text += `${'-'.repeat(109)}\n`;
  for (const va of tree) {
    const cells = [x16(va.addr), x16(va.range), x16(add(va.addr, va.range)), ptr16(va.obj), x16(va.offset)];
    text += `     | ${cells.join(' | ')}\n`;
  }
  return `${text}\n`;
}
