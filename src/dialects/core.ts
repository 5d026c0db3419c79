// The probes of drm_gpuvm.c, drm_exec.c, dma-resv.c and drm_gem.c: the same for every driver.
// Argument names are those of our probe sets; behind a bar stand the kernel's own names, which `$arg*` probes print.
import type { Ptr } from '../base/u64.ts';
import type { Args, ProbeSpec, TracepointText } from '../events/probe.ts';
import { type CoreStep, OP_MAP, OP_REMAP, OP_UNMAP, type SmRequest, type VmEvent } from '../events/vm_event.ts';
import { containerOf, entry, isErrPtr, rawPtr, ret, tracepoint } from './decode.ts';

/** Offsets of embedded krefs, drm_gpuvm.h (pahole, 6.12 and 6.18, x86-64 without lockdep). */
const GPUVM_KREF = 0x48;
const VM_BO_KREF = 0x14;

const INIT_ARGS = [
  'gpuvm:ptr',
  'name:str',
  'vm_flags|flags:int',
  'mm_start|start_offset:u64',
  'mm_range|range:u64',
  'kstart|reserve_offset:u64',
  'krange|reserve_range:u64',
  'r_obj:ptr',
  'resv:ptr',
];

function vmInit(a: Args): VmEvent | undefined {
  const gpuvm = a.ptr(0);
  const mmStart = a.u64(3);
  const mmRange = a.u64(4);
  const flags = a.int(2);
  if (gpuvm === undefined || mmStart === undefined || mmRange === undefined || flags === undefined) return undefined;
  const name = a.str(1) ?? '';
  return {
    kind: 'vm_init',
    gpuvm,
    name: /^0x[0-9a-f]{16}$/.test(name) ? '' : name,
    flags,
    mmStart,
    mmRange,
    kernelStart: a.u64(5) ?? 0,
    kernelRange: a.u64(6) ?? 0,
    rObj: a.ptr(7) ?? 0,
    resv: a.ptr(8) ?? 0,
  };
}

function smRequest(call: SmRequest['call'], list: boolean): (a: Args) => VmEvent {
  return (a) => ({
    kind: 'sm_request',
    gpuvm: a.ptr(0) ?? 0,
    call,
    list,
    addr: a.u64(1),
    range: a.u64(2),
    obj: a.ptr(3) ?? 0,
    offset: a.u64(4) ?? 0,
  });
}

const MAP_ARGS = ['gpuvm:ptr', 'addr|req_addr:u64', 'range|req_range:u64', 'obj|req_obj:ptr', 'offset|req_offset:u64'];
const UNMAP_ARGS = MAP_ARGS.slice(0, 3);

function smRet(a: Args): VmEvent | undefined {
  const code = a.int(1);
  return code === undefined ? undefined : { kind: 'sm_ret', gpuvm: a.ptr(0) ?? 0, ret: code };
}

function opsCreateRet(a: Args): VmEvent {
  return { kind: 'ops_create_ret', gpuvm: a.ptr(0) ?? 0, ops: a.ptr(1) ?? 0 };
}

const CORE_STEP_ARGS = [
  'type:int',
  'm_addr:u64',
  'm_range:u64',
  'm_obj:ptr',
  'm_offset:u64',
  'u_va:ptr',
  'u_keep:int',
  'u_addr:u64',
  'u_range:u64',
  'u_obj:ptr',
  'r_va:ptr',
  'r_keep:int',
  'r_addr:u64',
  'r_range:u64',
  'r_obj:ptr',
  'r_prev:ptr',
  'r_next:ptr',
  'exec|priv:ptr',
];

