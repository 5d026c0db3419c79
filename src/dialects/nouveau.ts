// nouveau (nouveau_uvmm.c, nvif/vmm.c): ops lists and tree changes in the ioctl before the lock pass, table writes when the
// job runs.
import type { ProbeSpec } from '../events/probe.ts';
import { bind, bindRet, entry, run, submit, vmCreate } from './decode.ts';
import { FLUSH_ARGS, MAP_ARGS, tableMap, tableUnmap, tlbFlush, UNMAP_ARGS } from './tables.ts';

export const nouveauProbes: readonly ProbeSpec[] = [
  bind('nouveau', 'nouveau_uvmm_ioctl_vm_bind'),
  bindRet('nouveau_uvmm_ioctl_vm_bind'),
  submit('job_submit', 'nouveau_uvmm_bind_job_submit'),
  ...run('nouveau_uvmm_bind_job_run'),
  ...vmCreate('nouveau_uvmm_ioctl_vm_init'),
  entry('mmu_map', 'nvif_vmm_raw_map', MAP_ARGS, tableMap('nvif')),
  entry('mmu_unmap', 'nvif_vmm_raw_unmap', UNMAP_ARGS, tableUnmap('nvif')),
  // struct nvkm_vmm_func.flush, by the generation of the GPU; raw_unmap ends in it.
  ...['nv50_vmm_flush', 'gf100_vmm_flush', 'gp100_vmm_flush', 'tu102_vmm_flush'].map((symbol) =>
    entry('tlb_flush', symbol, FLUSH_ARGS.slice(0, 1), tlbFlush),
  ),
  entry(
    'mmu_sparse',
    'nvif_vmm_raw_sparse',
    ['gpuvm:ptr', 'table|vmm:ptr', 'addr:u64', 'len|size:u64', 'ref:int'],
    (a) => ({
      kind: 'mmu_sparse',
      code: 'nvif',
      gpuvm: a.ptr(0) ?? 0,
      table: a.ptr(1) ?? 0,
      addr: a.u64(2) ?? 0,
      length: a.u64(3) ?? 0,
      ref: a.int(4) === 1,
    }),
  ),
];
