// xe (xe_vm.c, xe_pt.c): ops lists and tree changes before the lock pass, then table updates, all in the ioctl.
// xe_vma_bind and xe_vma_unbind are tracepoints of the real driver (xe_trace_bo.h) and functions of the lab's; the other
// tracepoints are the real driver's only. A struct xe_vm begins with its drm_gpuvm, a struct xe_vma with its drm_gpuva.
import { add, type Ptr, sub, type U64 } from '../base/u64.ts';
import type { Args, ProbeSpec, TracepointText } from '../events/probe.ts';
import type { TableMap, TableUnmap, VaInvalidate, VmEvent, VmLife } from '../events/vm_event.ts';
import { bind, bindRet, entry, ret, submit, tracepoint, vmClose, vmCreate } from './decode.ts';
import { MAP_ARGS, tableMap, tableUnmap, UNMAP_ARGS } from './tables.ts';

const VMA_TEXT: TracepointText = {
  head: 'dev=',
  rest: '{dev}, vma={vma}, vm={vm}, asid={asid}, start={start}, end={end}, userptr={userptr}',
};
const VMA_ARGS = ['vma:ptr', 'vm:ptr', 'start:u64', 'end:u64'];

/** Kernel addresses have 57 bits at most, and the sign. */
const LOWEST_KERNEL_POINTER = -(2 ** 56);

/** Unless the user asked for raw pointers %p prints a hash, which names nothing: 32 bits, so of the user's half. */
function rawPtr(ptr: Ptr | undefined): Ptr {
  return ptr !== undefined && ptr < 0 && ptr >= LOWEST_KERNEL_POINTER ? ptr : 0;
}

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

/** The class xe_vm: TP_printk() says `vm flags`, the field of trace.dat is `flags`. */
const VM_TEXT: TracepointText = { head: 'dev=', rest: '{dev}, vm={vm}, asid={asid}, vm flags={flags}' };
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
  vmLife('create'),
  vmLife('kill'),
  vmLife('ops_fail'),
  vmLife('free'),
  vmEvent('rebind_worker_enter', (a) => ({ kind: 'vm_worker', ...vmOf(a) })),
  vmEvent('rebind_worker_exit', (a) => ({ kind: 'vm_worker_ret', ...vmOf(a) })),
];
