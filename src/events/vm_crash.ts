// What a driver saved of a GPU that faulted or hung (msm's devcoredump, or its part of the kernel's log), as far as it is about VMs.
import type { U64 } from '../base/u64.ts';

export interface VmCrash {
  /** `uname -r`, and the task's name; undefined where not shown. */
  readonly kernel: string | undefined;
  readonly comm: string | undefined;
  /** Undefined where the GPU hung without one. */
  readonly fault: CrashFault | undefined;
  /** What was written to the VM's page table, oldest first; undefined where none was kept. */
  readonly log: CrashLog | undefined;
  /** Mappings with an object, in the order of the file; undefined where not shown. */
  readonly objects: CrashObjects | undefined;
  /** The file ends in the middle of a line. */
  readonly cut: boolean;
}

export interface CrashFault {
  /** Lines are 1-based. */
  readonly line: number;
  readonly addr: U64;
  /** READ or WRITE; the SMMU's word; the block of the GPU. */
  readonly dir: string;
  readonly type: string;
  readonly source: string;
}

export interface CrashLog {
  readonly line: number;
  readonly entries: readonly CrashLogEntry[];
}

export interface CrashLogEntry {
  readonly line: number;
  /** `map`, `unmap`, or why it was unmapped. */
  readonly op: string;
  readonly queue: number;
  readonly addr: U64;
  /** Bytes. */
  readonly range: U64;
}

export interface CrashObjects {
  readonly line: number;
  readonly mappings: readonly CrashObject[];
}

export interface CrashObject {
  readonly line: number;
  readonly addr: U64;
  readonly range: U64;
  /** As user space named it; any bytes, latin1. */
  readonly name: string;
}
