// The functions of drm_gpuvm.c, drm_exec.c, dma-resv.c, drm_gem.c and ww_mutex: the same for every driver. Signatures as
// in Linux 6.8 to 7.3; names of arguments matter, since BTF goes by them.
import type { KernelFunction } from './function.ts';

const VM = 'struct drm_gpuvm *gpuvm';
const EXEC = 'struct drm_exec *exec';
const OBJ = 'struct drm_gem_object *obj';
const VA = 'struct drm_gpuva *va';
const SCALARS = 'u64 req_addr, u64 req_range, struct drm_gem_object *req_obj, u64 req_offset';
const RANGE = 'u64 req_addr, u64 req_range';
const REQ = 'struct drm_gpuvm_map_req *req';
const OPS = 'struct drm_gpuva_ops *';

const FROM_SCALARS = 'addr=req_addr range=req_range obj=req_obj offset=req_offset';
const FROM_RANGE = 'addr=req_addr range=req_range';
const FROM_REQ = 'addr=req->map.va.addr range=req->map.va.range obj=req->map.gem.obj offset=req->map.gem.offset';

/** A function that takes a mapping request: as scalars, or as a struct since 000a45dce7ad (6.18). */
function mapRequest(
  before: string,
  fetched: string,
  rest: Omit<KernelFunction, 'signature' | 'entry'>,
): KernelFunction[] {
  return [
    {
      ...rest,
      signature: `${before}, ${SCALARS})`,
      entry: `${fetched} ${FROM_SCALARS}`,
      only: { ...rest.only, mapReq: false },
    },
    { ...rest, signature: `${before}, ${REQ})`, entry: `${fetched} ${FROM_REQ}`, only: { ...rest.only, mapReq: true } },
  ];
}

/** All members of the op's union: only those of its type mean anything. */
function stepMembers(op: string): string {
  const of = (prefix: string, va: string, keep: string) =>
    `${prefix}_va=${va} ${prefix}_keep=${keep} ${prefix}_addr=${va}->va.addr ${prefix}_range=${va}->va.range ${prefix}_obj=${va}->gem.obj`;
  return [
    `type=${op}->op`,
    `m_addr=${op}->map.va.addr m_range=${op}->map.va.range m_offset=${op}->map.gem.offset m_obj=${op}->map.gem.obj`,
    of('u', `${op}->unmap.va`, `${op}->unmap.keep`),
    of('r', `${op}->remap.unmap->va`, `${op}->remap.unmap->keep`),
    `r_prev=${op}->remap.prev r_next=${op}->remap.next`,
  ].join(' ');
}

const LINKED = 'obj=va->gem.obj resv=va->gem.obj->resv addr=va->va.addr';
const OWNER = 'gpuva_lock=va->gem.obj->gpuva.lock.owner.counter';
const LIST_LOCK = { thick: OWNER, thin: OWNER };
/** From the kref in struct drm_gpuvm_bo to its obj, and from there on to that of the object. */
const LIST_LOCK_OF_KREF = { thick: 'gpuva_lock=+320(-12(kref)):x64', thin: 'gpuva_lock=+312(-12(kref)):x64' };

/** A function that is called under the lock of an object's list, which the object has itself since 6.18. */
function underListLock(
  fn: Omit<KernelFunction, 'entry' | 'only'>,
  fetched: string,
  lock: { readonly thick: string; readonly thin: string },
): KernelFunction[] {
  return [
    { ...fn, entry: fetched, only: { vmBo: true, immediateMode: false } },
    { ...fn, entry: `${fetched} ${lock.thick}`, only: { immediateMode: true, thinMutex: false } },
    { ...fn, entry: `${fetched} ${lock.thin}`, only: { immediateMode: true, thinMutex: true } },
  ];
}

/** Searches of the VA space by the driver. */
function search(name: string, rest: string, only: KernelFunction['only'] = {}): KernelFunction {
  return { signature: `struct drm_gpuva *${name}(${VM}, ${rest})`, entry: 'gpuvm', ret: 'gpuvm', only };
}

const gem: readonly KernelFunction[] = [
  {
    signature: `void drm_gem_private_object_init(struct drm_device *dev, ${OBJ}, size_t size)`,
    ret: 'obj size resv=obj->resv',
    minimal: true,
  },
  { signature: 'void drm_gem_object_free(struct kref *kref)', entry: 'kref', minimal: true },
  { signature: 'void drm_file_free(struct drm_file *file)', ret: 'file' },
];

