// The table `mappings`: each mapping of each VM, from when it was made to when it went.
import type { Ptr } from '../base/u64.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { Job } from '../replay/job.ts';
import { showsObj, type VmState } from '../replay/vm_state.ts';
import { isExternal } from '../reporters/columns.ts';
import { pointer } from '../reporters/table.ts';
import type { Table } from './table.ts';

/** When something became of a mapping, and by whom. */
export interface Mark {
  readonly line: number;
  readonly ns: bigint | undefined;
  readonly job: Job | undefined;
}

export interface MappingRow {
  readonly vm: VmState;
  readonly va: Gpuva;
  /** The object's dma_resv, 0 while unknown. */
  readonly resv: Ptr;
  /** undefined: before the trace, or where the driver's tree is not probed. */
  readonly made: Mark | undefined;
  readonly gone: Mark | undefined;
  /** `state` shows it. */
  readonly atEnd: boolean;
}

export const mappingsTable: Table<MappingRow> = {
  name: 'mappings',
  meaning: 'a mapping; where inserts and removes are not probed, those at the end only',
  columns: [
    { name: 'vm', type: 'text', meaning: 'pointer of the VM', value: ({ vm }) => pointer(vm.id) },
    { name: 'vm_no', type: 'int', meaning: 'as jobs.vm_no', value: ({ vm }) => vm.ordinal },
    { name: 'name', type: 'text', meaning: 'the VM’s name', value: ({ vm }) => vm.name },
    {
      name: 'complete',
      type: 'flag',
      meaning: 'false: the VM may have mappings that the trace does not show',
      value: ({ vm }) => vm.complete,
    },
    { name: 'addr', type: 'u64', meaning: 'bytes', value: ({ va }) => va.addr },
    { name: 'range', type: 'u64', meaning: 'bytes', value: ({ va }) => va.range },
    {
      name: 'obj',
      type: 'text',
      meaning: 'pointer of the object; 0x0: none, null: not shown',
      value: ({ va }) => (showsObj(va) ? pointer(va.obj, '0x0') : undefined),
    },
    {
      name: 'offset',
      type: 'u64',
      meaning: 'bytes; in the object',
      value: ({ va }) => (showsObj(va) ? va.offset : undefined),
    },
    { name: 'flags', type: 'int', meaning: 'of drm_gpuva', value: ({ va }) => va.flags },
    { name: 'va', type: 'text', meaning: 'pointer of the mapping', value: ({ va }) => pointer(va.id) },
    { name: 'external', type: 'flag', meaning: 'the object does not share the VM’s dma_resv', value: isExternal },
    { name: 'resv', type: 'text', meaning: 'pointer of the object’s dma_resv', value: ({ resv }) => pointer(resv) },
    {
      name: 'made_line',
      type: 'int',
      meaning: 'where it was inserted; null: before the trace',
      value: ({ made }) => made?.line,
    },
    { name: 'made_ns', type: 'int', meaning: 'ns', value: ({ made }) => made?.ns },
    {
      name: 'made_job_line',
      type: 'int',
      meaning: 'jobs.line of the job that did',
      value: ({ made }) => made?.job?.line,
    },
    { name: 'gone_line', type: 'int', meaning: 'where it was removed', value: ({ gone }) => gone?.line },
    { name: 'gone_ns', type: 'int', meaning: 'ns', value: ({ gone }) => gone?.ns },
    {
      name: 'gone_job_line',
      type: 'int',
      meaning: 'jobs.line of the job that did',
      value: ({ gone }) => gone?.job?.line,
    },
    {
      name: 'at_end',
      type: 'flag',
      meaning: 'it is there when the trace ends: `state` shows it',
      value: ({ atEnd }) => atEnd,
    },
  ],
};
