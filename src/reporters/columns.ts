// The columns that CI users rely on: names and meanings stay, more may follow.
import type { Ptr } from '../base/u64.ts';
import type { Finding } from '../findings/finding.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { JobRow } from '../replay/job_row.ts';
import { showsObj, type VmState } from '../replay/vm_state.ts';
import { address, type Column, pointer } from './table.ts';

const COUNTS = [
  'steps',
  'map',
  'unmap',
  'remap',
  'keep',
  'missing',
  'redundant',
  'diverged',
  'misapplied',
  'unreserved',
] as const;

export const jobColumns: readonly Column<JobRow>[] = [
  { name: 'job', kind: 'count', cell: (row) => row.job },
  { name: 'line', kind: 'count', cell: (row) => row.line },
  { name: 'start', kind: 'hex', cell: (row) => row.start },
  { name: 'end', kind: 'hex', cell: (row) => row.end },
  { name: 'pid', kind: 'count', cell: (row) => (row.pid < 0 ? undefined : row.pid) },
  { name: 'comm', kind: 'text', cell: (row) => row.comm },
  { name: 'vm', kind: 'hex', cell: (row) => pointer(row.vm) },
  { name: 'ops', kind: 'count', cell: (row) => row.ops },
  { name: 'attempts', kind: 'count', cell: (row) => row.attempts },
  { name: 'ret', kind: 'count', cell: (row) => row.ret },
  ...COUNTS.map((name): Column<JobRow> => ({ name, kind: 'count', cell: (row) => row.counts[name] })),
  { name: 'verdict', kind: 'hex', cell: (row) => row.verdict },
];

export const findingColumns: readonly Column<Finding>[] = [
  { name: 'rule', kind: 'hex', cell: (f) => f.rule },
  { name: 'severity', kind: 'hex', cell: (f) => f.severity },
  { name: 'confidence', kind: 'hex', cell: (f) => f.confidence },
  { name: 'file', kind: 'text', cell: (f) => f.file },
  { name: 'line', kind: 'count', cell: (f) => f.line },
  { name: 'time', kind: 'hex', cell: (f) => f.time },
  { name: 'job', kind: 'count', cell: (f) => f.job },
  { name: 'op', kind: 'count', cell: (f) => f.op },
  { name: 'step', kind: 'count', cell: (f) => f.step },
  { name: 'vm', kind: 'hex', cell: (f) => pointer(f.vm) },
  { name: 'addr', kind: 'hex', cell: (f) => address(f.addr) },
  { name: 'range', kind: 'hex', cell: (f) => address(f.range) },
  { name: 'obj', kind: 'hex', cell: (f) => pointer(f.obj) },
  { name: 'resv', kind: 'hex', cell: (f) => pointer(f.resv) },
  { name: 'message', kind: 'text', cell: (f) => f.message },
  { name: 'fingerprint', kind: 'hex', cell: (f) => f.fingerprint },
];

/** One VM's table. */
export interface MmuRow {
  readonly vm: VmState;
  readonly counts: MmuCounts;
  /** Jobs whose table writes are still to come. */
  readonly awaited: number;
  /** `2M:4 1G:1`: leaves above the smallest page, by size. */
  readonly blocks: string;
  /** `1/1/2/5`: tables of each level, root first. */
  readonly tables: string;
  readonly format: string;
}

interface MmuCounts {
  readonly pages: number;
  readonly used: number;
  readonly bad: number;
  readonly stray: number;
  /** Pages that have a translation and no mapping. */
  readonly stale: number;
}

export const mmuColumns: readonly Column<MmuRow>[] = [
  { name: 'vm', kind: 'hex', cell: (row) => pointer(row.vm.id) },
  { name: 'pages', kind: 'count', cell: (row) => row.counts.pages },
  { name: 'used', kind: 'count', cell: (row) => row.counts.used },
  { name: 'bad', kind: 'count', cell: (row) => row.counts.bad },
  { name: 'stray', kind: 'count', cell: (row) => row.counts.stray },
  { name: 'stale', kind: 'count', cell: (row) => row.counts.stale },
  { name: 'awaited', kind: 'count', cell: (row) => row.awaited },
  { name: 'blocks', kind: 'text', cell: (row) => row.blocks },
  { name: 'tables', kind: 'text', cell: (row) => row.tables },
  { name: 'format', kind: 'text', cell: (row) => row.format },
  { name: 'name', kind: 'text', cell: (row) => row.vm.name },
];

/** One mapping of one VM. */
export interface StateRow {
  readonly vm: VmState;
  readonly va: Gpuva;
  /** The object's dma_resv, 0 while unknown. */
  readonly resv: Ptr;
}

/** drm_gpuvm_is_extobj(): another resv than the VM's; undefined where one of them is not known. */
export function isExternal({ vm, va, resv }: StateRow): boolean | undefined {
  if (va.obj === 0) return false;
  return resv === 0 || vm.resv === 0 ? undefined : resv !== vm.resv;
}

export const stateColumns: readonly Column<StateRow>[] = [
  { name: 'vm', kind: 'hex', cell: (row) => pointer(row.vm.id) },
  { name: 'name', kind: 'text', cell: (row) => row.vm.name },
  { name: 'addr', kind: 'hex', cell: (row) => address(row.va.addr) },
  { name: 'range', kind: 'hex', cell: (row) => address(row.va.range) },
  { name: 'obj', kind: 'hex', cell: (row) => (showsObj(row.va) ? pointer(row.va.obj, '0x0') : undefined) },
  { name: 'offset', kind: 'hex', cell: (row) => (showsObj(row.va) ? address(row.va.offset) : undefined) },
  { name: 'flags', kind: 'hex', cell: (row) => address(row.va.flags) },
  { name: 'va', kind: 'hex', cell: (row) => pointer(row.va.id) },
  { name: 'external', kind: 'flag', cell: isExternal },
  { name: 'resv', kind: 'hex', cell: (row) => pointer(row.resv) },
];

/** What JSON says of each VM beside its mappings: with it, a trace that begins there can be judged. */
export const vmColumns: readonly Column<VmState>[] = [
  { name: 'vm', kind: 'hex', cell: (vm) => pointer(vm.id) },
  { name: 'name', kind: 'text', cell: (vm) => vm.name },
  { name: 'start', kind: 'hex', cell: (vm) => (vm.initKnown ? address(vm.init.mmStart) : undefined) },
  { name: 'range', kind: 'hex', cell: (vm) => (vm.initKnown ? address(vm.init.mmRange) : undefined) },
  { name: 'kernel_start', kind: 'hex', cell: (vm) => (vm.initKnown ? address(vm.init.kernelStart) : undefined) },
  { name: 'kernel_range', kind: 'hex', cell: (vm) => (vm.initKnown ? address(vm.init.kernelRange) : undefined) },
  { name: 'flags', kind: 'hex', cell: (vm) => (vm.initKnown ? address(vm.init.flags) : undefined) },
  { name: 'resv', kind: 'hex', cell: (vm) => pointer(vm.resv) },
  { name: 'complete', kind: 'flag', cell: (vm) => vm.complete },
];
