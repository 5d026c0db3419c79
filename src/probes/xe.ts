// The functions of xe (xe_vm.c, xe_exec.c). Its page table writes have tracepoints of their own.
import { xeProbes } from '../dialects/xe.ts';
import type { KernelFunction } from './function.ts';
import type { KernelEvent } from './probe_list.ts';

const IOCTL = 'struct drm_device *dev, void *data, struct drm_file *file';

export const xeFunctions: readonly KernelFunction[] = [
  {
    signature: `int xe_vm_bind_ioctl(${IOCTL})`,
    entry: 'op_count=+20(data):u32 file',
    ret: 'ret=$retval',
    minimal: true,
  },
  { signature: `int xe_exec_ioctl(${IOCTL})`, entry: '', ret: '', minimal: true },
  { signature: `int xe_vm_create_ioctl(${IOCTL})`, entry: '', ret: '' },
  { signature: 'void xe_vm_close_and_put(struct xe_vm *vm)', entry: 'gpuvm=vm', ret: '' },
  {
    signature: 'struct dma_fence *vm_bind_ioctl_ops_execute(struct xe_vm *vm, struct xe_vma_ops *vops)',
    entry: 'job=vops gpuvm=vm',
    linkage: 'static',
  },
];

/** As tracefs names them: `xe/xe_vma_bind`. */
export const xeEvents: readonly KernelEvent[] = xeProbes
  .filter(({ at, symbol }) => at === 'tracepoint' && symbol.startsWith('xe:'))
  .map(({ symbol }) => [symbol.replace(':', '/')]);
