// Members of kernel structs as probes fetch them: their type and, where every build has them at one place, their offset.
// Offsets are those of Debian's kernels, 6.12 to 7.3, for amd64 and arm64, of which BTF tells; they hold where locks are not
// debugged (CONFIG_LOCKDEP, CONFIG_DEBUG_MUTEXES and CONFIG_PREEMPT_RT change the sizes of structs).

export interface Member {
  /** As in C: `u64`, `bool`, `struct drm_gpuva *`. */
  readonly type: string;
  /** Bytes from the start of the struct; undefined where it depends on the kernel's configuration: BTF knows it. */
  readonly offset: number | undefined;
  /** The offset where a struct mutex in front of it is 8 bytes shorter (KernelSwitches.thinMutex). */
  readonly thin?: number;
}

type Members = Readonly<Record<string, Member>>;

function at(offset: number, type: string): Member {
  return { type, offset };
}

function somewhere(type: string): Member {
  return { type, offset: undefined };
}

const GEM = 'struct drm_gem_object *';
const VA = 'struct drm_gpuva *';
const VM = 'struct drm_gpuvm *';

const opMap: Members = {
  'va.addr': at(0, 'u64'),
  'va.range': at(8, 'u64'),
  'gem.offset': at(16, 'u64'),
  'gem.obj': at(24, GEM),
};

/** By name; the members by their path inside of the struct. */
export const structs: Readonly<Record<string, Members>> = {
  drm_gpuvm: {
    name: at(0, 'const char *'),
    flags: at(8, 'u32'),
    mm_start: at(0x18, 'u64'),
    mm_range: at(0x20, 'u64'),
    'kernel_alloc_node.va.addr': at(0x68, 'u64'),
    'kernel_alloc_node.va.range': at(0x70, 'u64'),
    r_obj: at(0xd0, GEM),
  },
  drm_gpuva: {
    vm: at(0, VM),
    vm_bo: at(8, 'struct drm_gpuvm_bo *'),
    flags: at(0x10, 'u32'),
    'va.addr': at(0x18, 'u64'),
    'va.range': at(0x20, 'u64'),
    'gem.offset': at(0x28, 'u64'),
    'gem.obj': at(0x30, GEM),
  },
  drm_gpuvm_bo: { vm: at(0, VM), obj: at(8, GEM) },
  drm_gpuva_op: {
    op: at(0x10, 'u32'),
    ...inside('map.', 0x18, opMap),
    'unmap.va': at(0x18, VA),
    'unmap.keep': at(0x20, 'bool'),
    'remap.prev': at(0x18, 'struct drm_gpuva_op_map *'),
    'remap.next': at(0x20, 'struct drm_gpuva_op_map *'),
    'remap.unmap': at(0x28, 'struct drm_gpuva_op_unmap *'),
  },
  drm_gpuva_op_map: opMap,
  drm_gpuva_op_unmap: { va: at(0, VA), keep: at(8, 'bool') },
  drm_gpuva_op_remap: {
    prev: at(0, 'struct drm_gpuva_op_map *'),
    next: at(8, 'struct drm_gpuva_op_map *'),
    unmap: at(0x10, 'struct drm_gpuva_op_unmap *'),
  },
  drm_gpuvm_map_req: inside('map.', 0, opMap),
  drm_gem_object: {
    resv: at(0xf8, 'struct dma_resv *'),
    'gpuva.lock.owner.counter': { ...at(0x140, 'u64'), thin: 0x138 },
  },
  drm_exec: { num_objects: at(0x20, 'u32') },
  drm_gpuvm_exec: { vm: at(0x48, VM) },
  nouveau_job: { cli: somewhere('struct nouveau_cli *') },
  nouveau_cli: { 'uvmm.ptr': somewhere('struct nouveau_uvmm *') },
  msm_vm_bind_job: { vm: somewhere(VM), nr_ops: somewhere('unsigned int') },
  msm_mmu_prealloc: { count: at(0, 'u32'), ptr: at(4, 'u32') },
  pvr_mmu_op_context: { mmu_ctx: at(0, 'struct pvr_mmu_context *') },
  lab_job: { vm: somewhere(VM), id: somewhere('u32'), nops: somewhere('u32'), cur_op: somewhere('u32') },
  lab_op_k: {
    'u.op': at(0, 'u32'),
    'u.addr': at(8, 'u64'),
    'u.range': at(0x10, 'u64'),
    'u.offset': at(0x18, 'u64'),
    obj: at(0x20, GEM),
  },
};

function inside(prefix: string, offset: number, members: Members): Members {
  const moved = Object.entries(members).map(([name, { type, offset: from }]): [string, Member] => [
    prefix + name,
    { type, offset: from === undefined ? undefined : from + offset },
  ]);
  return Object.fromEntries(moved);
}
