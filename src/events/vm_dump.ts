// The mappings of a VM at one moment as a file shows them that is no trace: debugfs, a driver's
// devcoredump, or an earlier `state` of this tool.
import type { Ptr, U64 } from '../base/u64.ts';

export interface DumpedVa {
  readonly addr: U64;
  readonly range: U64;
  /** 0: NULL; undefined: some object that is not shown. */
  readonly obj: Ptr | undefined;
  /** Undefined where not shown. */
  readonly offset: U64 | undefined;
  readonly flags: number;
  /** The drm_gpuva, and the object's dma_resv; 0 where not shown. */
  readonly va: Ptr;
  readonly resv: Ptr;
}

/** As drm_gpuvm_init() was given them. */
export interface VmBounds {
  readonly mmStart: U64;
  readonly mmRange: U64;
  readonly kernelStart: U64;
  readonly kernelRange: U64;
}

export interface VmDump {
  /** Where the file shows it first; 1-based, 0 where it has no lines. */
  readonly line: number;
  /** 0 where not shown. */
  readonly gpuvm: Ptr;
  readonly name: string;
  readonly bounds: VmBounds | undefined;
  /** enum drm_gpuvm_flags. */
  readonly flags: number | undefined;
  /** 0 where not shown. */
  readonly resv: Ptr;
  /** False: it may have more mappings than these. */
  readonly whole: boolean;
  readonly mappings: readonly DumpedVa[];
}