/** The probe prints every member of the op's union: only those of its type mean anything, the others are stale bytes. */
function coreStep(by: CoreStep['by']): (a: Args) => VmEvent | undefined {
  return (a) => {
    const type = a.int(0);
    const priv = a.ptr(17) ?? 0;
    // Each case is one literal: spread out of a common part, the step events took a quarter of the decoding's time.
    if (type === OP_MAP) {
      return {
        kind: 'core_step',
        by,
        op: 0,
        priv,
        type,
        va: 0,
        keep: false,
        gpuvm: 0,
        addr: a.u64(1),
        range: a.u64(2),
        obj: a.ptr(3),
        offset: a.u64(4),
        prev: undefined,
        next: undefined,
      };
    }
    if (type !== OP_UNMAP && type !== OP_REMAP) return undefined;
    const remap = type === OP_REMAP;
    const first = remap ? 10 : 5;
    return {
      kind: 'core_step',
      by,
      op: 0,
      priv,
      type,
      va: a.ptr(first) ?? 0,
      keep: a.int(first + 1) === 1,
      gpuvm: 0,
      addr: a.u64(first + 2),
      range: a.u64(first + 3),
      obj: a.ptr(first + 4),
      offset: undefined,
      prev: remap ? present(a.ptr(15)) : undefined,
      next: remap ? present(a.ptr(16)) : undefined,
    };
  };
}

const SHOWN = { addr: undefined, range: undefined, offset: undefined } as const;

function present(piece: Ptr | undefined): typeof SHOWN | undefined {
  return piece === undefined || piece === 0 ? undefined : SHOWN;
}

function execLock(call: 'map' | 'unmap', numFencesAt: number): (a: Args) => VmEvent {
  return (a) => ({
    kind: 'exec_lock',
    gpuvm: a.ptr(0) ?? 0,
    exec: a.ptr(1) ?? 0,
    call,
    addr: a.u64(2),
    range: a.u64(3),
    obj: a.ptr(4) ?? 0,
    offset: a.u64(5) ?? 0,
    numFences: numFencesAt < 0 ? undefined : a.int(numFencesAt),
  });
}

function vmBo(kind: 'bo_create' | 'bo_obtain'): (a: Args) => VmEvent | undefined {
  return (a) => {
    const bo = a.ptr(3) ?? 0;
    if (isErrPtr(bo)) return undefined;
    return { kind, gpuvm: a.ptr(0) ?? 0, obj: a.ptr(1) ?? 0, resv: a.ptr(2) ?? 0, vmBo: bo };
  };
}

const VM_BO_ARGS = ['gpuvm:ptr', 'obj:ptr', 'resv:ptr', 'vm_bo:ptr'];
const INSERT_ARGS = [
  'gpuvm:ptr',
  'va:ptr',
  'addr:u64',
  'range:u64',
  'obj:ptr',
  'offset:u64',
  'flags:int',
  'ret:int',
  'vm_lock:ptr',
];

function vaInsert(a: Args): VmEvent | undefined {
  const [addr, range] = [a.u64(2), a.u64(3)];
  if (addr === undefined || range === undefined) {
    const code = a.int(7);
    return code === undefined ? undefined : { kind: 'va_insert_ret', va: a.ptr(1) ?? 0, ret: code };
  }
  return {
    kind: 'va_insert',
    gpuvm: a.ptr(0) ?? 0,
    va: a.ptr(1) ?? 0,
    addr,
    range,
    obj: a.ptr(4) ?? 0,
    offset: a.u64(5) ?? 0,
    flags: a.int(6) ?? 0,
    vmLock: a.ptr(8),
    ret: a.int(7),
  };
}

function vaFind(a: Args): VmEvent {
  return { kind: 'va_find', gpuvm: a.ptr(0) ?? 0 };
}

const LINK_ARGS = ['va:ptr', 'vm_bo:ptr', 'obj:ptr', 'resv:ptr', 'addr:u64', 'gpuva_lock:ptr'];

function vaUnlink(deferred: boolean): (a: Args) => VmEvent {
  return (a) => ({
    kind: 'va_unlink',
    va: a.ptr(0) ?? 0,
    vmBo: a.ptr(1) ?? 0,
    obj: a.ptr(2) ?? 0,
    resv: resvOf(a, 2, 3),
    addr: a.u64(4) ?? 0,
    deferred,
    gpuvaLock: a.ptr(5),
  });
}

/** obj->resv faults where obj is NULL and then shows stale bytes. */
function resvOf(a: Args, obj: number, resv: number): Ptr {
  return (a.ptr(obj) ?? 0) === 0 ? 0 : (a.ptr(resv) ?? 0);
}

const LOCK_ARGS = ['exec:ptr', 'obj:ptr', 'resv:ptr', 'ret:int'];

