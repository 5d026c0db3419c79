// How much of a machine's state is followed at a time. No machine comes near; a trace that does was made to, or lacks the
// events that end things, and must not take all memory: what it holds is let go, as if the trace began there.
import type { Job } from './job.ts';
import type { Task } from './task.ts';
import type { VmState } from './vm_state.ts';
import type { World } from './world.ts';

interface Limit {
  /** In the plural. */
  readonly what: string;
  readonly most: number;
  readonly count: (world: World) => number;
}

const LIMITS: readonly Limit[] = [
  { what: 'VMs', most: 4096, count: ({ vms }) => vms.size },
  { what: 'tasks within calls', most: 4096, count: ({ tasks }) => tasks.size },
  { what: 'locking contexts', most: 4096, count: ({ contexts }) => contexts.size },
  { what: 'jobs', most: 16_384, count: ({ openJobs }) => openJobs.size },
  { what: 'objects', most: 250_000, count: ({ objs }) => objs.size },
  { what: 'vm_bos', most: 250_000, count: ({ vmBos }) => vmBos.size },
  { what: 'locks', most: 100_000, count: ({ tasks }) => sum(tasks.values(), locksOf) },
  { what: 'steps of unfinished jobs', most: 100_000, count: ({ openJobs }) => sum(openJobs, sizeOf) },
  { what: 'mappings', most: 250_000, count: ({ vms }) => sum(vms.values(), mappingsOf) },
  { what: 'page table ranges', most: 250_000, count: ({ vms, memory }) => memory.size + sum(vms.values(), rangesOf) },
];

/** What there is more of than is followed, in words. */
export function beyondLimits(world: World): string | undefined {
  const found = LIMITS.find(({ most, count }) => count(world) > most);
  return found && `more than ${found.most} ${found.what} at a time`;
}

function sum<T>(all: Iterable<T>, count: (one: T) => number): number {
  let total = 0;
  for (const one of all) total += count(one);
  return total;
}

function locksOf({ contexts, resvLocks, unclaimed }: Task): number {
  return resvLocks.size + (unclaimed?.length ?? 0) + sum(contexts, ({ exec, slots }) => exec.size + slots.size);
}

function sizeOf({ asks, facts, listed, needed, ops, counts, links, net, unknown }: Job): number {
  const told = facts.length + unknown.size + asks.length + listed.length + needed.size;
  return told + ops.length + counts.steps + links.size + net.size;
}

function mappingsOf({ tree, asked, changes }: VmState): number {
  return tree.size + changes + (asked === tree ? 0 : asked.size);
}

function rangesOf({ tables }: VmState): number {
  return tables.size;
}
