// The table `jobs`: one VM_BIND job a row, as `jobs` lists them.
import type { JobCounts } from '../replay/job.ts';
import type { JobRow } from '../replay/job_row.ts';
import { pointer } from '../reporters/table.ts';
import { nanoseconds } from './line_times.ts';
import type { Table, TableColumn } from './table.ts';

const COUNTS: Readonly<Record<keyof JobCounts, string>> = {
  steps: 'steps that the driver carried out',
  map: 'of them MAP',
  unmap: 'of them UNMAP',
  remap: 'of them REMAP',
  keep: 'of them with keep',
  missing: 'steps on an object whose dma_resv the task does not hold',
  redundant: 'locked objects that neither a listed object nor a step needed',
  diverged: 'ops whose steps differ from those that the VM showed at the lock pass',
  misapplied: 'steps that were not carried out as emitted',
  unreserved: 'fences added without a slot reserved under this lock',
};

function counts(): TableColumn<JobRow>[] {
  const names = Object.keys(COUNTS) as (keyof JobCounts)[];
  return names.map((name) => ({ name, type: 'int', meaning: COUNTS[name], value: (row) => row.counts[name] }));
}

export const jobsTable: Table<JobRow> = {
  name: 'jobs',
  meaning: 'a VM_BIND job; a count that the trace cannot tell is null',
  columns: [
    { name: 'job', type: 'int', meaning: 'the driver’s id, or a running number', value: (row) => row.job },
    { name: 'line', type: 'int', meaning: 'where it begins; unique in a capture', value: (row) => row.line },
    { name: 'end_line', type: 'int', meaning: 'where its ioctl is over', value: (row) => row.endLine || undefined },
    {
      name: 'ran_line',
      type: 'int',
      meaning: 'where the scheduler’s run of it ends',
      value: (row) => row.ranLine || undefined,
    },
    { name: 'start', type: 'text', meaning: 'time stamp as the trace has it', value: (row) => row.start },
    {
      name: 'end',
      type: 'text',
      meaning: 'likewise; empty where it does not end in the trace',
      value: (row) => row.end,
    },
    {
      name: 'start_ns',
      type: 'int',
      meaning: 'ns; null where the clock counts no seconds',
      value: (row) => nanoseconds(row.start),
    },
    { name: 'end_ns', type: 'int', meaning: 'ns', value: (row) => nanoseconds(row.end) },
    { name: 'pid', type: 'int', meaning: 'the task of its ioctl', value: (row) => (row.pid < 0 ? undefined : row.pid) },
    { name: 'comm', type: 'text', meaning: 'that task’s name', value: (row) => row.comm },
    { name: 'vm', type: 'text', meaning: 'pointer of the VM', value: (row) => pointer(row.vm) },
    {
      name: 'vm_no',
      type: 'int',
      meaning: 'that VM’s place among those of the trace, from 1',
      value: (row) => row.vmOrdinal || undefined,
    },
    { name: 'vm_name', type: 'text', meaning: 'its name', value: (row) => row.vmName },
    { name: 'ops', type: 'int', meaning: 'ops that it asked for', value: (row) => row.ops },
    { name: 'attempts', type: 'int', meaning: 'rounds of its lock pass', value: (row) => row.attempts },
    { name: 'ret', type: 'int', meaning: 'what the ioctl returned', value: (row) => row.ret },
    ...counts(),
    { name: 'verdict', type: 'text', meaning: 'ok, failed, wasteful, bad or unknown', value: (row) => row.verdict },
    {
      name: 'unknown',
      type: 'text',
      meaning: 'why it was not judged whole; empty where it was',
      value: (row) => row.unknown.join('; '),
    },
  ],
};