const gpuvm: readonly ProbeSpec[] = [
  ret('vm_init', 'drm_gpuvm_init', INIT_ARGS, vmInit),
  entry('vm_init', 'drm_gpuvm_init', INIT_ARGS, vmInit),
  entry('vm_free', 'drm_gpuvm_free', ['kref:ptr'], (a) => ({
    kind: 'vm_free',
    gpuvm: containerOf(a.ptr(0) ?? 0, GPUVM_KREF),
  })),
  ret('bo_create', 'drm_gpuvm_bo_create', VM_BO_ARGS, vmBo('bo_create')),
  ret('bo_obtain', 'drm_gpuvm_bo_obtain', VM_BO_ARGS, vmBo('bo_obtain')),
  ret('bo_obtain_locked', 'drm_gpuvm_bo_obtain_locked', VM_BO_ARGS, vmBo('bo_obtain')),
  ret('bo_put', 'drm_gpuvm_bo_put', ['vm_bo:ptr', 'destroyed|ret:int'], (a) =>
    a.int(1) === 1 ? { kind: 'bo_destroy', vmBo: a.ptr(0) ?? 0, gpuvaLock: undefined } : undefined,
  ),
  // One that the VM has already is destroyed on the spot; both ends of its life are in this call.
  ret('bo_prealloc', 'drm_gpuvm_bo_obtain_prealloc', ['prealloc|__vm_bo:ptr', 'vm_bo|ret:ptr'], (a) => ({
    kind: 'bo_prealloc',
    prealloc: a.ptr(0) ?? 0,
    vmBo: a.ptr(1) ?? 0,
  })),
  // GCC splits the freeing part off; its register arguments are not the function's.
  ret('bo_put_part', 'drm_gpuvm_bo_put.part.0', [], () => undefined),
  entry('bo_destroy', 'drm_gpuvm_bo_destroy', ['kref:ptr', 'gpuva_lock:ptr'], (a) => ({
    kind: 'bo_destroy',
    vmBo: containerOf(a.ptr(0) ?? 0, VM_BO_KREF),
    gpuvaLock: a.ptr(1),
  })),
  entry('bo_zombie', 'drm_gpuvm_bo_into_zombie', ['kref:ptr'], (a) => ({
    kind: 'bo_zombie',
    vmBo: containerOf(a.ptr(0) ?? 0, VM_BO_KREF),
  })),
  entry('bo_deferred_cleanup', 'drm_gpuvm_bo_deferred_cleanup', ['gpuvm:ptr'], (a) => ({
    kind: 'bo_deferred_cleanup',
    gpuvm: a.ptr(0) ?? 0,
  })),
  entry('bo_extobj_add', 'drm_gpuvm_bo_extobj_add', ['gpuvm:ptr', 'vm_bo:ptr', 'obj:ptr'], (a) => ({
    kind: 'bo_extobj_add',
    gpuvm: a.ptr(0) ?? 0,
    vmBo: a.ptr(1) ?? 0,
    obj: a.ptr(2) ?? 0,
  })),
  entry('bo_evict', 'drm_gpuvm_bo_evict', ['vm_bo:ptr', 'evict:int'], (a) => ({
    kind: 'bo_evict',
    vmBo: a.ptr(0) ?? 0,
    evict: a.int(1) === 1,
  })),
  entry('sm_map', 'drm_gpuvm_sm_map', MAP_ARGS, smRequest('map', false)),
  ret('sm_map_ret', 'drm_gpuvm_sm_map', ['gpuvm:ptr', 'ret:int'], smRet),
  entry('sm_unmap', 'drm_gpuvm_sm_unmap', UNMAP_ARGS, smRequest('unmap', false)),
  ret('sm_unmap_ret', 'drm_gpuvm_sm_unmap', ['gpuvm:ptr', 'ret|arg1:int'], smRet),
  entry('map_ops', 'drm_gpuvm_sm_map_ops_create', MAP_ARGS, smRequest('map', true)),
  ret('map_ops_ret', 'drm_gpuvm_sm_map_ops_create', ['gpuvm:ptr', 'ops:ptr'], opsCreateRet),
  entry('unmap_ops', 'drm_gpuvm_sm_unmap_ops_create', UNMAP_ARGS, smRequest('unmap', true)),
  ret('unmap_ops_ret', 'drm_gpuvm_sm_unmap_ops_create', ['gpuvm:ptr', 'ops:ptr'], opsCreateRet),
  entry('madvise_ops', 'drm_gpuvm_madvise_ops_create', MAP_ARGS, smRequest('madvise', true)),
  entry('prefetch_ops', 'drm_gpuvm_prefetch_ops_create', UNMAP_ARGS, smRequest('prefetch', true)),
  entry('bo_unmap_ops', 'drm_gpuvm_bo_unmap_ops_create', ['gpuvm:ptr', 'obj:ptr'], (a) => ({
    kind: 'sm_request',
    gpuvm: a.ptr(0) ?? 0,
    call: 'bo_unmap',
    list: true,
    addr: undefined,
    range: undefined,
    obj: a.ptr(1) ?? 0,
    offset: 0,
  })),
  entry('core_step', 'drm_gpuva_sm_step', CORE_STEP_ARGS, coreStep('list')),
  entry('step_lock', 'drm_gpuva_sm_step_lock', CORE_STEP_ARGS, coreStep('lock')),
  // 6.17 passes scalars, 6.18 and later a struct drm_gpuvm_map_req.
  entry(
    'map_exec_lock',
    'drm_gpuvm_sm_map_exec_lock',
    ['gpuvm:ptr', 'exec:ptr', ...MAP_ARGS.slice(1), 'num_fences:int'],
    execLock('map', 6),
  ),
  ret('map_exec_lock_ret', 'drm_gpuvm_sm_map_exec_lock', ['ret:int'], execLockRet),
  entry(
    'unmap_exec_lock',
    'drm_gpuvm_sm_unmap_exec_lock',
    ['gpuvm:ptr', 'exec:ptr', ...UNMAP_ARGS.slice(1)],
    execLock('unmap', -1),
  ),
  ret('unmap_exec_lock_ret', 'drm_gpuvm_sm_unmap_exec_lock', ['ret:int'], execLockRet),
  ret('va_insert', 'drm_gpuva_insert', INSERT_ARGS, vaInsert),
  entry('va_insert', 'drm_gpuva_insert', INSERT_ARGS, vaInsert),
  entry(
    'va_remove',
    'drm_gpuva_remove',
    ['gpuvm:ptr', 'va:ptr', 'addr:u64', 'range:u64', 'obj:ptr', 'vm_lock:ptr'],
    (a) => ({
      kind: 'va_remove',
      gpuvm: a.ptr(0) ?? 0,
      va: a.ptr(1) ?? 0,
      addr: a.u64(2) ?? 0,
      range: a.u64(3) ?? 0,
      obj: a.ptr(4) ?? 0,
      vmLock: a.ptr(5),
    }),
  ),
  ...['drm_gpuva_find', 'drm_gpuva_find_first', 'drm_gpuva_find_prev', 'drm_gpuva_find_next'].flatMap((symbol) =>
    [entry, ret].map((probe) => probe('va_find', symbol, ['gpuvm:ptr'], vaFind)),
  ),
  entry('va_map', 'drm_gpuva_map', ['va:ptr'], (a) => ({ kind: 'va_map', va: a.ptr(0) ?? 0 })),
  entry('va_remap', 'drm_gpuva_remap', ['va:ptr', 'prev:ptr', 'next:ptr'], (a) => ({
    kind: 'va_remap',
    va: a.ptr(0) ?? 0,
    prev: a.ptr(1) ?? 0,
    next: a.ptr(2) ?? 0,
  })),
  entry('va_unmap', 'drm_gpuva_unmap', ['va:ptr'], (a) => ({ kind: 'va_unmap', va: a.ptr(0) ?? 0 })),
  entry('va_link', 'drm_gpuva_link', LINK_ARGS, (a) => ({
    kind: 'va_link',
    va: a.ptr(0) ?? 0,
    vmBo: a.ptr(1) ?? 0,
    obj: a.ptr(2) ?? 0,
    resv: resvOf(a, 2, 3),
    addr: a.u64(4) ?? 0,
    gpuvaLock: a.ptr(5),
  })),
  entry('va_unlink', 'drm_gpuva_unlink', LINK_ARGS, vaUnlink(false)),
  entry('va_unlink_defer', 'drm_gpuva_unlink_defer', LINK_ARGS, vaUnlink(true)),
  entry('prepare_vm', 'drm_gpuvm_prepare_vm', ['gpuvm:ptr', 'exec:ptr'], (a) => ({
    kind: 'prepare_vm',
    gpuvm: a.ptr(0) ?? 0,
    exec: a.ptr(1) ?? 0,
  })),
  entry('prepare_objects', 'drm_gpuvm_prepare_objects', ['gpuvm:ptr', 'exec:ptr'], (a) => ({
    kind: 'prepare_objects',
    gpuvm: a.ptr(0) ?? 0,
    exec: a.ptr(1) ?? 0,
  })),
  ret('prepare_objects_ret', 'drm_gpuvm_prepare_objects', ['ret:int'], (a) => ({
    kind: 'prepare_objects_ret',
    ret: a.int(0) ?? 0,
  })),
  entry('gpuvm_exec_lock', 'drm_gpuvm_exec_lock', ['exec|vm_exec:ptr', 'gpuvm:ptr'], (a) => ({
    kind: 'gpuvm_exec_lock',
    exec: a.ptr(0) ?? 0,
    gpuvm: a.ptr(1) ?? 0,
  })),
];

