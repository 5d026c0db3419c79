// The page tables of io-pgtable-arm.c, which panthor, msm and every ARM IOMMU write through, and the IOMMU core's TLB
// flush.
import type { ProbeSpec } from '../events/probe.ts';
import { entry, ret } from './decode.ts';
import {
  FLUSH_ARGS,
  MAP_ARGS,
  MAP_RET_ARGS,
  tableMap,
  tableMapRet,
  tableUnmap,
  tableUnmapRet,
  tlbFlush,
  UNMAP_ARGS,
  UNMAP_RET_ARGS,
} from './tables.ts';

export const ioPgtableProbes: readonly ProbeSpec[] = [
  entry('mmu_map', 'arm_lpae_map_pages', MAP_ARGS, tableMap('io-pgtable')),
  ret('mmu_map_ret', 'arm_lpae_map_pages', MAP_RET_ARGS, tableMapRet('io-pgtable')),
  entry('mmu_unmap', 'arm_lpae_unmap_pages', UNMAP_ARGS, tableUnmap('io-pgtable')),
  ret('mmu_unmap_ret', 'arm_lpae_unmap_pages', UNMAP_RET_ARGS, tableUnmapRet('io-pgtable')),
  // iommu_flush_iotlb_all() is inline; this is what it calls on the SMMU of Adreno GPUs.
  entry('tlb_flush', 'arm_smmu_flush_iotlb_all', FLUSH_ARGS.slice(0, 1), tlbFlush),
];
