// The page tables of io-pgtable-arm.c, and the IOMMU's own TLB flush.
import type { KernelFunction } from './function.ts';

const OPS = 'struct io_pgtable_ops *ops, unsigned long iova';

export const ioPgtableFunctions: readonly KernelFunction[] = [
  {
    signature: `int arm_lpae_map_pages(${OPS}, phys_addr_t paddr, size_t pgsize, size_t pgcount, int iommu_prot, gfp_t gfp, size_t *mapped)`,
    entry: 'table=ops addr=iova paddr pgsize pgcount prot=iommu_prot',
    ret: 'table=ops addr=iova mapped=+0(mapped):x64 ret=$retval',
    linkage: 'static',
  },
  {
    signature: `size_t arm_lpae_unmap_pages(${OPS}, size_t pgsize, size_t pgcount, struct iommu_iotlb_gather *gather)`,
    entry: 'table=ops addr=iova pgsize pgcount',
    ret: 'table=ops addr=iova unmapped=$retval',
    linkage: 'static',
  },
];

/** What iommu_flush_iotlb_all() calls on the SMMU of Adreno GPUs. */
export const flush: KernelFunction = {
  signature: 'void arm_smmu_flush_iotlb_all(struct iommu_domain *domain)',
  entry: '',
  linkage: 'static',
};
