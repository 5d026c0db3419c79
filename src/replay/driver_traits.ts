// What the replay has to know of each driver beyond its probes: one line a driver.
import type { DriverName, TableCode } from '../events/vm_event.ts';
import { SZ_1G, SZ_2M, SZ_4K } from '../mmu/format.ts';

export interface DriverTraits {
  /** The code behind its page tables. */
  readonly code: TableCode;
  /** Leaves that it may choose where tables are derived: memory is then taken to be contiguous. */
  readonly pageSizes: readonly number[];
  /** A bind that fails is undone as a whole. */
  readonly undoes: boolean;
  /** The apply is the scheduler's run of the job, in its fence's signalling path. */
  readonly appliesInRun: boolean;
  /**
   * An object's list of mappings has a mutex of its own, whatever the flags of the VM say: gpuva.lock in immediate mode,
   * and before 6.18 what the driver gave to drm_gem_gpuva_set_lock(). Its dma_resv is locked for fences only.
   */
  readonly ownListLock: boolean;
  /** The tree is changed under the VM's dma_resv; otherwise under a lock of the driver's own, which no probe shows. */
  readonly treeUnderResv: boolean;
  /** External objects that it maps are put on the VM's list of them. */
  readonly listsExternal: boolean;
  /** When a file is closed its VMs are empty; otherwise what a fence holds goes later. */
  readonly closesAtOnce: boolean;
  /** Its fences on external objects are BOOKKEEP: nobody waits for them who does not ask. */
  readonly explicitSync: boolean;
}

const PLAIN = {
  pageSizes: [SZ_4K],
  undoes: false,
  appliesInRun: false,
  ownListLock: false,
  treeUnderResv: false,
  listsExternal: true,
  closesAtOnce: true,
  explicitSync: false,
};

export const DRIVER_TRAITS: Readonly<Record<DriverName, DriverTraits>> = {
  lab: { ...PLAIN, code: 'lab', listsExternal: false },
  msm: { ...PLAIN, code: 'msm', treeUnderResv: true },
  nouveau: { ...PLAIN, code: 'nvif', undoes: true },
  xe: { ...PLAIN, code: 'xe', pageSizes: [SZ_4K, SZ_2M, SZ_1G], undoes: true, closesAtOnce: false },
  panthor: {
    ...PLAIN,
    code: 'io-pgtable',
    pageSizes: [SZ_4K, SZ_2M],
    appliesInRun: true,
    ownListLock: true,
    explicitSync: true,
  },
  pvr: { ...PLAIN, code: 'pvr', listsExternal: false },
};

/** Undefined while the job's driver is not known. */
export function traitsOf(job: { readonly driver: DriverName | undefined } | undefined): DriverTraits | undefined {
  return job?.driver === undefined ? undefined : DRIVER_TRAITS[job.driver];
}
