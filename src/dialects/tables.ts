// What the page table calls of all drivers have in common: which arguments carry address, size and target.
import type { U64 } from '../base/u64.ts';
import type { Args } from '../events/probe.ts';
import type {
  TableCode,
  TableMap,
  TableMapRet,
  TableTarget,
  TableUnmap,
  TableUnmapRet,
  VmEvent,
} from '../events/vm_event.ts';

const PLACE = ['gpuvm:ptr', 'table|mmu|vmm|ops|cookie:ptr', 'addr|iova|device_addr|start:u64', 'len|size|range:u64'];
const PAGES = ['pgsize:u64', 'pgcount:u64'];

export const MAP_ARGS = [
  ...PLACE,
  ...PAGES,
  'pte:bits',
  'paddr|phys:u64',
  'sgt|mem:ptr',
  'off|offset:u64',
  'va|vma:ptr',
  'prot|iommu_prot:int',
];
export const UNMAP_ARGS = [...PLACE, ...PAGES, 'sparse:int'];
export const MAP_RET_ARGS = [...PLACE, 'mapped:u64', 'ret:int'];
export const UNMAP_RET_ARGS = [...PLACE, 'unmapped|ret:u64'];

/** Bytes: given as such, or as pages of a size. */
function lengthOf(a: Args): U64 {
  const length = a.u64(3);
  if (length !== undefined) return length;
  const pgsize = a.u64(4) ?? 0;
  const count = a.u64(5) ?? 0;
  return typeof pgsize === 'number' && typeof count === 'number' ? pgsize * count : 0;
}

/** Object number of a NULL mapping in an entry. */
const NULL_NUMBER = 0xffff;

/** An entry of the lab's modules: object number << 48 | page of the object + 1, or 0xffff << 48. */
function pteTarget(high: number, low: number): TableTarget | undefined {
  const number = high >>> 16;
  if (number === NULL_NUMBER) return { kind: 'null' };
  const page = (high & 0xffff) * 2 ** 32 + low;
  return page === 0 ? undefined : { kind: 'mem', mem: number, offset: (page - 1) * 4096 };
}

function targetOf(a: Args): TableTarget | undefined {
  const low = a.low(6);
  if (low !== undefined) return pteTarget(a.high(6) ?? 0, low);
  const phys = a.u64(7);
  if (phys !== undefined) return { kind: 'phys', addr: phys };
  const mem = a.ptr(8);
  const offset = a.u64(9);
  if (mem === undefined || offset === undefined) return undefined;
  return mem === 0 ? { kind: 'null' } : { kind: 'mem', mem, offset };
}

export function tableMap(code: TableCode): (a: Args) => TableMap {
  return (a) => ({
    kind: 'mmu_map',
    code,
    gpuvm: a.ptr(0) ?? 0,
    table: a.ptr(1) ?? 0,
    addr: a.u64(2) ?? 0,
    length: lengthOf(a),
    pgsize: Number(a.u64(4) ?? 0),
    prot: a.int(11),
    va: a.ptr(10) ?? 0,
    to: targetOf(a),
  });
}

export function tableUnmap(code: TableCode): (a: Args) => TableUnmap {
  return (a) => ({
    kind: 'mmu_unmap',
    code,
    gpuvm: a.ptr(0) ?? 0,
    table: a.ptr(1) ?? 0,
    addr: a.u64(2) ?? 0,
    length: lengthOf(a),
    pgsize: Number(a.u64(4) ?? 0),
    sparse: a.int(6) === 1,
  });
}

export function tableMapRet(code: TableCode): (a: Args) => TableMapRet {
  return (a) => ({
    kind: 'mmu_map_ret',
    code,
    gpuvm: a.ptr(0) ?? 0,
    table: a.ptr(1) ?? 0,
    addr: a.u64(2) ?? 0,
    mapped: a.u64(4),
    ret: a.int(5),
  });
}

export function tableUnmapRet(code: TableCode): (a: Args) => TableUnmapRet {
  return (a) => ({
    kind: 'mmu_unmap_ret',
    code,
    gpuvm: a.ptr(0) ?? 0,
    table: a.ptr(1) ?? 0,
    addr: a.u64(2) ?? 0,
    unmapped: a.u64(4),
  });
}

/** `gpuvm` and, where the call names one, a range: everything is dropped otherwise. */
export const FLUSH_ARGS = ['gpuvm|vm:ptr', 'addr|iova|start:u64', 'size|len:u64'];

export function tlbFlush(a: Args): VmEvent {
  return { kind: 'tlb_flush', gpuvm: a.ptr(0) ?? 0, addr: a.u64(1), size: a.u64(2) };
}