const resv: readonly KernelFunction[] = [
  {
    signature: 'int ww_mutex_lock(struct ww_mutex *lock, struct ww_acquire_ctx *ctx)',
    ret: 'resv=lock ctx ret=$retval',
    minimal: true,
  },
  {
    signature: 'int ww_mutex_lock_interruptible(struct ww_mutex *lock, struct ww_acquire_ctx *ctx)',
    ret: 'resv=lock ctx ret=$retval',
    minimal: true,
  },
  {
    signature: 'int ww_mutex_trylock(struct ww_mutex *ww, struct ww_acquire_ctx *ww_ctx)',
    ret: 'resv=ww ctx=ww_ctx ret=$retval',
    minimal: true,
  },
  { signature: 'void ww_mutex_unlock(struct ww_mutex *lock)', entry: 'resv=lock', minimal: true },
  {
    signature: 'int dma_resv_reserve_fences(struct dma_resv *obj, unsigned int num_fences)',
    ret: 'resv=obj num_fences ret=$retval',
  },
  {
    signature: 'void dma_resv_add_fence(struct dma_resv *obj, struct dma_fence *fence, enum dma_resv_usage usage)',
    entry: 'resv=obj fence usage',
  },
];

const gpuvm: readonly KernelFunction[] = [
  {
    signature: `void drm_gpuvm_init(${VM}, char *name, enum drm_gpuvm_flags flags, struct drm_device *drm, struct drm_gem_object *r_obj, u64 start_offset, u64 range, u64 reserve_offset, u64 reserve_range, struct drm_gpuvm_ops *ops)`,
    ret: 'gpuvm name=gpuvm->name:string vm_flags=gpuvm->flags mm_start=gpuvm->mm_start mm_range=gpuvm->mm_range kstart=gpuvm->kernel_alloc_node.va.addr krange=gpuvm->kernel_alloc_node.va.range r_obj=gpuvm->r_obj resv=gpuvm->r_obj->resv',
    only: { vmBo: true },
    minimal: true,
  },
  { signature: 'void drm_gpuvm_free(struct kref *kref)', entry: 'kref', linkage: 'static', only: { vmBo: true } },
  {
    signature: `struct drm_gpuvm_bo *drm_gpuvm_bo_create(${VM}, ${OBJ})`,
    ret: 'gpuvm obj resv=obj->resv vm_bo=$retval',
    only: { vmBo: true },
  },
  {
    signature: `struct drm_gpuvm_bo *drm_gpuvm_bo_obtain(${VM}, ${OBJ})`,
    ret: 'gpuvm obj resv=obj->resv vm_bo=$retval',
    only: { vmBo: true, obtainLocked: false },
  },
  {
    signature: `struct drm_gpuvm_bo *drm_gpuvm_bo_obtain_locked(${VM}, ${OBJ})`,
    ret: 'gpuvm obj resv=obj->resv vm_bo=$retval',
    only: { obtainLocked: true },
  },
  {
    signature: 'bool drm_gpuvm_bo_put(struct drm_gpuvm_bo *vm_bo)',
    ret: 'vm_bo destroyed=$retval',
    only: { vmBo: true },
  },
  {
    signature: 'struct drm_gpuvm_bo *drm_gpuvm_bo_obtain_prealloc(struct drm_gpuvm_bo *__vm_bo)',
    ret: 'prealloc=__vm_bo vm_bo=$retval',
    only: { vmBo: true },
  },
  ...underListLock(
    { signature: 'void drm_gpuvm_bo_destroy(struct kref *kref)', linkage: 'static' },
    'kref',
    LIST_LOCK_OF_KREF,
  ),
  {
    signature: 'void drm_gpuvm_bo_into_zombie(struct kref *kref)',
    entry: 'kref',
    linkage: 'static',
    only: { deferredVmBo: true },
  },
  { signature: `void drm_gpuvm_bo_deferred_cleanup(${VM})`, entry: 'gpuvm', only: { deferredVmBo: true } },
  {
    signature: 'void drm_gpuvm_bo_extobj_add(struct drm_gpuvm_bo *vm_bo)',
    entry: 'gpuvm=vm_bo->vm vm_bo obj=vm_bo->obj',
    only: { vmBo: true },
  },
  {
    signature: 'void drm_gpuvm_bo_evict(struct drm_gpuvm_bo *vm_bo, bool evict)',
    entry: 'vm_bo evict',
    only: { vmBo: true },
  },
  ...mapRequest(`int drm_gpuvm_sm_map(${VM}, void *priv`, 'gpuvm', { ret: 'gpuvm ret=$retval', minimal: true }),
  {
    signature: `int drm_gpuvm_sm_unmap(${VM}, void *priv, ${RANGE})`,
    entry: `gpuvm ${FROM_RANGE}`,
    ret: 'gpuvm ret=$retval',
    minimal: true,
  },
  ...mapRequest(`${OPS}drm_gpuvm_sm_map_ops_create(${VM}`, 'gpuvm', { ret: 'gpuvm ops=$retval', minimal: true }),
  {
    signature: `${OPS}drm_gpuvm_sm_unmap_ops_create(${VM}, ${RANGE})`,
    entry: `gpuvm ${FROM_RANGE}`,
    ret: 'gpuvm ops=$retval',
    minimal: true,
  },
  {
    signature: `${OPS}drm_gpuvm_madvise_ops_create(${VM}, ${REQ})`,
    entry: `gpuvm ${FROM_REQ}`,
    only: { madviseOps: true },
  },
  { signature: `${OPS}drm_gpuvm_prefetch_ops_create(${VM}, u64 addr, u64 range)`, entry: 'gpuvm addr range' },
  {
    signature: `${OPS}drm_gpuvm_bo_unmap_ops_create(struct drm_gpuvm_bo *vm_bo)`,
    entry: 'gpuvm=vm_bo->vm obj=vm_bo->obj',
    only: { vmBo: true },
  },
  {
    signature: 'int drm_gpuva_sm_step(struct drm_gpuva_op *__op, void *priv)',
    entry: stepMembers('__op'),
    linkage: 'static', // its address is taken: a symbol in every build
    minimal: true,
  },
  {
    signature: 'int drm_gpuva_sm_step_lock(struct drm_gpuva_op *op, void *priv)',
    entry: `exec=priv ${stepMembers('op')}`,
    linkage: 'static',
    only: { execLock: true },
  },
  ...mapRequest(`int drm_gpuvm_sm_map_exec_lock(${VM}, ${EXEC}, unsigned int num_fences`, 'gpuvm exec num_fences', {
    ret: 'ret=$retval',
    only: { execLock: true },
  }),
  {
    signature: `int drm_gpuvm_sm_unmap_exec_lock(${VM}, ${EXEC}, ${RANGE})`,
    entry: `gpuvm exec ${FROM_RANGE}`,
    ret: 'ret=$retval',
    only: { execLock: true },
  },
  {
    signature: `int drm_gpuva_insert(${VM}, ${VA})`,
    ret: 'gpuvm va addr=va->va.addr range=va->va.range obj=va->gem.obj offset=va->gem.offset flags=va->flags ret=$retval',
    minimal: true,
  },
  {
    signature: `void drm_gpuva_remove(${VA})`,
    entry: 'gpuvm=va->vm va addr=va->va.addr range=va->va.range obj=va->gem.obj',
    minimal: true,
  },
  search('drm_gpuva_find', 'u64 addr, u64 range'),
  search('drm_gpuva_find_first', 'u64 addr, u64 range'),
  search('drm_gpuva_find_prev', 'u64 start', { findNeighbours: true }),
  search('drm_gpuva_find_next', 'u64 end', { findNeighbours: true }),
  { signature: `void drm_gpuva_map(${VM}, ${VA}, struct drm_gpuva_op_map *op)`, entry: 'va' },
  {
    signature: 'void drm_gpuva_remap(struct drm_gpuva *prev, struct drm_gpuva *next, struct drm_gpuva_op_remap *op)',
    entry: 'va=op->unmap->va prev next',
  },
  { signature: 'void drm_gpuva_unmap(struct drm_gpuva_op_unmap *op)', entry: 'va=op->va' },
  ...underListLock(
    { signature: `void drm_gpuva_link(${VA}, struct drm_gpuvm_bo *vm_bo)`, minimal: true },
    `va vm_bo ${LINKED}`,
    LIST_LOCK,
  ),
  ...underListLock(
    { signature: `void drm_gpuva_unlink(${VA})`, minimal: true },
    `va vm_bo=va->vm_bo ${LINKED}`,
    LIST_LOCK,
  ),
  {
    signature: `void drm_gpuva_unlink_defer(${VA})`,
    entry: `va vm_bo=va->vm_bo ${LINKED}`,
    only: { deferredVmBo: true },
    minimal: true,
  },
  {
    signature: `int drm_gpuvm_prepare_vm(${VM}, ${EXEC}, unsigned int num_fences)`,
    entry: 'gpuvm exec',
    only: { vmBo: true },
  },
  {
    signature: `int drm_gpuvm_prepare_objects(${VM}, ${EXEC}, unsigned int num_fences)`,
    entry: 'gpuvm exec',
    ret: 'ret=$retval',
    only: { vmBo: true },
  },
  {
    signature: 'int drm_gpuvm_exec_lock(struct drm_gpuvm_exec *vm_exec)',
    entry: 'exec=vm_exec gpuvm=vm_exec->vm',
    only: { vmBo: true },
  },
];

const exec: readonly KernelFunction[] = [
  {
    signature: `void drm_exec_init(${EXEC}, u32 flags, unsigned int nr)`,
    entry: 'exec flags',
    minimal: true,
  },
  { signature: `bool drm_exec_cleanup(${EXEC})`, ret: 'exec again=$retval', minimal: true },
  { signature: `void drm_exec_fini(${EXEC})`, entry: 'exec num_objects=exec->num_objects', minimal: true },
  {
    signature: `int drm_exec_lock_obj(${EXEC}, ${OBJ})`,
    entry: 'exec obj resv=obj->resv',
    ret: 'exec obj resv=obj->resv ret=$retval',
    minimal: true,
  },
  {
    signature: `int drm_exec_prepare_obj(${EXEC}, ${OBJ}, unsigned int num_fences)`,
    entry: 'exec obj num_fences',
    ret: 'exec obj num_fences ret=$retval',
    minimal: true,
  },
  { signature: `void drm_exec_unlock_obj(${EXEC}, ${OBJ})`, entry: 'exec obj', minimal: true },
];

export const coreFunctions: readonly KernelFunction[] = [...gem, ...resv, ...gpuvm, ...exec];
