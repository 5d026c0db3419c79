// NVIDIA's page tables from Pascal on: drivers/gpu/drm/nouveau/nvkm/subdev/mmu/vmmgp100.c, driven by vmm.c.

import { type Format, WRITES_OVER } from '../format.ts';

/**
 * raw_map writes over present entries, raw_unmap sets entries to invalid or sparse whatever was there, and tables live
 * from raw_get to raw_put, not from entry to entry. 64K pages sit in a second table beside that of the 4K pages and
 * are not modelled: 6.18 maps VM_BIND with PAGE_SHIFT only.
 */
export const NVKM_GP100: Format = {
  name: 'nvkm gp100',
  levels: [
    { shift: 47, bits: 2, leaf: false },
    { shift: 38, bits: 9, leaf: false },
    { shift: 29, bits: 9, leaf: false },
    { shift: 21, bits: 8, leaf: true },
    { shift: 12, bits: 9, leaf: true },
  ],
  base: 0,
  size: 2 ** 49,
  oas: undefined,
  hint: 0,
  semantics: WRITES_OVER,
};
