// The switches by the names that users write, with what each means and what in a kernel shows how it stands.
import type { SwitchName } from './profile.ts';

export interface SwitchDoc {
  readonly key: SwitchName;
  /** As in `--kernel 6.12,exec-lock=on`. */
  readonly name: string;
  readonly meaning: string;
  /** Functions, and names of constants, that stand in a kernel where the switch is on. */
  readonly on?: readonly string[];
  /** Those of kernels where it is off. */
  readonly off?: readonly string[];
  /** Functions whose parameters tell, each by the name of a parameter that it has in one of the cases only. */
  readonly params?: readonly { readonly of: readonly string[]; readonly param: string; readonly value: boolean }[];
}

const DEFERRED = ['drm_gpuva_unlink_defer', 'drm_gpuvm_bo_put_deferred', 'drm_gpuvm_bo_deferred_cleanup'];
const MAPS = ['drm_gpuvm_sm_map', 'drm_gpuvm_sm_map_ops_create', 'drm_gpuvm_sm_map_exec_lock'];

/** In the order of the versions that brought them. */
export const switches: readonly SwitchDoc[] = [
  {
    key: 'vmBo',
    name: 'vm-bo',
    meaning: 'struct drm_gpuvm_bo, and lists of external and evicted objects',
    on: ['drm_gpuvm_bo_create', 'drm_gpuvm_bo_obtain', 'drm_gpuvm_bo_obtain_locked', 'drm_gpuvm_bo_extobj_add'],
  },
  {
    key: 'splitsBlocks',
    name: 'splits-blocks',
    meaning: 'io-pgtable splits a block of which a part is unmapped (refused from 33729a5fc0ca on)',
    on: ['arm_lpae_split_blk_unmap'],
  },
  {
    key: 'keepsPrelocked',
    name: 'keeps-prelocked',
    meaning: 'drm_exec keeps an object that it locked first after a contention though nothing asked for it again',
    off: ['drm_exec_drop_prelocked'],
  },
  {
    key: 'execLock',
    name: 'exec-lock',
    meaning: 'drm_gpuvm_sm_map_exec_lock() and drm_gpuvm_sm_unmap_exec_lock() (471920ce25d5)',
    on: ['drm_gpuvm_sm_map_exec_lock', 'drm_gpuvm_sm_unmap_exec_lock', 'drm_gpuva_sm_step_lock'],
  },
  {
    key: 'mapReq',
    name: 'map-req',
    meaning: 'maps are asked for by a struct drm_gpuvm_map_req instead of four values (000a45dce7ad)',
    params: [
      { of: MAPS, param: 'req', value: true },
      { of: MAPS, param: 'req_addr', value: false },
    ],
  },
  {
    key: 'madviseOps',
    name: 'madvise-ops',
    meaning: 'drm_gpuvm_madvise_ops_create() (baf1638c0956)',
    on: ['drm_gpuvm_madvise_ops_create'],
  },
  {
    key: 'immediateMode',
    name: 'immediate-mode',
    meaning: 'VM flag 2 is DRM_GPUVM_IMMEDIATE_MODE; it was a flag of the driver’s own before',
    // The deferred calls WARN outside of it.
    on: ['DRM_GPUVM_IMMEDIATE_MODE', ...DEFERRED],
  },
  {
    key: 'deferredVmBo',
    name: 'deferred-vm-bo',
    meaning: 'drm_gpuva_unlink_defer(), drm_gpuvm_bo_put_deferred(), drm_gpuvm_bo_deferred_cleanup()',
    on: DEFERRED,
  },
  {
    key: 'obtainLocked',
    name: 'obtain-locked',
    meaning: 'drm_gpuvm_bo_obtain() is named drm_gpuvm_bo_obtain_locked()',
    on: ['drm_gpuvm_bo_obtain_locked'],
  },
  {
    key: 'thinMutex',
    name: 'thin-mutex',
    meaning: 'struct mutex is 8 bytes shorter, and what follows it stands at other offsets (25500ba7e77c)',
  },
  {
    key: 'findNeighbours',
    name: 'find-neighbours',
    meaning: 'drm_gpuva_find_prev() and drm_gpuva_find_next()',
  },
];

export function switchNamed(name: string): SwitchDoc | undefined {
  return switches.find((one) => one.name === name);
}

export function switchTitle(key: SwitchName, value: boolean): string {
  return `${switches.find((one) => one.key === key)?.name ?? key}=${value ? 'on' : 'off'}`;
}
