// What a driver and drm_gpuvm/drm_exec did, freed from how a trace spells it: data, no logic.
import type { Ptr, U64 } from '../base/u64.ts';

/** Where an event stands in its trace. The object is reused from event to event: copy what must last. */
export interface Where {
  /** 1-based line of a text trace; the running number of the record in a binary one. */
  readonly line: number;
  /** -1 where the trace does not tell the task. */
  readonly pid: number;
  /** -1 where the trace does not tell the CPU. */
  readonly cpu: number;
  /** The time stamp as the trace spells it; '' where it has none. */
  time(): string;
  /** The task's name as recorded (any bytes, latin1). */
  comm(): string;
}

/** The drivers whose functions are understood; lab: the test driver vmbind_lab.c. */
export type DriverName = 'lab' | 'msm' | 'nouveau' | 'xe' | 'panthor' | 'pvr';

/** enum drm_gpuva_op_type, drm_gpuvm.h. */
export const OP_MAP = 0;
export const OP_REMAP = 1;
export const OP_UNMAP = 2;

/** One member of the VmEvent union: a call's entry, or its return where the name ends in `_ret`. */
export type VmEvent =
  // objects and VMs
  | { readonly kind: 'obj_init'; readonly obj: Ptr; readonly size: U64; readonly resv: Ptr }
  | { readonly kind: 'obj_free'; readonly obj: Ptr }
  | {
      readonly kind: 'vm_init';
      readonly gpuvm: Ptr;
      readonly name: string;
      readonly flags: number;
      readonly mmStart: U64;
      readonly mmRange: U64;
      readonly kernelStart: U64;
      readonly kernelRange: U64;
      readonly rObj: Ptr;
      readonly resv: Ptr;
    }
  | { readonly kind: 'vm_free'; readonly gpuvm: Ptr }
  /** The ioctl that makes VMs. */
  | { readonly kind: 'vm_create' }
  | { readonly kind: 'vm_create_ret' }
  /** The driver tears the VM down. */
  | { readonly kind: 'vm_close'; readonly gpuvm: Ptr }
  | { readonly kind: 'vm_close_ret' }
  /** An open file of the DRM device is closed and all that it owned is released. */
  | { readonly kind: 'file_close'; readonly file: Ptr }
  | { readonly kind: 'bo_create'; readonly gpuvm: Ptr; readonly obj: Ptr; readonly resv: Ptr; readonly vmBo: Ptr }
  | { readonly kind: 'bo_obtain'; readonly gpuvm: Ptr; readonly obj: Ptr; readonly resv: Ptr; readonly vmBo: Ptr }
  | {
      readonly kind: 'bo_destroy';
      readonly vmBo: Ptr;
      /** As of `va_link`. */
      readonly gpuvaLock: Ptr | undefined;
    }
  /** drm_gpuvm_bo_obtain_prealloc(): where the VM has a vm_bo of the object already the given one is destroyed. */
  | { readonly kind: 'bo_prealloc'; readonly prealloc: Ptr; readonly vmBo: Ptr }
  /** The last reference of a vm_bo is gone, and it waits for drm_gpuvm_bo_deferred_cleanup(). */
  | { readonly kind: 'bo_zombie'; readonly vmBo: Ptr }
  | { readonly kind: 'bo_deferred_cleanup'; readonly gpuvm: Ptr }
  | { readonly kind: 'bo_extobj_add'; readonly gpuvm: Ptr; readonly vmBo: Ptr; readonly obj: Ptr }
  | { readonly kind: 'bo_evict'; readonly vmBo: Ptr; readonly evict: boolean }
  // requests
  | SmRequest
  | { readonly kind: 'sm_ret'; readonly gpuvm: Ptr; readonly ret: number }
  | { readonly kind: 'ops_create_ret'; readonly gpuvm: Ptr; readonly ops: Ptr }
  | LockRequest
  | { readonly kind: 'exec_lock_ret'; readonly ret: number }
  // steps
  | DriverStep
  | CoreStep
  | { readonly kind: 'step_ret'; readonly op: Ptr; readonly ret: number }
  // the tree
  | {
      readonly kind: 'va_insert';
      readonly gpuvm: Ptr;
      readonly va: Ptr;
      readonly addr: U64;
      readonly range: U64;
      readonly obj: Ptr;
      readonly offset: U64;
      readonly flags: number;
      /** The owner of the driver's lock of the VM, 0 where nobody holds it; undefined where not shown. */
      readonly vmLock?: Ptr | undefined;
      /** undefined: the entry, the result is not known yet. */
      readonly ret: number | undefined;
    }
  | { readonly kind: 'va_insert_ret'; readonly va: Ptr; readonly ret: number }
  | {
      readonly kind: 'va_remove';
      readonly gpuvm: Ptr;
      readonly va: Ptr;
      readonly addr: U64;
      readonly range: U64;
      readonly obj: Ptr;
      /** As of `va_insert`. */
      readonly vmLock?: Ptr | undefined;
    }
  | { readonly kind: 'va_map'; readonly va: Ptr }
  | { readonly kind: 'va_remap'; readonly va: Ptr; readonly prev: Ptr; readonly next: Ptr }
  | { readonly kind: 'va_unmap'; readonly va: Ptr }
  | {
      readonly kind: 'va_link';
      readonly va: Ptr;
      readonly vmBo: Ptr;
      readonly obj: Ptr;
      readonly resv: Ptr;
      readonly addr: U64;
      /** The owner of the object's gpuva.lock, 0 where nobody holds it; undefined where not shown. */
      readonly gpuvaLock: Ptr | undefined;
    }
  | {
      readonly kind: 'va_unlink';
      readonly va: Ptr;
      readonly vmBo: Ptr;
      readonly obj: Ptr;
      readonly resv: Ptr;
      readonly addr: U64;
      readonly deferred: boolean;
      /** As of `va_link`. */
      readonly gpuvaLock: Ptr | undefined;
    }
  /** A look-up in the tree, drm_gpuva_find() and its relatives. */
  | { readonly kind: 'va_find'; readonly gpuvm: Ptr }
  // drm_exec and dma_resv
  | { readonly kind: 'exec_init'; readonly exec: Ptr; readonly flags: number }
  | { readonly kind: 'exec_cleanup'; readonly exec: Ptr; readonly again: boolean }
  | { readonly kind: 'exec_fini'; readonly exec: Ptr; readonly numObjects: number | undefined }
  | { readonly kind: 'lock_obj'; readonly exec: Ptr; readonly obj: Ptr; readonly resv: Ptr }
  | { readonly kind: 'lock_obj_ret'; readonly exec: Ptr; readonly obj: Ptr; readonly resv: Ptr; readonly ret: number }
  | { readonly kind: 'prepare_obj'; readonly exec: Ptr; readonly obj: Ptr; readonly numFences: number }
  | {
      readonly kind: 'prepare_obj_ret';
      readonly exec: Ptr;
      readonly obj: Ptr;
      readonly numFences: number;
      readonly ret: number;
    }
  | { readonly kind: 'unlock_obj'; readonly exec: Ptr; readonly obj: Ptr }
  | { readonly kind: 'prepare_vm'; readonly gpuvm: Ptr; readonly exec: Ptr }
  | { readonly kind: 'prepare_objects'; readonly gpuvm: Ptr; readonly exec: Ptr }
  | { readonly kind: 'prepare_objects_ret'; readonly ret: number }
  | { readonly kind: 'gpuvm_exec_lock'; readonly exec: Ptr; readonly gpuvm: Ptr }
  | { readonly kind: 'reserve_fences'; readonly resv: Ptr; readonly numFences: number; readonly ret: number }
  /** ww_mutex_lock() of a dma_resv; ctx 0: not from drm_exec. */
  | { readonly kind: 'resv_lock'; readonly resv: Ptr; readonly ctx: Ptr; readonly ret: number }
  | { readonly kind: 'resv_unlock'; readonly resv: Ptr }
  /** The task begins to wait for a mutex, of whatever kind, and ends to: with the lock (ret 0) or without. 0: another lock. */
  | { readonly kind: 'lock_wait'; readonly lock: Ptr }
  | { readonly kind: 'lock_wait_end'; readonly lock: Ptr; readonly ret: number }
  /** The scheduler is given a job, is about to run it in this task, has signalled its fence; `fence` names that. */
  | { readonly kind: 'sched_queue'; readonly fence: string }
  | { readonly kind: 'sched_run'; readonly fence: string }
  | { readonly kind: 'sched_done'; readonly fence: string }
  /** A fence, by the lower halves of its context and number, is signalled; the task waits for it, and waits no longer. */
  | { readonly kind: 'fence_signaled'; readonly fence: string }
  | { readonly kind: 'fence_wait'; readonly fence: string }
  | { readonly kind: 'fence_wait_end'; readonly fence: string }
  | { readonly kind: 'add_fence'; readonly resv: Ptr; readonly fence: Ptr; readonly usage: number }
  // the driver's own frame around them
  | {
      readonly kind: 'bind';
      readonly driver: DriverName;
      readonly opCount: number | undefined;
      /** struct drm_file; 0 where not shown. */
      readonly file: Ptr;
    }
  | { readonly kind: 'bind_ret'; readonly job: number | undefined; readonly ret: number | undefined }
  | { readonly kind: 'other_ioctl' }
  | { readonly kind: 'other_ioctl_ret' }
  | {
      readonly kind: 'lock_pass';
      readonly job: Ptr;
      readonly id: number | undefined;
      readonly gpuvm: Ptr;
      readonly exec: Ptr;
      readonly opCount: number | undefined;
    }
  | { readonly kind: 'lock_pass_ret'; readonly job: Ptr; readonly ret: number }
  | { readonly kind: 'apply'; readonly job: Ptr; readonly id: number | undefined; readonly gpuvm: Ptr }
  | { readonly kind: 'apply_ret'; readonly job: Ptr; readonly ret: number }
  | {
      readonly kind: 'apply_op';
      readonly job: Ptr;
      readonly gpuvm: Ptr;
      readonly index: number;
      readonly op: BindOp;
      readonly addr: U64;
      readonly range: U64;
      readonly obj: Ptr;
      readonly offset: U64;
    }
  /** A job that will run in a worker is made; its struct is all that the run will show. */
  | {
      readonly kind: 'job_new';
      readonly driver: DriverName;
      readonly job: Ptr;
      readonly gpuvm: Ptr;
      /** As of `bind`. */
      readonly file: Ptr;
    }
  /** The job that the task is in gets its struct, number and VM. */
  | {
      readonly kind: 'job_submit';
      readonly job: Ptr;
      readonly id: number | undefined;
      readonly gpuvm: Ptr;
      readonly opCount: number | undefined;
    }
  /** The scheduler runs a job whose tree changes were made in its ioctl: its table writes are between the two. */
  | { readonly kind: 'run'; readonly job: Ptr; readonly id: number | undefined; readonly gpuvm: Ptr }
  | { readonly kind: 'run_ret'; readonly job: Ptr }
  // what a driver says of a VM that is more than its drm_gpuvm; gpuvm 0, va 0: the trace shows hashes of pointers only
  | VmLife
  /** A worker of the driver's begins or ends its work on a VM (preempt_rebind_work_func() of xe). */
  | { readonly kind: 'vm_worker'; readonly gpuvm: Ptr; readonly asid: number | undefined }
  | { readonly kind: 'vm_worker_ret'; readonly gpuvm: Ptr; readonly asid: number | undefined }
  /** The pages behind a mapping of user memory go away: from the first of the two to the second its entries are zapped. */
  | VaInvalidate
  /** A mapping whose object was moved is bound again, for the job that an exec ioctl submits. */
  | { readonly kind: 'va_rebind'; readonly gpuvm: Ptr; readonly va: Ptr }
  // what a driver's debug messages say of a bind, without VM and objects
  | {
      readonly kind: 'log_request';
      readonly call: SmRequest['call'];
      readonly addr: U64 | undefined;
      readonly range: U64 | undefined;
      readonly offset: U64;
    }
  | {
      readonly kind: 'log_step';
      readonly type: 'map' | 'remap' | 'unmap';
      readonly addr: U64;
      readonly range: U64;
      readonly keep: boolean;
    }
  | LogMapping
  | LogTable
  // page tables
  | TableMap
  | TableMapRet
  | TableUnmap
  | TableUnmapRet
  /** Entries that are not mapped read as zero from here on (ref), or no longer (nvif_vmm_raw_sparse()). */
  | (TableCall & { readonly kind: 'mmu_sparse'; readonly length: U64; readonly ref: boolean })
  /** Accesses to the range wait from here on (AS_COMMAND_LOCK of panthor) until `as_unlock`, which also flushes it. */
  | { readonly kind: 'as_lock'; readonly gpuvm: Ptr; readonly addr: U64; readonly size: U64 }
  | { readonly kind: 'as_unlock'; readonly gpuvm: Ptr }
  /** Translations are dropped: all, or those of a range. gpuvm 0: of every VM that the caller can mean. */
  | {
      readonly kind: 'tlb_flush';
      readonly gpuvm: Ptr;
      readonly addr: U64 | undefined;
      readonly size: U64 | undefined;
    }
  /** So many pages are at hand for the tables that the job needs. */
  | { readonly kind: 'pt_prealloc'; readonly gpuvm: Ptr; readonly count: number }
  | { readonly kind: 'pt_prealloc_ret'; readonly ret: number }
  /** Of `count` pages set aside, those that are left are given back. */
  | { readonly kind: 'pt_prealloc_free'; readonly count: number; readonly remaining: number }
  /** The driver's page allocator for tables; page 0: it had none left. */
  | { readonly kind: 'pt_alloc_ret'; readonly gpuvm: Ptr; readonly page: Ptr };

