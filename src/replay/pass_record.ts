// What another lock pass would meet in the place of a job's own: kept where it is asked for, one record a job.
import type { Ptr } from '../base/u64.ts';
import type { Context } from './context.ts';
import type { Job, ListedStep } from './job.ts';
import type { ExecContext, Rival } from './task.ts';

/** Locks of others remembered of one context; beyond it nothing can be said about contention. */
const MAX_RIVALS = 65_536;

/** A step on an object, or the links of one that was listed: what had to be locked, and when. */
export interface LockNeed {
  readonly line: number;
  readonly obj: Ptr;
  /** 0 while unknown. */
  readonly resv: Ptr;
  /**
   * What could protect it: the locks of the pass, whatever they are; a lock that the task took otherwise; nothing, since
   * the locks of the pass had been dropped.
   */
  readonly under: 'pass' | 'own lock' | 'nothing';
}

export class PassRecord {
  readonly needs: LockNeed[] = [];
  /** The dma_resvs that the job's own locking contexts held at their ends. */
  readonly held = new Set<Ptr>();
  /** What other tasks held or took while the job's locking contexts were open; undefined where that was too much. */
  rivals: Map<Ptr, Rival> | undefined = new Map();
  /** When the last attempt of each of its locking contexts began, and when that context was finished: as the trace spells it. */
  readonly holds: { readonly since: string; readonly until: string }[] = [];
  /** The locks of the pass had been dropped when a step was carried out. */
  dropped = false;
  /** Steps of ops lists that have their entry in `needs`: they are linked and unlinked several times. */
  readonly listed = new Set<ListedStep>();
  /** Of objects that may be gone by now. */
  readonly #resvs = new Map<Ptr, Ptr>();
  readonly #resvNow: (obj: Ptr) => Ptr;

  constructor(resvNow: (obj: Ptr) => Ptr) {
    this.#resvNow = resvNow;
  }

  learnResv(obj: Ptr, resv: Ptr): void {
    if (resv !== 0) this.#resvs.set(obj, resv);
  }

  /** The dma_resv of an object that the job met; 0 where it is not known. */
  resvOf(obj: Ptr): Ptr {
    return this.#resvs.get(obj) ?? this.#resvNow(obj);
  }
}

/** A step of the job is carried out, or a mapping of a listed one linked or unlinked. */
export function keepNeed({ task, world, where }: Context, job: Job, obj: Ptr, listed?: ListedStep): void {
  const record = job.detail?.pass;
  if (record === undefined) return;
  if (listed !== undefined) {
    if (record.listed.has(listed)) return;
    record.listed.add(listed);
  }
  const dropped = job.locksDropped && !task.contexts.some((context) => context.job === job);
  if (dropped) record.dropped = true;
  if (obj === 0) return;
  const resv = world.resvOf(obj);
  record.learnResv(obj, resv);
  const under = task.resvLocks.get(resv)?.plain === true ? 'own lock' : dropped ? 'nothing' : 'pass';
  record.needs.push({ line: where.line, obj, resv, under });
}

/** The job's locking context ends. */
export function keepHeld(open: ExecContext, job: Job): void {
  const record = job.detail?.pass;
  if (record === undefined) return;
  for (const held of open.exec.objects) {
    record.learnResv(held.obj, held.resv);
    if (held !== open.exec.prelocked || open.keepsPrelocked) record.held.add(held.resv);
  }
  if (open.rivals === undefined || open.rivals.size >= MAX_RIVALS) record.rivals = undefined;
  for (const [resv, rival] of open.rivals ?? []) record.rivals?.set(resv, rival);
}

/** An attempt begins: nothing that it will hold is held before. */
export function markAttempt({ world, where }: Context, open: ExecContext): void {
  if (world.passes) open.since = where.time();
}

/** drm_exec_fini(): until now the locks were held. */
export function keepHold({ where }: Context, { since }: ExecContext, job: Job): void {
  if (since !== undefined) job.detail?.pass?.holds.push({ since, until: where.time() });
}

/** A locking context opens: what others hold at this moment is in its way. */
export function meetHolders({ world, task }: Context, open: ExecContext): void {
  if (!world.passes) return;
  const rivals = new Map<Ptr, Rival>();
  open.rivals = rivals;
  for (const other of world.contexts.values())
    if (other.task !== task)
      for (const { resv, line } of other.exec.objects) rivals.set(resv, { pid: other.pid, line });
  for (const other of world.tasks.values())
    if (other !== task)
      for (const [resv, { line, plain }] of other.resvLocks) if (plain) rivals.set(resv, { pid: other.pid, line });
}

/** A lock was taken: it is in the way of the contexts that are open in other tasks. */
export function meetLock({ world, task, where }: Context, resv: Ptr): void {
  if (!world.passes) return;
  for (const { rivals, task: other } of world.contexts.values()) {
    if (other === task || rivals === undefined || rivals.has(resv) || rivals.size >= MAX_RIVALS) continue;
    rivals.set(resv, { pid: task.pid, line: where.line });
  }
}

/**
 * When the locks of the job are to be taken: where its pass ended, but before it changed anything. Drivers that carry
 * out ops lists change the tree first; the helpers only fit in front of that.
 */
export function passVersion({ lockVersion, detail }: Job): number {
  const applied = detail?.applyVersion ?? -1;
  if (lockVersion < 0 || applied < 0) return Math.max(lockVersion, applied);
  return Math.min(lockVersion, applied);
}
