// Who waited for which dma_resv, for how long, and who had it: from the kernel's contention_begin and contention_end.

import type { Ptr } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import type { Context, Handlers } from './context.ts';
import type { ExecContext, LockWait, Rival } from './task.ts';

/** Waits kept of one locking context. */
const MAX_WAITS = 64;

export const resvWaitHandlers: Handlers = {
  lock_wait(event, context) {
    const { task, world, where } = context;
    const open = task.innermost;
    if (open === undefined || !world.isResv(event.lock)) return;
    // First it spins, then it sleeps, perhaps more than once: one wait.
    if (task.waiting?.resv === event.lock) return;
    const holder = holderOf(context, event.lock, open);
    task.waiting = { resv: event.lock, line: where.line, since: where.time(), holder };
  },

  lock_wait_end(event, context) {
    const { task, where } = context;
    const { waiting } = task;
    if (waiting === undefined || waiting.resv !== event.lock) return;
    task.waiting = undefined;
    const { resv, line, since, holder } = waiting;
    const wait: LockWait = { resv, line, endLine: where.line, took: secondsBetween(since, where.time()), holder };
    const waits = task.innermost?.waits;
    if (waits !== undefined && waits.length < MAX_WAITS) waits.push(wait);
  },
};

/** Who else holds this resv. */
export function holderOf({ world, task }: Context, resv: Ptr, self: ExecContext): Rival | undefined {
  for (const other of world.contexts.values()) {
    if (other !== self && other.exec.holdsResv(resv)) return { pid: other.pid, line: other.line };
  }
  for (const other of world.tasks.values()) {
    const line = other === task ? undefined : other.resvLocks.get(resv)?.line;
    if (line !== undefined) return { pid: other.pid, line };
  }
  return undefined;
}

export function holderText(holder: Rival | undefined, lines: LineNames): string {
  return holder === undefined
    ? 'its holder is not in the trace'
    : `held by task ${holder.pid} since ${lines.name(holder.line)}`;
}

/** The last wait for this resv before `line`; undefined where none was seen since `from`. */
export function lastWait(waits: readonly LockWait[], resv: Ptr, from: number, line: number): LockWait | undefined {
  return waits.findLast((one) => one.resv === resv && one.line >= from && one.endLine <= line);
}

/** '' for none. */
export function waitText(wait: LockWait | undefined, lines: LineNames): string {
  if (wait === undefined) return '';
  const took = wait.took === undefined ? '' : `${wait.took} s `;
  return `waited ${took}from ${lines.name(wait.line)} on, ${holderText(wait.holder, lines)}`;
}

/** Undefined where the clock does not count seconds. */
export function secondsBetween(since: string, until: string): string | undefined {
  if (!since.includes('.') || !until.includes('.')) return undefined;
  return (Number(until) - Number(since)).toFixed(6);
}
