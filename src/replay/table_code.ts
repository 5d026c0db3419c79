// What the code behind a page table does with the entries that are there, and how its driver uses it: one line a code.
import type { TableCode } from '../events/vm_event.ts';
import type { GpuvmInit } from '../gpuvm/gpuvm.ts';
import { type Format, SZ_4K } from '../mmu/format.ts';
import { MSM, PANTHOR } from '../mmu/formats/arm_lpae.ts';
import { flat } from '../mmu/formats/flat.ts';
import { NVKM_GP100 } from '../mmu/formats/nvkm.ts';
import { PVR } from '../mmu/formats/pvr.ts';
import { XE } from '../mmu/formats/xe.ts';

export interface TableTraits {
  readonly format: (init: GpuvmInit) => Format;
  /**
   * What the driver makes of a step's keep flag: 'all' leaves the entries alone, 'unmap' does so for an UNMAP, 'in place'
   * where also request and mapping are one and the same, 'ignored' tears them down by design.
   */
  readonly keep: 'all' | 'unmap' | 'in place' | 'ignored';
  /** The tables are written when the scheduler runs the job; what an ioctl does to them is none of its job's doing. */
  readonly runsLater?: boolean;
  /** What a REMAP may unmap: the gap, the gap widened to whole blocks, or the whole old mapping. */
  readonly remapUnmaps: 'gap' | 'blocks' | 'whole';
  /** The leaf sizes that the driver asks for, where its calls do not say; undefined: all of the format's. */
  readonly pageSizes?: readonly number[];
  /** A map over a live entry is refused, so that meeting one is a mistake whatever it says. */
  readonly refusesLive: boolean;
  /** An unmap that meets a hole fails or warns. */
  readonly refusesHoles: boolean;
  /** drivers/iommu/io-pgtable-arm.c, of which older kernels split a block that is unmapped in part. */
  readonly isIoPgtable?: boolean;
}

/**
 * msm's loops around io-pgtable: an unmap goes on behind a hole. How far a map came that is refused depends on its scatter
 * list, which is not in the trace; it is taken back by an unmap call of the driver's own, which is.
 */
const MSM_LOOPS: Format = {
  ...MSM,
  name: 'msm arm_lpae_s1 4K',
  semantics: { ...MSM.semantics, unmapHole: 'skip', refusedAt: 'entry', call: 'range' },
};

/** Mali's and any other io-pgtable: the caller's address is taken as it comes, for a VM's tables begin at 0. */
const always = (format: Format) => () => format;

const MSM_TABLES: TableTraits = {
  format: always(MSM_LOOPS),
  runsLater: true,
  keep: 'in place',
  remapUnmaps: 'gap',
  refusesLive: true,
  refusesHoles: true,
};

const IO_PGTABLE: TableTraits = {
  format: always(PANTHOR),
  keep: 'ignored',
  remapUnmaps: 'blocks',
  refusesLive: true,
  refusesHoles: true,
  isIoPgtable: true,
};

export const TABLE_CODES: Readonly<Record<TableCode, TableTraits>> = {
  lab: {
    format: (init) => flat(init.mmStart, init.mmRange),
    keep: 'all',
    remapUnmaps: 'gap',
    refusesLive: false,
    refusesHoles: false,
  },
  msm: MSM_TABLES,
  // The same calls, as the driver's debug lines tell of them.
  'msm-log': MSM_TABLES,
  nvif: {
    format: always(NVKM_GP100),
    runsLater: true,
    pageSizes: [SZ_4K],
    keep: 'unmap',
    remapUnmaps: 'gap',
    refusesLive: false,
    refusesHoles: false,
  },
  xe: {
    format: always(XE),
    pageSizes: [SZ_4K],
    keep: 'ignored',
    remapUnmaps: 'whole',
    refusesLive: false,
    refusesHoles: false,
  },
  'io-pgtable': IO_PGTABLE,
  // The same calls, as the driver's debug lines tell of them.
  panthor: IO_PGTABLE,
  pvr: { format: always(PVR), keep: 'ignored', remapUnmaps: 'gap', refusesLive: true, refusesHoles: false },
  iommu: { format: always(PANTHOR), keep: 'ignored', remapUnmaps: 'gap', refusesLive: true, refusesHoles: true },
};
