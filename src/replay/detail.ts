// What a reader of one job wants beyond its counts: kept in detail mode only, put together when the job is over.
import { add, type Ptr, sub, type U64 } from '../base/u64.ts';
import { type Gpuva, makeGpuva } from '../gpuvm/gpuva.ts';
import type { Gpuvm } from '../gpuvm/gpuvm.ts';
import type { Span } from './fact.ts';
import type { FenceUse, Job } from './job.ts';
import { keepHeld } from './pass_record.ts';
import { pairRequests } from './requests.ts';
import type { ExecContext } from './task.ts';
import type { Change, VmState } from './vm_state.ts';
import type { World } from './world.ts';

/** Fence calls remembered of one job. */
const MAX_FENCES = 4096;

/** From here on the VM's changes are remembered, so that it can be shown as it was before the job. */
export function followVm(job: Job, vm: VmState): void {
  if (job.detail === undefined) return;
  job.pinned?.unpin();
  vm.pin();
  job.pinned = vm;
  job.detail.version = vm.version;
}

/** The first op is about to be carried out. */
export function markApply(job: Job): void {
  const { detail, vm } = job;
  if (detail !== undefined && vm !== undefined && detail.applyVersion < 0) detail.applyVersion = vm.version;
}

export function keepFence(job: Job | undefined, use: FenceUse): void {
  const fences = job?.detail?.fences;
  if (fences !== undefined && fences.length < MAX_FENCES) fences.push(use);
}

/** The locking context ends: what happened in it. `fini` is 0 where it is not drm_exec_fini() that ends it. */
export function keepAttempts(open: ExecContext, job: Job, fini: number): void {
  for (const attempt of open.exec.history) {
    job.detail?.attempts.push({
      task: open.pid,
      init: open.line,
      fini,
      attempt,
      contention: open.contention,
      waits: open.waits,
    });
  }
  keepHeld(open, job);
}

/** The job is over, or the trace is: what was followed becomes what is shown. */
export function finishDetail(world: World, job: Job): void {
  const { detail, vm } = job;
  if (detail === undefined) return;
  for (const open of world.contexts.values()) if (open.job === job) keepAttempts(open, job, 0);
  detail.ops = job.ops;
  detail.asks = job.asks;
  detail.pairs = pairRequests(job);
  if (vm !== undefined) keepSurroundings(world, job, vm);
  for (const obj of objsOf(job)) {
    const resv = world.resvOf(obj);
    if (resv !== 0) detail.resvs.set(obj, resv);
  }
}

/** The VM around the job's ranges, back through its changes to where the lock pass ended. */
function keepSurroundings(world: World, job: Job, vm: VmState): void {
  const { detail } = job;
  if (detail === undefined) return;
  const probed = world.seen.has('va_insert') || world.seen.has('va_remove');
  const tree = probed ? vm.tree : vm.asked;
  const applied = detail.applyVersion >= 0 ? detail.applyVersion : vm.version;
  const first = job.lockVersion >= 0 ? job.lockVersion : detail.version;
  const all = vm.changesSince(first, 0, 2 ** 64);
  const own = (all ?? []).filter((change) => change.job === job);
  const windows = merged(spansOf(job, own).map((span) => windowAround(tree, span)));
  const now = new Set(windows.flatMap((window) => tree.overlaps(window.addr, window.range)));
  if (tree.kernelNode !== undefined) now.delete(tree.kernelNode);
  detail.windows = windows;
  detail.complete = windows.every((window) => vm.known.has(window.addr, window.range, vm.version));
  detail.after = inOrder(now);
  if (job.counts.misapplied > 0)
    detail.wanted = windows.flatMap((window) => vm.asked.overlaps(window.addr, window.range));
  if (!probed) return;
  if (all === undefined) return;
  const near = all.map((change) => (windows.some((window) => touches(change.va, window)) ? change : undefined));
  detail.changes = near.filter((change) => change !== undefined);
  const since = Math.max(0, applied - first);
  detail.before = rewound(now, near.slice(since));
  const between = near.slice(0, since);
  if (job.lockVersion >= 0 && between.some((change) => change !== undefined))
    detail.atLock = rewound(new Set(detail.before), between);
}

function spansOf(job: Job, own: readonly Change[]): Span[] {
  const spans: Span[] = own.map((change) => change.va);
  for (const { addr, range } of [...job.ops, ...job.asks])
    if (addr !== undefined && range !== undefined) spans.push({ addr, range });
  return spans;
}

/** The range with the mappings that reach into it and one neighbour on either side. */
function windowAround(tree: Gpuvm, span: Span): Span {
  const inside = tree.overlaps(span.addr, span.range).filter((va) => va !== tree.kernelNode);
  const prev = tree.prev(inside[0] ?? probeAt(span.addr));
  const end = add(span.addr, span.range);
  const last = inside.at(-1);
  const next = tree.next(last ?? probeAt(end));
  const first = [prev, inside[0]].find((va) => va !== undefined && va !== tree.kernelNode);
  const outermost = [next, last].find((va) => va !== undefined && va !== tree.kernelNode);
  const from = first !== undefined && first.addr < span.addr ? first.addr : span.addr;
  const reach = outermost === undefined ? end : add(outermost.addr, outermost.range);
  if (reach > end) return spanOf(from, reach);
  return spanOf(from, end);
}

/** Sorts before every mapping at addr. */
function probeAt(addr: U64): Gpuva {
  const probe = makeGpuva(0, addr, 0);
  probe.tie = -1;
  return probe;
}

function spanOf(addr: U64, end: U64): Span {
  return { addr, range: sub(end, addr) };
}

function merged(spans: readonly Span[]): Span[] {
  const sorted = spans.toSorted((a, b) => (a.addr < b.addr ? -1 : a.addr > b.addr ? 1 : 0));
  const result: Span[] = [];
  for (const span of sorted) {
    const last = result.at(-1);
    const end = add(span.addr, span.range);
    if (last === undefined || add(last.addr, last.range) < span.addr) result.push(span);
    else if (add(last.addr, last.range) < end) result[result.length - 1] = spanOf(last.addr, end);
  }
  return result;
}

function touches(va: Span, window: Span): boolean {
  const behind = va.addr >= add(window.addr, window.range);
  return !behind && (va.range === 0 ? va.addr >= window.addr : add(va.addr, va.range) > window.addr);
}

/** The state before these changes. */
function rewound(now: ReadonlySet<Gpuva>, changes: readonly (Change | undefined)[]): Gpuva[] {
  const past = new Set(now);
  for (const change of changes.toReversed()) {
    if (change === undefined) continue;
    if (change.inserted) past.delete(change.va);
    else past.add(change.va);
  }
  return inOrder(past);
}

function inOrder(vas: Iterable<Gpuva>): Gpuva[] {
  return [...vas].sort((a, b) => (a.addr < b.addr ? -1 : a.addr > b.addr ? 1 : a.tie - b.tie));
}

function objsOf(job: Job): Set<Ptr> {
  const objs = new Set<Ptr>();
  const { detail } = job;
  for (const op of job.ops) objs.add(op.obj);
  for (const ask of job.asks) objs.add(ask.obj);
  for (const va of [...(detail?.atLock ?? []), ...(detail?.before ?? []), ...(detail?.after ?? [])]) objs.add(va.obj);
  objs.delete(0);
  return objs;
}
