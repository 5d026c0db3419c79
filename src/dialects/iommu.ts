// The IOMMU core's tracepoints (include/trace/events/iommu.h), which show neither the device nor the domain. They are hit
// after the fact, an unmap with what was really unmapped.
import type { ProbeSpec } from '../events/probe.ts';
import { tracepoint } from './decode.ts';

const HEAD = 'IOMMU: iova=';

export const iommuProbes: readonly ProbeSpec[] = [
  tracepoint(
    'iommu:map',
    { head: HEAD, rest: '{iova} - {end} paddr={paddr} size={size}' },
    ['iova:u64', 'paddr:u64', 'size:u64'],
    (a) => {
      const [addr, paddr, length] = [a.u64(0), a.u64(1), a.u64(2)];
      if (addr === undefined || paddr === undefined || length === undefined) return undefined;
      const to = { kind: 'phys', addr: paddr } as const;
      return {
        kind: 'mmu_map',
        code: 'iommu',
        gpuvm: 0,
        table: 0,
        addr,
        length,
        pgsize: 0,
        prot: undefined,
        va: 0,
        to,
      };
    },
  ),
  tracepoint(
    'iommu:unmap',
    { head: HEAD, rest: '{iova} - {end} size={size} unmapped_size={unmapped_size}' },
    ['iova:u64', 'unmapped_size:u64'],
    (a) => {
      const [addr, length] = [a.u64(0), a.u64(1)];
      if (addr === undefined || length === undefined) return undefined;
      return { kind: 'mmu_unmap', code: 'iommu', gpuvm: 0, table: 0, addr, length, pgsize: 0, sparse: false };
    },
  ),
];
