// The functions of nouveau (nouveau_uvmm.c, nvif/vmm.c, nvkm/subdev/mmu).
import type { KernelFunction } from './function.ts';

const IOCTL = 'struct drm_device *dev, void *data, struct drm_file *file_priv';
const VMM = 'struct nvif_vmm *vmm, u64 addr, u64 size';

export const nouveauFunctions: readonly KernelFunction[] = [
  {
    signature: `int nouveau_uvmm_ioctl_vm_bind(${IOCTL})`,
    entry: 'op_count=+0(data):u32 file=file_priv',
    ret: 'ret=$retval',
    minimal: true,
  },
  { signature: `int nouveau_uvmm_ioctl_vm_init(${IOCTL})`, entry: '', ret: '' },
  {
    signature: 'int nouveau_uvmm_bind_job_submit(struct nouveau_job *job, struct drm_gpuvm_exec *vme)',
    entry: 'job gpuvm=vme->vm exec=vme',
    linkage: 'static',
  },
  {
    signature: 'struct dma_fence *nouveau_uvmm_bind_job_run(struct nouveau_job *job)',
    entry: 'job gpuvm=job->cli->uvmm.ptr?',
    ret: 'job',
    linkage: 'static',
  },
  {
    signature: `int nvif_vmm_raw_map(${VMM}, u8 shift, void *argv, u32 argc, struct nvif_mem *mem, u64 offset)`,
    entry: 'table=vmm addr len=size mem off=offset',
  },
  {
    signature: `int nvif_vmm_raw_unmap(${VMM}, u8 shift, bool sparse)`,
    entry: 'table=vmm addr len=size sparse',
  },
  { signature: `int nvif_vmm_raw_sparse(${VMM}, bool ref)`, entry: 'table=vmm addr len=size ref' },
  ...['nv50', 'gf100', 'gp100', 'tu102'].map((chip) => ({
    signature: `void ${chip}_vmm_flush(struct nvkm_vmm *vmm, int depth)`,
    entry: '',
  })),
];
