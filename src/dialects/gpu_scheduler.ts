// The GPU scheduler's own events (drivers/gpu/drm/scheduler/gpu_scheduler_trace.h): a job is queued, is run, is done. What
// names a job is its fence: context and number, where older kernels have a pointer, which may be a hash, and other event names.
import type { Args, ProbeSpec, TracepointText } from '../events/probe.ts';
import type { VmEvent } from '../events/vm_event.ts';
import { tracepoint } from './decode.ts';

type SchedKind = Extract<VmEvent['kind'], `sched_${string}`>;

const ID = '{fence_context}:{fence_seqno}';
const ID_ARGS = ['fence_context:u64', 'fence_seqno:u64'];
const JOB_TEXT: TracepointText = {
  head: /^dev=\S+, fence=(?=\d+:\d+,)/,
  rest: ID,
  sample: { head: 'dev=0, fence=', tail: ',' },
};
const DONE_TEXT: TracepointText = {
  head: /^fence=(?=\d+:\d+ )/,
  rest: `${ID} signaled`,
  sample: { head: 'fence=' },
};

const OLD_ARGS = ['fence:ptr'];
const OLD_JOB_TEXT: TracepointText = {
  head: /^(?:dev=\S+, )?entity=\S+, id=\d+, fence=/,
  rest: '{fence}',
  sample: { head: 'entity=0, id=0, fence=' },
};
const OLD_DONE_TEXT: TracepointText = {
  head: /^fence=(?!\d+:)/,
  rest: '{fence} signaled',
  sample: { head: 'fence=' },
};

function byId(kind: SchedKind): (a: Args) => VmEvent | undefined {
  return (a) => {
    const [context, seqno] = [a.u64(0), a.u64(1)];
    return context === undefined || seqno === undefined ? undefined : { kind, fence: `${context}:${seqno}` };
  };
}

function byPointer(kind: SchedKind): (a: Args) => VmEvent | undefined {
  return (a) => {
    const fence = a.ptr(0);
    return fence === undefined ? undefined : { kind, fence: `${fence}` };
  };
}

export const gpuSchedulerProbes: readonly ProbeSpec[] = [
  tracepoint('gpu_scheduler:drm_sched_job_queue', JOB_TEXT, ID_ARGS, byId('sched_queue')),
  tracepoint('gpu_scheduler:drm_sched_job_run', JOB_TEXT, ID_ARGS, byId('sched_run')),
  tracepoint('gpu_scheduler:drm_sched_job_done', DONE_TEXT, ID_ARGS, byId('sched_done')),
  tracepoint('gpu_scheduler:drm_sched_job', OLD_JOB_TEXT, OLD_ARGS, byPointer('sched_queue')),
  tracepoint('gpu_scheduler:drm_run_job', OLD_JOB_TEXT, OLD_ARGS, byPointer('sched_run')),
  tracepoint('gpu_scheduler:drm_sched_process_job', OLD_DONE_TEXT, OLD_ARGS, byPointer('sched_done')),
];
