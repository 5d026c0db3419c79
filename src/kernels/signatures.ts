// Names of the parameters of functions that patches and probes ask about, as drm_gpuvm.c and drm_exec.c have them.

const SCALARS = ['req_addr', 'req_range', 'req_obj', 'req_offset'];
const RANGE = ['req_addr', 'req_range'];

/** By function; two where versions differ, told apart by their number (the second since 000a45dce7ad, 6.18). */
const SIGNATURES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  drm_gpuvm_sm_map: [
    ['gpuvm', 'priv', ...SCALARS],
    ['gpuvm', 'priv', 'req'],
  ],
  drm_gpuvm_sm_map_ops_create: [
    ['gpuvm', ...SCALARS],
    ['gpuvm', 'req'],
  ],
  drm_gpuvm_sm_map_exec_lock: [
    ['gpuvm', 'exec', 'num_fences', ...SCALARS],
    ['gpuvm', 'exec', 'num_fences', 'req'],
  ],
  drm_gpuvm_sm_unmap: [['gpuvm', 'priv', ...RANGE]],
  drm_gpuvm_sm_unmap_ops_create: [['gpuvm', ...RANGE]],
  drm_gpuvm_sm_unmap_exec_lock: [['gpuvm', 'exec', ...RANGE]],
  drm_gpuvm_madvise_ops_create: [['gpuvm', 'req']],
  drm_exec_init: [
    ['exec', 'flags'],
    ['exec', 'flags', 'nr'],
  ],
  drm_exec_lock_obj: [['exec', 'obj']],
  drm_exec_prepare_obj: [['exec', 'obj', 'num_fences']],
  drm_exec_unlock_obj: [['exec', 'obj']],
  drm_gpuvm_prepare_vm: [['gpuvm', 'exec', 'num_fences']],
  drm_gpuvm_prepare_objects: [['gpuvm', 'exec', 'num_fences']],
  dma_resv_reserve_fences: [['obj', 'num_fences']],
  dma_resv_add_fence: [['obj', 'fence', 'usage']],
};

/** The name of a call's argument; undefined where the function, or one with so many arguments, is not known. */
export function parameterName(callee: string, count: number, index: number): string | undefined {
  const known = Object.hasOwn(SIGNATURES, callee) ? SIGNATURES[callee] : undefined;
  return known?.find((names) => names.length === count)?.[index];
}
