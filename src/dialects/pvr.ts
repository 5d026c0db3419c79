// pvr (drivers/gpu/drm/imagination: pvr_vm.c, pvr_mmu.c): one op an ioctl, everything in it.
import type { ProbeSpec } from '../events/probe.ts';
import { bind, bindRet, entry, submit, vmCreate } from './decode.ts';
import { stepProbes } from './steps.ts';
import { FLUSH_ARGS, MAP_ARGS, tableMap, tableUnmap, tlbFlush, UNMAP_ARGS } from './tables.ts';

export const pvrProbes: readonly ProbeSpec[] = [
  bind('pvr', 'pvr_ioctl_vm_map'),
  bindRet('pvr_ioctl_vm_map'),
  bind('pvr', 'pvr_ioctl_vm_unmap'),
  bindRet('pvr_ioctl_vm_unmap'),
  ...vmCreate('pvr_ioctl_create_vm_context'),
  submit('vm_map', 'pvr_vm_map'),
  submit('vm_unmap', 'pvr_vm_unmap'),
  ...stepProbes('pvr', 'pvr_vm_gpuva_map', 'pvr_vm_gpuva_unmap', 'pvr_vm_gpuva_remap'),
  entry('mmu_map', 'pvr_mmu_map', MAP_ARGS, tableMap('pvr')),
  entry('mmu_unmap', 'pvr_mmu_unmap', UNMAP_ARGS, tableUnmap('pvr')),
  entry('tlb_flush', 'pvr_mmu_flush_exec', FLUSH_ARGS.slice(0, 1), tlbFlush),
];
