// The functions of pvr (drivers/gpu/drm/imagination: pvr_drv.c, pvr_vm.c, pvr_mmu.c).
import type { KernelFunction } from './function.ts';
import { stepFunctions } from './steps.ts';

const IOCTL = 'struct drm_device *drm_dev, void *raw_args, struct drm_file *file';
const OP_CTX = 'struct pvr_mmu_op_context *op_ctx';
const PRIV = { map: 'op_ctx', unmap: 'op_ctx', remap: 'op_ctx' };

export const pvrFunctions: readonly KernelFunction[] = [
  { signature: `int pvr_ioctl_vm_map(${IOCTL})`, entry: 'file', ret: 'ret=$retval', linkage: 'static', minimal: true },
  {
    signature: `int pvr_ioctl_vm_unmap(${IOCTL})`,
    entry: 'file',
    ret: 'ret=$retval',
    linkage: 'static',
    minimal: true,
  },
  { signature: `int pvr_ioctl_create_vm_context(${IOCTL})`, entry: '', ret: '', linkage: 'static' },
  {
    signature:
      'int pvr_vm_map(struct pvr_vm_context *vm_ctx, struct pvr_gem_object *pvr_obj, u64 pvr_obj_offset, u64 device_addr, u64 size)',
    entry: '',
  },
  { signature: 'int pvr_vm_unmap(struct pvr_vm_context *vm_ctx, u64 device_addr, u64 size)', entry: '' },
  ...stepFunctions('pvr_vm_gpuva_map', 'pvr_vm_gpuva_unmap', 'pvr_vm_gpuva_remap', PRIV),
  {
    signature: `int pvr_mmu_map(${OP_CTX}, u64 size, u64 flags, u64 device_addr)`,
    entry: 'table=op_ctx->mmu_ctx addr=device_addr len=size',
  },
  {
    signature: `int pvr_mmu_unmap(${OP_CTX}, u64 device_addr, u64 size)`,
    entry: 'table=op_ctx->mmu_ctx addr=device_addr len=size',
  },
  { signature: 'int pvr_mmu_flush_exec(struct pvr_device *pvr_dev, bool wait)', entry: '' },
];
