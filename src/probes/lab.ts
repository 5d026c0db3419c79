// The functions of the lab's module (fixtures/lab).
import type { KernelFunction } from './function.ts';
import { stepFunctions } from './steps.ts';

const IOCTL = 'struct drm_device *drm, void *data, struct drm_file *file';

export const labFunctions: readonly KernelFunction[] = [
  {
    signature: `int lab_ioctl_vm_bind(${IOCTL})`,
    entry: 'op_count=+12(data):u32 file',
    ret: 'job=+32(data):u32 ret=$retval',
    linkage: 'static',
    minimal: true,
  },
  { signature: `int lab_ioctl_submit(${IOCTL})`, entry: '', ret: '', linkage: 'static', minimal: true },
  {
    signature: 'int lab_lock_pass(struct lab_job *job, struct drm_exec *exec)',
    entry: 'job id=job->id? gpuvm=job->vm? exec nops=job->nops?',
    ret: 'job ret=$retval',
    linkage: 'static',
  },
  {
    signature: 'int lab_apply(struct lab_job *job)',
    entry: 'job id=job->id? gpuvm=job->vm? nops=job->nops?',
    ret: 'job ret=$retval',
    linkage: 'static',
  },
  {
    signature: 'int lab_apply_op(struct lab_job *job, struct lab_op_k *o)',
    entry: 'job gpuvm=job->vm idx=job->cur_op op=o->u.op addr=o->u.addr range=o->u.range obj=o->obj offset=o->u.offset',
    linkage: 'static',
  },
  ...stepFunctions('lab_sm_step_map', 'lab_sm_step_unmap', 'lab_sm_step_remap', {
    map: 'priv',
    unmap: 'priv',
    remap: 'priv',
  }),
  { signature: 'void lab_bo_free(struct drm_gem_object *obj)', entry: 'obj', linkage: 'static', minimal: true },
  {
    signature: 'int lab_mmu_map(struct lab_vm *vm, u64 addr, u64 len, u64 pte)',
    entry: 'gpuvm=vm addr len pte',
    linkage: 'static',
  },
  {
    signature: 'int lab_mmu_unmap(struct lab_vm *vm, u64 addr, u64 len)',
    entry: 'gpuvm=vm addr len',
    linkage: 'static',
  },
];
