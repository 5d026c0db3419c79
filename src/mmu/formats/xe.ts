// Intel's five levels of 4 KiB tables with 2M and 1G leaves and the 64K hint: drivers/gpu/drm/xe/xe_pt.c.

import { type Format, SZ_64K, WRITES_OVER } from '../format.ts';

/**
 * A bind writes over what is there; where it replaces a part of a huge leaf by a table, the rest of that table starts
 * empty (xe_pt_populate_empty()). An unbind clears whole entries and frees tables that become empty; a huge leaf that
 * sticks out of it stays. Compact level 0 tables (16 times 64K) are not told apart: their pages carry the hint.
 */
export const XE: Format = {
  name: 'xe',
  levels: [
    { shift: 48, bits: 9, leaf: false },
    { shift: 39, bits: 9, leaf: false },
    { shift: 30, bits: 9, leaf: true },
    { shift: 21, bits: 9, leaf: true },
    { shift: 12, bits: 9, leaf: true },
  ],
  base: 0,
  size: 2 ** 57,
  oas: undefined,
  hint: SZ_64K,
  semantics: { ...WRITES_OVER, emptyTables: 'free' },
};

/** Four levels, as integrated graphics have them. */
export const XE_4_LEVELS: Format = { ...XE, name: 'xe 4 levels', levels: XE.levels.slice(1), size: 2 ** 48 };