function execLockRet(a: Args): VmEvent | undefined {
  const code = a.int(0);
  return code === undefined ? undefined : { kind: 'exec_lock_ret', ret: code };
}

const exec: readonly ProbeSpec[] = [
  entry('exec_init', 'drm_exec_init', ['exec:ptr', 'flags:int'], (a) => ({
    kind: 'exec_init',
    exec: a.ptr(0) ?? 0,
    flags: a.int(1) ?? 0,
  })),
  ret('exec_cleanup', 'drm_exec_cleanup', ['exec:ptr', 'again|ret:int'], (a) => {
    const again = a.int(1);
    return again === undefined ? undefined : { kind: 'exec_cleanup', exec: a.ptr(0) ?? 0, again: (again & 0xff) !== 0 };
  }),
  entry('exec_fini', 'drm_exec_fini', ['exec:ptr', 'num_objects:int'], (a) => ({
    kind: 'exec_fini',
    exec: a.ptr(0) ?? 0,
    numObjects: a.int(1),
  })),
  entry('lock_obj', 'drm_exec_lock_obj', LOCK_ARGS.slice(0, 3), (a) => ({
    kind: 'lock_obj',
    exec: a.ptr(0) ?? 0,
    obj: a.ptr(1) ?? 0,
    resv: a.ptr(2) ?? 0,
  })),
  ret('lock_obj_ret', 'drm_exec_lock_obj', LOCK_ARGS, (a) => {
    const code = a.int(3);
    if (code === undefined) return undefined;
    return { kind: 'lock_obj_ret', exec: a.ptr(0) ?? 0, obj: a.ptr(1) ?? 0, resv: a.ptr(2) ?? 0, ret: code };
  }),
  entry('prepare_obj', 'drm_exec_prepare_obj', ['exec:ptr', 'obj:ptr', 'num_fences:int'], (a) => ({
    kind: 'prepare_obj',
    exec: a.ptr(0) ?? 0,
    obj: a.ptr(1) ?? 0,
    numFences: a.int(2) ?? 1,
  })),
  ret('prepare_obj_ret', 'drm_exec_prepare_obj', ['exec:ptr', 'obj:ptr', 'num_fences:int', 'ret:int'], (a) => {
    const code = a.int(3);
    if (code === undefined) return undefined;
    return { kind: 'prepare_obj_ret', exec: a.ptr(0) ?? 0, obj: a.ptr(1) ?? 0, numFences: a.int(2) ?? 1, ret: code };
  }),
  entry('unlock_obj', 'drm_exec_unlock_obj', ['exec:ptr', 'obj:ptr'], (a) => ({
    kind: 'unlock_obj',
    exec: a.ptr(0) ?? 0,
    obj: a.ptr(1) ?? 0,
  })),
  ret('reserve_fences', 'dma_resv_reserve_fences', ['resv|obj:ptr', 'num_fences:int', 'ret:int'], (a) => {
    const code = a.int(2);
    if (code === undefined) return undefined;
    return { kind: 'reserve_fences', resv: a.ptr(0) ?? 0, numFences: a.int(1) ?? 1, ret: code };
  }),
  entry('add_fence', 'dma_resv_add_fence', ['resv|obj:ptr', 'fence:ptr', 'usage:int'], (a) => ({
    kind: 'add_fence',
    resv: a.ptr(0) ?? 0,
    fence: a.ptr(1) ?? 0,
    usage: a.int(2) ?? 0,
  })),
];

