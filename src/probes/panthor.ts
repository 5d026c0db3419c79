// The functions of panthor (panthor_drv.c, panthor_mmu.c), which writes its tables through io-pgtable-arm.c.
import type { KernelFunction } from './function.ts';
import { ioPgtableFunctions } from './io_pgtable.ts';
import { stepFunctions } from './steps.ts';

const IOCTL = 'struct drm_device *ddev, void *data, struct drm_file *file';
const VM = 'struct panthor_vm *vm';
const PRIV = { map: 'priv', unmap: 'priv', remap: 'priv' };

export const panthorFunctions: readonly KernelFunction[] = [
  {
    signature: `int panthor_ioctl_vm_bind(${IOCTL})`,
    entry: '',
    ret: '',
    linkage: 'static',
    minimal: true,
  },
  { signature: `int panthor_ioctl_vm_create(${IOCTL})`, entry: '', ret: '', linkage: 'static' },
  {
    signature: `struct drm_sched_job *panthor_vm_bind_job_create(struct drm_file *file, ${VM}, struct drm_panthor_vm_bind_op *op)`,
    ret: 'job=$retval gpuvm=vm file',
    minimal: true,
  },
  {
    signature: 'struct dma_fence *panthor_vm_bind_run_job(struct drm_sched_job *sched_job)',
    entry: 'job=sched_job',
    ret: 'job=sched_job run_ret=$retval:s32',
    linkage: 'static',
    minimal: true,
  },
  ...stepFunctions('panthor_gpuva_sm_step_map', 'panthor_gpuva_sm_step_unmap', 'panthor_gpuva_sm_step_remap', PRIV),
  {
    signature: `int panthor_vm_lock_region(${VM}, u64 start, u64 size)`,
    entry: 'gpuvm=vm start size',
    linkage: 'static',
  },
  { signature: `void panthor_vm_unlock_region(${VM})`, entry: 'gpuvm=vm', linkage: 'static' },
  {
    signature: `int panthor_vm_flush_range(${VM}, u64 iova, u64 size)`,
    entry: 'gpuvm=vm addr=iova size',
    linkage: 'static',
  },
  ...ioPgtableFunctions,
];
