// The events of dma_fence (include/trace/events/dma_fence.h): a fence is signalled, and a task waits for it. They print the
// lower halves of the fence's context and number. That a fence is made, emitted or freed says nothing of when its job ran.
import type { Args, ProbeSpec, TracepointText } from '../events/probe.ts';
import type { VmEvent } from '../events/vm_event.ts';
import { tracepoint } from './decode.ts';

type FenceKind = Extract<VmEvent['kind'], `fence_${string}`>;

/** Names of drivers and timelines are any text. */
const HEAD = /^driver=.* timeline=.* context=(?=\d+ seqno=\d+$)/;
const TEXT: TracepointText = {
  head: HEAD,
  rest: '{context} seqno={seqno}',
  sample: { head: 'driver=0 timeline=0 context=' },
};
const ARGS = ['context:u64', 'seqno:u64'];

function fence(kind: FenceKind): (a: Args) => VmEvent | undefined {
  return (a) => {
    const [context, seqno] = [a.u64(0), a.u64(1)];
    return context === undefined || seqno === undefined ? undefined : { kind, fence: `${context}:${seqno}` };
  };
}

export const dmaFenceProbes: readonly ProbeSpec[] = [
  tracepoint('dma_fence:dma_fence_signaled', TEXT, ARGS, fence('fence_signaled')),
  tracepoint('dma_fence:dma_fence_wait_start', TEXT, ARGS, fence('fence_wait')),
  tracepoint('dma_fence:dma_fence_wait_end', TEXT, ARGS, fence('fence_wait_end')),
];
