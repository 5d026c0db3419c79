// The cases that a set of captures can exercise, in the groups and the order in which they are shown.
import { MAP_ROWS, UNMAP_ROWS } from '../gpuvm/sm_map.ts';

/** `rule`: of a check, `function`: of a patch. The others are of the model. */
export type Group = 'sm_map' | 'sm_unmap' | 'objects' | 'ops list' | 'lock pass' | 'rule' | 'function';

export interface Case {
  readonly group: Group;
  readonly name: string;
  readonly text: string;
}

const MAP_TEXT = {
  A1: 'same range',
  A2: 'starts where the request starts, ends before it ends',
  A3: 'starts where the request starts, sticks out behind',
  B1: 'sticks out in front, ends where the request ends',
  B2: 'sticks out in front',
  B3: 'sticks out on both sides',
  C1: 'starts behind the start, ends where the request ends',
  C2: 'lies within',
  C3: 'starts behind the start, sticks out behind',
} as const;

const UNMAP_TEXT = { U1: 'whole', U2: 'prev stays', U3: 'next stays', U4: 'prev and next stay' } as const;

const GIVEN: readonly (readonly [Group, Readonly<Record<string, string>>])[] = [
  [
    'objects',
    {
      'MAP of NULL': 'a mapping without object comes',
      'UNMAP of NULL': 'one goes',
      'REMAP of NULL': 'one is split or shortened',
      'reserved node': 'a request meets the area that the kernel keeps, and is refused',
    },
  ],
  [
    'ops list',
    {
      map: 'drm_gpuvm_sm_map_ops_create()',
      unmap: 'drm_gpuvm_sm_unmap_ops_create()',
      prefetch: 'drm_gpuvm_prefetch_ops_create()',
      bo_unmap: 'drm_gpuvm_bo_unmap_ops_create()',
      madvise: 'drm_gpuvm_madvise_ops_create()',
    },
  ],
  [
    'lock pass',
    {
      'first try': 'all locked in one pass',
      retry: '-EDEADLK, and all over again',
      duplicate: 'an object that is locked already is locked again',
      'shared resv': 'an object whose dma_resv is locked through another one',
      error: 'the pass fails otherwise',
    },
  ],
];

export const CASES: readonly Case[] = [
  ...MAP_ROWS.flatMap((row) =>
    [false, true].map((keep): Case => ({ group: 'sm_map', name: mapCase(row, keep), text: MAP_TEXT[row] })),
  ),
  ...UNMAP_ROWS.map((row): Case => ({ group: 'sm_unmap', name: row, text: UNMAP_TEXT[row] })),
  ...GIVEN.flatMap(([group, cases]) => Object.entries(cases).map(([name, text]): Case => ({ group, name, text }))),
];

export function mapCase(row: (typeof MAP_ROWS)[number], keep: boolean): string {
  return keep ? `${row} keep` : row;
}
