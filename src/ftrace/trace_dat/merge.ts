// The events of all CPUs and buffers in the order of time: a heap of streams, each standing on its next event.
import type { CpuStream } from './cpu_stream.ts';

/** By time; equal times by the order of buffers and CPUs, as trace-cmd report does. */
function isBefore(a: CpuStream, b: CpuStream): boolean {
  if (a.sec !== b.sec) return a.sec < b.sec;
  if (a.nsec !== b.nsec) return a.nsec < b.nsec;
  return a.order < b.order;
}

/** Calls `visit` with the stream that stands on the earliest event, until all streams end; `ended` for each that does. */
export class StreamMerge {
  readonly #heap: CpuStream[] = [];
  readonly #visit: (stream: CpuStream) => void;
  readonly #ended: (stream: CpuStream) => void;

  constructor(streams: readonly CpuStream[], visit: (stream: CpuStream) => void, ended: (stream: CpuStream) => void) {
    this.#visit = visit;
    this.#ended = ended;
    const heap = this.#heap;
    for (const stream of streams) {
      if (stream.next()) heap.push(stream);
      else ended(stream);
    }
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftDown(heap, i);
  }

  /** Goes on over so many events; false: all streams have ended. */
  run(limit: number): boolean {
    const heap = this.#heap;
    let left = limit;
    for (let first = heap[0]; first !== undefined && left > 0; first = heap[0]) {
      const second = earlier(heap, 1, 2);
      // Events come in runs of one CPU: as long as the run lasts the heap need not be touched.
      let isAlive = true;
      do {
        this.#visit(first);
        isAlive = first.next();
      } while (isAlive && --left > 0 && (second === undefined || isBefore(first, second)));
      if (!isAlive) {
        this.#ended(first);
        const last = heap.pop();
        if (last === undefined || heap.length === 0) return false;
        heap[0] = last;
      }
      siftDown(heap, 0);
    }
    return heap.length > 0;
  }
}

function earlier(heap: readonly CpuStream[], i: number, j: number): CpuStream | undefined {
  const a = heap[i];
  const b = heap[j];
  return a !== undefined && b !== undefined && isBefore(b, a) ? b : a;
}

function siftDown(heap: CpuStream[], from: number): void {
  const moving = heap[from];
  if (moving === undefined) return;
  let at = from;
  for (;;) {
    const child = earlier(heap, 2 * at + 1, 2 * at + 2);
    if (child === undefined || !isBefore(child, moving)) break;
    const childAt = heap[2 * at + 1] === child ? 2 * at + 1 : 2 * at + 2;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = moving;
}
