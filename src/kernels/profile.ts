// What kernels differ in, as far as a trace of VM_BIND shows it: named switches, and a version as the usual name of a set
// of them. Stable trees carry backports, so each switch can be set alone.

export interface KernelSwitches {
  /** drm_gpuvm_sm_map() takes a struct drm_gpuvm_map_req instead of four scalars (000a45dce7ad, 6.18). */
  readonly mapReq: boolean;
  /** drm_gpuvm_sm_map_exec_lock() and drm_gpuvm_sm_unmap_exec_lock() exist (471920ce25d5, 6.17). */
  readonly execLock: boolean;
  /** drm_gpuvm_madvise_ops_create() exists (baf1638c0956, 6.18). */
  readonly madviseOps: boolean;
  /** DRM_GPUVM_IMMEDIATE_MODE and gem->gpuva.lock exist (6.18); before, a driver names the lock by drm_gem_gpuva_set_lock(). */
  readonly immediateMode: boolean;
  /** drm_gpuva_unlink_defer(), drm_gpuvm_bo_put_deferred() and drm_gpuvm_bo_deferred_cleanup() exist (6.19, 6.18.y). */
  readonly deferredVmBo: boolean;
  /** drm_gpuvm_bo_obtain() is named drm_gpuvm_bo_obtain_locked() (7.0). */
  readonly obtainLocked: boolean;
  /** struct mutex has a pointer to its first waiter instead of a list_head: 8 bytes less (25500ba7e77c, 7.1). */
  readonly thinMutex: boolean;
  /** drm_gpuva_find_prev() and drm_gpuva_find_next() exist (up to 7.2). */
  readonly findNeighbours: boolean;
  /** struct drm_gpuvm_bo, the VM's own resv object and the lists of external and evicted objects exist (6.8). */
  readonly vmBo: boolean;
  /** drm_exec keeps an object that it locked first after a contention, though nothing asked for it again, in its array. */
  readonly keepsPrelocked: boolean;
  /** io-pgtable-arm splits a block of which a part is unmapped; refused since 33729a5fc0ca (6.13). */
  readonly splitsBlocks: boolean;
}

export type SwitchName = keyof KernelSwitches;

export interface KernelProfile {
  /**
   * The version from which on it holds, such as `6.12`. With a third number it is a stable series' own and holds for the
   * rest of that series only: `6.12.117`.
   */
  readonly name: string;
  readonly switches: KernelSwitches;
}