/**
 * The struct around the drm_gpuvm: made and ready for use (`create`, after drm_gpuvm_init()), banned (`kill`), a bind
 * of it failed for good (`ops_fail`), about to be given back (`free`, after drm_gpuvm_free()).
 */
export interface VmLife {
  readonly kind: 'vm_life';
  readonly at: 'create' | 'kill' | 'ops_fail' | 'free';
  readonly gpuvm: Ptr;
  /** The address space number that the hardware knows the VM by; 0: none. */
  readonly asid: number | undefined;
}

export interface VaInvalidate {
  readonly kind: 'va_invalidate';
  readonly at: 'begin' | 'complete';
  readonly gpuvm: Ptr;
  readonly va: Ptr;
  readonly addr: U64;
  /** Bytes. */
  readonly length: U64;
}

/**
 * map, piece (of what was split): a mapping has entered the VA space. split, unmap: it is about to leave; an unmapped one stays
 * where it is bound again as it is, which no line tells.
 */
export interface LogMapping {
  readonly kind: 'log_mapping';
  readonly what: 'map' | 'split' | 'piece' | 'unmap';
  /** What the log names the VM by: its pointer, or a hash of it; 0 where not shown. */
  readonly id: Ptr;
  /** Likewise. */
  readonly va: Ptr;
  readonly addr: U64;
  readonly range: U64;
  /** It leads to NULL; undefined for the pieces of one that was split. */
  readonly isNull: boolean | undefined;
}