const RESV_ARGS = ['resv|lock:ptr', 'ctx:ptr', 'ret:int'];

function resvLock(a: Args): VmEvent | undefined {
  const code = a.int(2);
  return code === undefined ? undefined : { kind: 'resv_lock', resv: a.ptr(0) ?? 0, ctx: a.ptr(1) ?? 0, ret: code };
}

/**
 * contention_begin and _end (trace/events/lock.h): only where a lock is not free. A ww_mutex, and the dma_resv around it,
 * begins with its mutex, so that the address is the resv's; other mutexes are told apart by that.
 */
const WAIT_TEXT: TracepointText = {
  head: /^(?=\S+ \(flags=(?:SPIN\|)?MUTEX\))/,
  rest: '{lock_addr} (flags={names}',
  sample: { head: '', words: { names: 'MUTEX)' } },
};
const WAIT_END_TEXT: TracepointText = {
  head: /^(?=\S+ \(ret=)/,
  rest: '{lock_addr} (ret={ret})',
  sample: { head: '' },
};
const LCB_F_MUTEX = 1 << 5;

/** lock 0: another kind of lock, or a hash of its address. */
function lockWait(a: Args): VmEvent {
  // The text was told apart by its flags; a record of trace.dat has them as a number.
  const flags = a.int(1) ?? LCB_F_MUTEX;
  return { kind: 'lock_wait', lock: (flags & LCB_F_MUTEX) === 0 ? 0 : rawPtr(a.ptr(0)) };
}

function lockWaitEnd(a: Args): VmEvent | undefined {
  const code = a.int(1);
  return code === undefined ? undefined : { kind: 'lock_wait_end', lock: rawPtr(a.ptr(0)), ret: code };
}

/** Every lock and unlock of a dma_resv, whoever takes it. */
const resv: readonly ProbeSpec[] = [
  ret('ww_lock', 'ww_mutex_lock', RESV_ARGS, resvLock),
  ret('ww_lock_int', 'ww_mutex_lock_interruptible', RESV_ARGS, resvLock),
  ret('ww_trylock', 'ww_mutex_trylock', ['resv|ww:ptr', 'ctx|ww_ctx:ptr', 'ret:int'], (a) => {
    const got = (a.int(2) ?? 0) === 1;
    return got ? { kind: 'resv_lock', resv: a.ptr(0) ?? 0, ctx: a.ptr(1) ?? 0, ret: 0 } : undefined;
  }),
  entry('ww_unlock', 'ww_mutex_unlock', RESV_ARGS.slice(0, 1), (a) => ({ kind: 'resv_unlock', resv: a.ptr(0) ?? 0 })),
  tracepoint('lock:contention_begin', WAIT_TEXT, ['lock_addr:ptr', 'flags:int'], lockWait),
  tracepoint('lock:contention_end', WAIT_END_TEXT, ['lock_addr:ptr', 'ret:int'], lockWaitEnd),
];

const gem: readonly ProbeSpec[] = [
  ret('obj_init', 'drm_gem_private_object_init', ['obj:ptr', 'size:u64', 'resv:ptr'], (a) => ({
    kind: 'obj_init',
    obj: a.ptr(0) ?? 0,
    size: a.u64(1) ?? 0,
    resv: a.ptr(2) ?? 0,
  })),
  // The kref is the first member of struct drm_gem_object.
  entry('obj_free', 'drm_gem_object_free', ['kref:ptr'], (a) => ({ kind: 'obj_free', obj: a.ptr(0) ?? 0 })),
  // Its return: the driver's postclose() is part of it.
  ret('file_close', 'drm_file_free', ['file:ptr'], (a) => ({ kind: 'file_close', file: a.ptr(0) ?? 0 })),
];

export const coreProbes: readonly ProbeSpec[] = [...gem, ...resv, ...gpuvm, ...exec];
