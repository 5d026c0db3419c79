// What a driver does around drm_gpuvm: each answer with the kernel's functions that give it.
import type { TableCode } from '../events/vm_event.ts';
import type { GpuvmInit } from '../gpuvm/gpuvm.ts';
import type { Format } from '../mmu/format.ts';

/** `is`: the answer, as the replay takes it and as a table of all drivers shows it; `by`: where it comes from. */
export interface Answer<T extends string> {
  readonly is: T;
  readonly by: string;
}

export interface Driver {
  /** Its files, of Linux 6.18 where an answer does not say otherwise. */
  readonly source: string;
  /** What a bind ioctl makes jobs of. */
  readonly jobs: Answer<'all ops' | 'each op'>;
  /** The VA space that the lock pass is about. */
  readonly lockPass: Answer<'before the ops' | 'after the ops' | 'fences only'>;
  /** When the steps are carried out; in `run` that is the scheduler's call, in the signalling path of the job's fence. */
  readonly apply: Answer<'ioctl' | 'run'>;
  /** What protects the VA space: the VM's dma_resv, or a lock that no probe shows. */
  readonly treeLock: Answer<'resv' | 'own lock'>;
  /**
   * What protects an object's list of mappings, where the flags of the VM do not say: gpuva.lock in immediate mode, and
   * before 6.18 what the driver gave to drm_gem_gpuva_set_lock(). Its dma_resv is locked for fences only then.
   */
  readonly listLock: Answer<'resv' | 'gpuva.lock'>;
  /** What becomes of a bind that fails halfway. */
  readonly rollback: Answer<'undone' | 'left'>;
  /** Objects that share the dma_resv of the one VM that may map them. */
  readonly privateObjects: Answer<'share resv' | 'none'>;
  /** Is every external object put on the VM's list of them when it is mapped? */
  readonly externals: Answer<'listed' | 'not listed'>;
  /** explicit: its fences on external objects are BOOKKEEP: nobody waits for them who does not ask. */
  readonly fences: Answer<'explicit' | 'implicit'>;
  /** When a file is closed its VMs are empty, or what a fence holds goes later. */
  readonly close: Answer<'at once' | 'later'>;
  /** What maps memory that is not there. */
  readonly sparse: Answer<'NULL maps' | 'regions' | 'none'>;
  /** When translations that changed are thrown away. */
  readonly tlb: Answer<'each unmap' | 'each update' | 'each ioctl' | 'own jobs' | 'never'>;
  readonly tables: DriverTables;
}

/** What the code behind a page table does with the entries that are there, and how its driver uses it. */
export interface DriverTables {
  readonly code: TableCode;
  readonly format: (init: GpuvmInit) => Format;
  /** run: they are written when the scheduler runs a job whose ioctl changed the tree; what an ioctl does is not its job's. */
  readonly written: Answer<'with each step' | 'ioctl' | 'run'>;
  /**
   * What the driver makes of a step's keep flag: 'all' leaves the entries alone, 'unmap' does so for an UNMAP, 'in place'
   * where also request and mapping are one and the same, 'ignored' tears them down by design.
   */
  readonly keep: Answer<'all' | 'unmap' | 'in place' | 'ignored'>;
  /** What a REMAP may unmap: the gap, the gap widened to whole blocks, or the whole old mapping. */
  readonly remap: Answer<'gap' | 'blocks' | 'whole'>;
  /** An unmap that meets a hole fails or warns, or goes by it. */
  readonly holes: Answer<'refused' | 'passed'>;
  /** The leaf sizes that the driver asks for, where its calls do not say; undefined: all of the format's. */
  readonly pageSizes?: readonly number[];
  /** Leaves that it may choose where tables are derived: memory is then taken to be contiguous. */
  readonly leaves: readonly number[];
  /** drivers/iommu/io-pgtable-arm.c, of which older kernels split a block that is unmapped in part. */
  readonly isIoPgtable?: boolean;
}

/** A question about a driver, in a few words. */
export interface Topic {
  readonly title: string;
  readonly answer: (driver: Driver) => Answer<string>;
}

export const TOPICS: readonly Topic[] = [
  { title: 'a job is', answer: ({ jobs }) => jobs },
  { title: 'lock pass', answer: ({ lockPass }) => lockPass },
  { title: 'steps applied', answer: ({ apply }) => apply },
  { title: 'tables written', answer: ({ tables }) => tables.written },
  { title: 'VA space lock', answer: ({ treeLock }) => treeLock },
  { title: 'object list lock', answer: ({ listLock }) => listLock },
  { title: 'failed bind', answer: ({ rollback }) => rollback },
  { title: 'private objects', answer: ({ privateObjects }) => privateObjects },
  { title: 'external objects', answer: ({ externals }) => externals },
  { title: 'fences', answer: ({ fences }) => fences },
  { title: 'closed file', answer: ({ close }) => close },
  { title: 'keep flag', answer: ({ tables }) => tables.keep },
  { title: 'remap unmaps', answer: ({ tables }) => tables.remap },
  { title: 'unmap of a hole', answer: ({ tables }) => tables.holes },
  { title: 'NULL and sparse', answer: ({ sparse }) => sparse },
  { title: 'TLB flush', answer: ({ tlb }) => tlb },
];