/**
 * Entries of a page table are about to be written or cleared. evict: of a mapping that stays; close: of one that goes, which no other
 * line tells.
 */
export interface LogTable {
  readonly kind: 'log_table';
  readonly what: 'map' | 'unmap' | 'evict' | 'close';
  /** 0 where the log shows a hash. */
  readonly gpuvm: Ptr;
  /** As of `log_mapping`. */
  readonly id: Ptr;
  readonly addr: U64;
  /** Bytes. */
  readonly length: U64;
}

/** The code that writes a page table: it decides what a call does to the entries that are there. */
export type TableCode = 'lab' | 'msm' | 'msm-log' | 'nvif' | 'xe' | 'io-pgtable' | 'panthor' | 'pvr' | 'iommu';

/** Which table, as far as the probe shows it. */
interface TableCall {
  readonly code: TableCode;
  /** 0 where not shown: the job that the task is in tells. */
  readonly gpuvm: Ptr;
  /** What stands for the table in the driver (msm_mmu, nvif_vmm, io_pgtable_ops); 0 where not shown. */
  readonly table: Ptr;
  readonly addr: U64;
}

export interface TableMap extends TableCall {
  readonly kind: 'mmu_map';
  /** Bytes. */
  readonly length: U64;
  /** Bytes of a leaf for one map_pages(); 0: the callee chooses. */
  readonly pgsize: number;
  /** IOMMU_READ, IOMMU_WRITE and others; undefined where not shown. */
  readonly prot: number | undefined;
  /** The mapping that it is for; 0 where not shown. */
  readonly va: Ptr;
  /** What the first byte translates to; undefined where not shown. */
  readonly to: TableTarget | undefined;
}

