// xe (xe_vm.c, xe_pt.c): ops lists and tree changes before the lock pass, then table updates, all in the ioctl.
// xe_vma_bind and xe_vma_unbind are tracepoints of the real driver (xe_trace_bo.h) and functions of the lab's; the other
// tracepoints are the real driver's only. A struct xe_vm begins with its drm_gpuvm, a struct xe_vma with its drm_gpuva.
import { add, type Ptr, sub, type U64 } from '../base/u64.ts';
import type { Args, ProbeSpec, TracepointText } from '../events/probe.ts';
import type { TableMap, TableUnmap, VaInvalidate, VmEvent, VmLife } from '../events/vm_event.ts';
import { bind, bindRet, drmDebug, entry, rawPtr, ret, submit, tracepoint, vmClose, vmCreate } from './decode.ts';
import { MAP_ARGS, tableMap, tableUnmap, UNMAP_ARGS } from './tables.ts';

/** The class xe_vma: 6.12 does not show the VM. */
const VMA_TEXT: TracepointText = {
  head: 'dev=',
  rest: '{dev}, vma={vma}, vm={vm}, asid={asid}, start={start}, end={end}, userptr={userptr}',
  older: '{dev}, vma={vma}, asid={asid}, start={start}, end={end}, userptr={userptr}',
};
const VMA_ARGS = ['vma:ptr', 'vm:ptr', 'start:u64', 'end:u64'];

/** Bytes; `end` is the last one. */
function vmaLength(start: U64, end: U64): U64 {
  return sub(add(end, 1), start);
}

function vmaBind(a: Args): TableMap | undefined {
  const addr = a.u64(2);
  const end = a.u64(3);
  if (addr === undefined || end === undefined || end < addr) return undefined;
  return {
    kind: 'mmu_map',
    code: 'xe',
    gpuvm: rawPtr(a.ptr(1)),
    table: 0,
    addr,
    length: vmaLength(addr, end),
    pgsize: 0,
    va: rawPtr(a.ptr(0)),
    prot: undefined,
    to: undefined,
  };
}

function vmaUnbind(a: Args): TableUnmap | undefined {
  const addr = a.u64(2);
  const end = a.u64(3);
  if (addr === undefined || end === undefined || end < addr) return undefined;
  return {
    kind: 'mmu_unmap',
    code: 'xe',
    gpuvm: rawPtr(a.ptr(1)),
    table: 0,
    addr,
    length: vmaLength(addr, end),
    pgsize: 0,
    sparse: false,
  };
}

/** The class xe_vm: later kernels than 6.12 add `vm flags`. */
const VM_TEXT: TracepointText = { head: 'dev=', rest: '{dev}, vm={vm}, asid={asid:7}' };
const VM_ARGS = ['vm:ptr', 'asid:int'];

function vmOf(a: Args): { readonly gpuvm: Ptr; readonly asid: number | undefined } {
  return { gpuvm: rawPtr(a.ptr(0)), asid: a.int(1) };
}

function vmEvent(name: string, decode: (a: Args) => VmEvent): ProbeSpec {
  return tracepoint(`xe:xe_vm_${name}`, VM_TEXT, VM_ARGS, decode);
}

function vmLife(name: VmLife['at']): ProbeSpec {
  return vmEvent(name, (a) => ({ kind: 'vm_life', at: name, ...vmOf(a) }));
}

function vmaInvalidate(at: VaInvalidate['at']): (a: Args) => VaInvalidate | undefined {
  return (a) => {
    const addr = a.u64(2);
    const end = a.u64(3);
    if (addr === undefined || end === undefined || end < addr) return undefined;
    const length = vmaLength(addr, end);
    return { kind: 'va_invalidate', at, gpuvm: rawPtr(a.ptr(1)), va: rawPtr(a.ptr(0)), addr, length };
  };
}

