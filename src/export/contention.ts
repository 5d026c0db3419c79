// Who waited for whom: tasks, and the dma_resvs that one had and another wanted.
import type { Ptr } from '../base/u64.ts';
import type { Job } from '../replay/job.ts';
import type { Rival } from '../replay/task.ts';
import type { LineTimes } from './line_times.ts';

/** One task wanted a dma_resv that another had. */
export interface Edge {
  readonly waiter: number;
  /** undefined: who had it is not in the trace. */
  readonly holder: number | undefined;
  readonly resv: Ptr;
  /** An object that has it; 0: not known. */
  readonly obj: Ptr;
  /** The VM whose own dma_resv it is, by its place in the trace. */
  readonly vm: number | undefined;
  waits: number;
  /** Of the waits whose length the trace shows. */
  waitedNs: bigint;
  /** -EDEADLK: all locks given up for another attempt. */
  backoffs: number;
}

export class Contention {
  readonly #times: LineTimes;
  readonly #edges = new Map<string, Edge>();

  constructor(times: LineTimes) {
    this.#times = times;
  }

  job(job: Job): void {
    // Waits and refusals are those of the context, which each of its attempts has.
    const contexts = new Map((job.detail?.attempts ?? []).map((one) => [one.init, one]));
    for (const { task, waits, contention } of contexts.values()) {
      for (const wait of waits) {
        const edge = this.#edge(job, task, wait.holder, wait.resv);
        edge.waits++;
        edge.waitedNs += this.#times.between(wait.line, wait.endLine) ?? 0n;
      }
      for (const { holder, resv } of contention) this.#edge(job, task, holder, resv).backoffs++;
    }
  }

  /** In the order of their tasks. */
  get edges(): readonly Edge[] {
    return [...this.#edges.values()].sort(
      (a, b) => a.waiter - b.waiter || (a.holder ?? -1) - (b.holder ?? -1) || (a.resv < b.resv ? -1 : 1),
    );
  }

  #edge(job: Job, waiter: number, rival: Rival | undefined, resv: Ptr): Edge {
    const holder = rival?.pid;
    const key = `${waiter} ${holder} ${resv}`;
    const known = this.#edges.get(key);
    if (known !== undefined) return known;
    const entries = (job.detail?.attempts ?? []).flatMap(({ attempt }) => attempt.entries);
    const obj = entries.find((entry) => entry.resv === resv)?.obj ?? 0;
    const vm = job.vm?.resv === resv ? job.vm.ordinal : undefined;
    const edge: Edge = { waiter, holder, resv, obj, vm, waits: 0, waitedNs: 0n, backoffs: 0 };
    this.#edges.set(key, edge);
    return edge;
  }
}

/** Tasks that wait for each other in a circle, a number a circle; tasks in none are absent. (Kosaraju's algorithm.) */
export function circlesOf(edges: readonly Edge[]): ReadonlyMap<number, number> {
  const forth = new Map<number, number[]>();
  const back = new Map<number, number[]>();
  for (const { waiter, holder } of edges) {
    if (holder === undefined) continue;
    put(forth, waiter, holder);
    put(back, holder, waiter);
  }
  const left: number[] = [];
  const seen = new Set<number>();
  for (const task of forth.keys()) left.push(...reached(forth, task, seen));
  const circles = new Map<number, number>();
  const placed = new Set<number>();
  let count = 0;
  for (const task of left.toReversed()) {
    const members = reached(back, task, placed);
    if (members.length > 1) count++;
    if (members.length > 1) for (const member of members) circles.set(member, count);
  }
  return circles;
}

function put(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** What can be reached from a task and was not before, in the order in which it is left. */
function reached(graph: ReadonlyMap<number, readonly number[]>, from: number, seen: Set<number>): number[] {
  if (seen.has(from)) return [];
  seen.add(from);
  const left: number[] = [];
  const path = [{ task: from, next: 0 }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const to = graph.get(top.task)?.[top.next++];
    if (to === undefined) {
      left.push(top.task);
      path.pop();
    } else if (!seen.has(to)) {
      seen.add(to);
      path.push({ task: to, next: 0 });
    }
  }
  return left;
}