/**
 * mem: the driver's handle of the memory (sg_table, nvif_mem, a number) and the offset in it. null: reads zero.
 */
export type TableTarget =
  | { readonly kind: 'mem'; readonly mem: Ptr; readonly offset: U64 }
  | { readonly kind: 'phys'; readonly addr: U64 }
  | { readonly kind: 'null' };

export interface TableMapRet extends TableCall {
  readonly kind: 'mmu_map_ret';
  /** Bytes; undefined where not shown. */
  readonly mapped: U64 | undefined;
  readonly ret: number | undefined;
}

export interface TableUnmap extends TableCall {
  readonly kind: 'mmu_unmap';
  /** Bytes. */
  readonly length: U64;
  /** As for a map. */
  readonly pgsize: number;
  /** The entries read as zero from now on. */
  readonly sparse: boolean;
}

export interface TableUnmapRet extends TableCall {
  readonly kind: 'mmu_unmap_ret';
  /** Bytes; undefined where not shown. */
  readonly unmapped: U64 | undefined;
}

/** What a user asks of a VM in one op of a bind ioctl. */
export type BindOp = 'map' | 'unmap' | 'map_null' | 'prefetch' | 'bo_unmap' | 'madvise' | 'other';

/** A call that makes drm_gpuvm walk the tree, drm_gpuvm_sm_map() and its relatives. */
export interface SmRequest {
  readonly kind: 'sm_request';
  readonly gpuvm: Ptr;
  readonly call: 'map' | 'unmap' | 'prefetch' | 'bo_unmap' | 'madvise';
  /** An *_ops_create() call: the steps go to a list and the tree stays as it is. */
  readonly list: boolean;
  /** Undefined where the probe shows only a pointer to the request (6.18 without member access). */
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly obj: Ptr;
  readonly offset: U64;
}