/** vm_dbg() of xe_vm.c, with CONFIG_DRM_XE_DEBUG_VM: vm_bind_ioctl_ops_create() and the print_op() in it. */
function debugLine(head: string, rest: string, args: readonly string[], decode: (a: Args) => VmEvent | undefined) {
  return tracepoint(
    'printk:console',
    drmDebug('xe', String.raw`vm_bind_ioctl_ops_\w+|print_op`, head, rest),
    args,
    decode,
  );
}

/** DRM_XE_VM_BIND_OP_* of xe_drm.h: MAP, UNMAP, MAP_USERPTR, UNMAP_ALL, PREFETCH. */
const BIND_CALLS = ['map', 'unmap', 'map', 'bo_unmap', 'prefetch'] as const;

function logRequest(a: Args): VmEvent | undefined {
  const call = BIND_CALLS[a.int(0) ?? -1];
  if (call === undefined) return undefined;
  const span = call === 'bo_unmap' ? { addr: undefined, range: undefined } : { addr: a.u64(1), range: a.u64(2) };
  return { kind: 'log_request', call, ...span, offset: a.u64(3) ?? 0 };
}

function logStep(type: 'map' | 'remap' | 'unmap'): (a: Args) => VmEvent | undefined {
  return (a) => {
    const [addr, range] = [a.u64(0), a.u64(1)];
    if (addr === undefined || range === undefined) return undefined;
    return { kind: 'log_step', type, addr, range, keep: a.int(2) === 1 };
  };
}

const STEP_ARGS = ['addr:u64', 'range:u64', 'keep:int'];
const STEP_REST = '{addr}, range={range}';

export const xeProbes: readonly ProbeSpec[] = [
  bind('xe', 'xe_vm_bind_ioctl'),
  bindRet('xe_vm_bind_ioctl'),
  entry('exec_ioctl', 'xe_exec_ioctl', [], () => ({ kind: 'other_ioctl' })),
  ret('exec_ioctl_ret', 'xe_exec_ioctl', [], () => ({ kind: 'other_ioctl_ret' })),
  ...vmCreate('xe_vm_create_ioctl'),
  ...vmClose('xe_vm_close_and_put'),
  submit('ops_execute', 'vm_bind_ioctl_ops_execute'),
  entry('mmu_map', 'xe_vma_bind', MAP_ARGS, tableMap('xe')),
  entry('mmu_unmap', 'xe_vma_unbind', UNMAP_ARGS, tableUnmap('xe')),
  tracepoint('xe:xe_vma_bind', VMA_TEXT, VMA_ARGS, vmaBind),
  tracepoint('xe:xe_vma_unbind', VMA_TEXT, VMA_ARGS, vmaUnbind),
  tracepoint('xe:xe_vma_rebind_exec', VMA_TEXT, VMA_ARGS, (a) => ({
    kind: 'va_rebind',
    gpuvm: rawPtr(a.ptr(1)),
    va: rawPtr(a.ptr(0)),
  })),
  tracepoint('xe:xe_vma_userptr_invalidate', VMA_TEXT, VMA_ARGS, vmaInvalidate('begin')),
  tracepoint('xe:xe_vma_userptr_invalidate_complete', VMA_TEXT, VMA_ARGS, vmaInvalidate('complete')),
  debugLine(
    'op=',
    '{op}, addr={addr}, range={range}, bo_offset_or_userptr={offset}',
    ['op:int', 'addr:u64', 'range:u64', 'offset:u64'],
    logRequest,
  ),
  debugLine('MAP: addr=', STEP_REST, STEP_ARGS, logStep('map')),
  debugLine('UNMAP: addr=', `${STEP_REST}, keep={keep}`, STEP_ARGS, logStep('unmap')),
  debugLine('REMAP:UNMAP: addr=', `${STEP_REST}, keep={keep}`, STEP_ARGS, logStep('remap')),
  vmLife('create'),
  vmLife('kill'),
  vmLife('ops_fail'),
  vmLife('free'),
  vmEvent('rebind_worker_enter', (a) => ({ kind: 'vm_worker', ...vmOf(a) })),
  vmEvent('rebind_worker_exit', (a) => ({ kind: 'vm_worker_ret', ...vmOf(a) })),
];
