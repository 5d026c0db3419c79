// The table `findings`: what `check` reports, a finding a row.
import type { Finding } from '../findings/finding.ts';
import { pointer } from '../reporters/table.ts';
import { nanoseconds } from './line_times.ts';
import type { Table } from './table.ts';

export const findingsTable: Table<Finding> = {
  name: 'findings',
  meaning: 'a finding, as `check` has it',
  columns: [
    { name: 'rule', type: 'text', meaning: 'see `rules`', value: (one) => one.rule },
    { name: 'severity', type: 'text', meaning: 'error, warning or note', value: (one) => one.severity },
    { name: 'confidence', type: 'text', meaning: 'certain, likely or inconclusive', value: (one) => one.confidence },
    { name: 'file', type: 'text', meaning: 'the trace', value: (one) => one.file },
    { name: 'line', type: 'int', meaning: 'where it stands', value: (one) => one.line },
    { name: 'time', type: 'text', meaning: 'time stamp as the trace has it', value: (one) => one.time },
    {
      name: 'time_ns',
      type: 'int',
      meaning: 'ns; null where the clock counts no seconds',
      value: (one) => nanoseconds(one.time),
    },
    { name: 'pid', type: 'int', meaning: 'the task', value: (one) => one.pid },
    { name: 'job', type: 'int', meaning: 'as jobs.job', value: (one) => one.job },
    { name: 'op', type: 'int', meaning: 'as steps.op', value: (one) => one.op },
    { name: 'step', type: 'int', meaning: 'as steps.step', value: (one) => one.step },
    { name: 'vm', type: 'text', meaning: 'pointer of the VM', value: (one) => pointer(one.vm) },
    { name: 'addr', type: 'u64', meaning: 'bytes', value: (one) => one.addr },
    { name: 'range', type: 'u64', meaning: 'bytes', value: (one) => one.range },
    { name: 'obj', type: 'text', meaning: 'pointer of the object', value: (one) => pointer(one.obj) },
    { name: 'resv', type: 'text', meaning: 'pointer of the dma_resv', value: (one) => pointer(one.resv) },
    { name: 'message', type: 'text', meaning: 'in words', value: (one) => one.message },
    {
      name: 'fingerprint',
      type: 'text',
      meaning: 'the same for the same finding of another run',
      value: (one) => one.fingerprint,
    },
  ],
};