/** drm_gpuvm_sm_map_exec_lock() or drm_gpuvm_sm_unmap_exec_lock(). */
export interface LockRequest {
  readonly kind: 'exec_lock';
  readonly gpuvm: Ptr;
  readonly exec: Ptr;
  readonly call: 'map' | 'unmap';
  readonly numFences: number | undefined;
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly obj: Ptr;
  readonly offset: U64;
}

/** A step callback of the driver: what is to be carried out. */
export interface DriverStep extends StepFields {
  readonly kind: 'step';
  readonly by: 'driver';
  /** Whose callback it is. */
  readonly driver: DriverName;
}

/** A step that the core itself takes: onto an ops list, or in the kernel's lock pass. */
export interface CoreStep extends StepFields {
  readonly kind: 'core_step';
  readonly by: 'list' | 'lock';
}

export type StepEvent = DriverStep | CoreStep;

interface StepFields {
  /** The drm_gpuva_op, 0 where not shown. */
  readonly op: Ptr;
  /** The exec context for a lock step, else the driver's priv. */
  readonly priv: Ptr;
  readonly type: number;
  /** 0 for MAP. */
  readonly va: Ptr;
  readonly keep: boolean;
  /** 0 where not shown. */
  readonly gpuvm: Ptr;
  /** The request's for MAP, the old mapping's for REMAP and UNMAP; undefined where the probe does not show it. */
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  /** Undefined where the probe does not show it. */
  readonly obj: Ptr | undefined;
  readonly offset: U64 | undefined;
  readonly prev: StepPiece | undefined;
  readonly next: StepPiece | undefined;
}

/** What a REMAP leaves of the old mapping on one side; `addr` is undefined where only its presence is shown. */
export interface StepPiece {
  readonly addr: U64 | undefined;
  readonly range: U64 | undefined;
  readonly offset: U64 | undefined;
}

export type VmEventKind = VmEvent['kind'];
