// The table `steps`: what split and merge made of the ops, a step a row.
import type { StepEvent } from '../events/vm_event.ts';
import { STEP_TYPES } from '../replay/describe.ts';
import type { AppliedStep, Job, OpRun } from '../replay/job.ts';
import { pointer } from '../reporters/table.ts';
import type { Table } from './table.ts';

type Shown = Pick<AppliedStep, 'type' | 'keep' | 'addr' | 'range' | 'obj' | 'offset' | 'prev' | 'next' | 'va'>;

export interface StepRow {
  readonly job: Job;
  readonly op: OpRun;
  readonly index: number;
  readonly step: Shown;
  /** 0: on the driver's ops list; how it was carried out is not shown. */
  readonly line: number;
}

/** Those that the driver carried out; where its callbacks are not probed or not there, those of its ops list. */
export function* stepRowsOf(job: Job): Iterable<StepRow> {
  for (const op of job.detail?.ops ?? []) {
    for (const step of op.steps) yield { job, op, index: step.index, step, line: step.line };
    if (op.steps.length === 0)
      for (const [index, event] of op.list.entries()) yield { job, op, index, step: listed(event), line: 0 };
  }
}

function listed(event: StepEvent): Shown {
  return { ...event, type: STEP_TYPES[event.type] ?? 'map' };
}

export const stepsTable: Table<StepRow> = {
  name: 'steps',
  meaning: 'a step of an op; for UNMAP and REMAP addr to offset are those of the old mapping',
  columns: [
    { name: 'job', type: 'int', meaning: 'as jobs.job', value: ({ job }) => job.id },
    { name: 'job_line', type: 'int', meaning: 'as jobs.line', value: ({ job }) => job.line },
    { name: 'op', type: 'int', meaning: 'number of the op in its job, from 0', value: ({ op }) => op.index },
    { name: 'op_kind', type: 'text', meaning: 'what the op asks for: map, unmap, ...', value: ({ op }) => op.kind },
    { name: 'op_addr', type: 'u64', meaning: 'bytes; of the op', value: ({ op }) => op.addr },
    { name: 'op_range', type: 'u64', meaning: 'bytes; of the op', value: ({ op }) => op.range },
    { name: 'step', type: 'int', meaning: 'number of the step in its op, from 0', value: ({ index }) => index },
    { name: 'type', type: 'text', meaning: 'map, remap, unmap or prefetch', value: ({ step }) => step.type },
    {
      name: 'line',
      type: 'int',
      meaning: 'where it was carried out; null: listed only',
      value: ({ line }) => line || undefined,
    },
    { name: 'keep', type: 'flag', meaning: 'its pages are already the right ones', value: ({ step }) => step.keep },
    { name: 'addr', type: 'u64', meaning: 'bytes', value: ({ step }) => step.addr },
    { name: 'range', type: 'u64', meaning: 'bytes', value: ({ step }) => step.range },
    { name: 'obj', type: 'text', meaning: 'pointer of the object', value: ({ step }) => pointer(step.obj ?? 0) },
    {
      name: 'resv',
      type: 'text',
      meaning: 'pointer of its dma_resv',
      value: ({ job, step }) => pointer(job.detail?.resvs.get(step.obj ?? 0) ?? 0),
    },
    { name: 'offset', type: 'u64', meaning: 'bytes; in the object', value: ({ step }) => step.offset },
    { name: 'va', type: 'text', meaning: 'pointer of the mapping', value: ({ step }) => pointer(step.va) },
    {
      name: 'has_prev',
      type: 'flag',
      meaning: 'a REMAP keeps a piece in front',
      value: ({ step }) => step.prev !== undefined,
    },
    {
      name: 'has_next',
      type: 'flag',
      meaning: 'a REMAP keeps a piece behind',
      value: ({ step }) => step.next !== undefined,
    },
  ],
};
