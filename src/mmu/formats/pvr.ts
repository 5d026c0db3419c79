// Imagination's three levels of 4K pages: drivers/gpu/drm/imagination/pvr_mmu.c.

import { type Format, WRITES_OVER } from '../format.ts';

/**
 * pvr_page_create() refuses a valid entry with -EEXIST and the map takes back what it had created; unmap passes over
 * missing pages and tables; a table whose last entry goes is removed from its parent.
 */
export const PVR: Format = {
  name: 'pvr',
  levels: [
    { shift: 30, bits: 10, leaf: false },
    { shift: 21, bits: 9, leaf: false },
    { shift: 12, bits: 9, leaf: true },
  ],
  base: 0,
  size: 2 ** 40,
  oas: undefined,
  hint: 0,
  semantics: { ...WRITES_OVER, overLeaf: 'eexist', onError: 'undo', emptyTables: 'free' },
};
