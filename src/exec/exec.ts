// One locking context: struct drm_exec of drm_exec.c, driven by the calls a trace recorded.

import type { Ptr } from '../base/u64.ts';

/*
 * DOC: the states, and what moves between them
 *
 *           init            cleanup=1               cleanup=0
 *     none -------> ready --------------> locking ------------> locked
 *                                          |   ^
 *                              lock = -35  |   | cleanup=1, drops all
 *                                          v   |
 *                                        contended
 *
 * fini unlocks all and leads back to none from every state; from contended it is a misuse.
 *
 * After a retry, the contended object is taken by the slow path inside the next lock call, whichever object that asks
 * for: it is held from then on, and in objects[], asked for or not. A lock is its resv: a second object with a held
 * resv is protected, but never gets into objects[].
 */

export const DRM_EXEC_INTERRUPTIBLE_WAIT = 1;
export const DRM_EXEC_IGNORE_DUPLICATES = 2;

const EINTR = -4;
const ENOMEM = -12;
const EDEADLK = -35;
const EALREADY = -114;
const ERESTARTSYS = -512;

/** Linear search of the held locks below, a Map from there on. */
const TO_MAP = 16;
/** Entries kept of an attempt once it is over, half from each end: its last one is what made it fail. */
const OLD_ENTRIES = 64;
/** Attempts kept for display; the oldest go first. */
const OLD_ATTEMPTS = 64;

export type ExecState = 'none' | 'ready' | 'locking' | 'contended' | 'locked';

/** How a lock call, or another call, ended for an object. */
export type Via = 'lock' | 'slow' | 'prelocked' | 'duplicate' | 'contended' | 'interrupted' | 'failed' | 'unlock';

export interface ExecEntry {
  readonly obj: Ptr;
  readonly resv: Ptr;
  /** The caller's tag of the call, normally the trace line. */
  readonly line: number;
  readonly via: Via;
}

export interface HeldObject extends ExecEntry {
  readonly via: 'lock' | 'slow';
}

/** One pass of the drm_exec_until_all_locked() loop, for display. */
export interface Attempt {
  readonly line: number;
  readonly entries: readonly ExecEntry[];
  /** Entries left out of the middle. */
  readonly omitted: number;
  /** Locks given up for the next attempt. */
  readonly dropped: number;
}

/** What a correct driver never does. */
export type Misuse =
  /** A resv already held is locked again, without DRM_EXEC_IGNORE_DUPLICATES. */
  | 'ealready'
  /** -EDEADLK, and then another lock or fini without dropping everything first. */
  | 'edeadlk-not-retried'
  | 'double-init'
  | 'unlock-not-held'
  /** A lock after the loop ended: ww_acquire_done() said that there would be none. */
  | 'lock-after-done'
  /** A call on a context that was not initialised. */
  | 'not-initialised'
  /** The recorded result cannot come from this state, so calls are missing from the trace (not the driver's fault). */
  | 'out-of-step';

/** The outcome of a lock call. */
export interface LockResult {
  readonly via: Exclude<Via, 'slow' | 'unlock'>;
  /** The contended object of the attempt before, where this call took it first. */
  readonly slow: HeldObject | undefined;
  readonly misuse: Misuse | undefined;
}

export interface ExecOptions {
  /**
   * A slow-path object that nothing asked for: `kept` locked with the others (6.18), or `dropped` when the loop ends
   * (seen in distribution kernels of the 6.12 line).
   */
  readonly prelocked?: 'kept' | 'dropped';
}

/** Shared results of the two outcomes that make up nearly all lock calls. */
const LOCKED: LockResult = { via: 'lock', slow: undefined, misuse: undefined };
const DUPLICATE: LockResult = { via: 'duplicate', slow: undefined, misuse: undefined };

const MISUSED_LOCK: Readonly<Record<ExecState, Misuse | undefined>> = {
  none: 'not-initialised',
  // The kernel would follow a dummy pointer.
  ready: 'out-of-step',
  locking: undefined,
  contended: 'edeadlk-not-retried',
  locked: 'lock-after-done',
};

export class Exec {
  readonly id: Ptr;
  readonly #dropPrelocked: boolean;
  #flags = 0;
  #state: ExecState = 'none';
  #objects: HeldObject[] = [];
  #byResv: Map<Ptr, HeldObject> | undefined;
  #contended: ExecEntry | undefined;
  #prelocked: HeldObject | undefined;
  #attempts = 0;
  #old: Attempt[] = [];
  #entries: ExecEntry[] = [];
  #line = 0;

  constructor(id: Ptr, options: ExecOptions = {}) {
    this.id = id;
    this.#dropPrelocked = options.prelocked === 'dropped';
  }

  get state(): ExecState {
    return this.#state;
  }

  get flags(): number {
    return this.#flags;
  }

  /** What is locked, in order, one entry per resv. Belongs to this attempt: a retry starts another array. */
  get objects(): readonly HeldObject[] {
    return this.#objects;
  }

  /** Loop passes so far: cleanup calls that returned true. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The object that the last -EDEADLK was about, until the next attempt takes it. */
  get contended(): ExecEntry | undefined {
    return this.#contended;
  }

  /** The slow-path object that no lock call of this attempt has asked for (yet). */
  get prelocked(): HeldObject | undefined {
    return this.#prelocked;
  }

  /** What happened in the attempts since init, the current one last; remains after fini. The oldest may be missing. */
  get history(): readonly Attempt[] {
    const current: Attempt = { line: this.#line, entries: this.#entries, omitted: 0, dropped: 0 };
    return this.#attempts === 0 && current.entries.length === 0 ? [] : [...this.#old, current];
  }

  /** What is kept of this attempt, in entries; the earlier ones are few. */
  get size(): number {
    return this.#objects.length + this.#entries.length;
  }

  holdsResv(resv: Ptr): boolean {
    return this.heldBy(resv) !== undefined;
  }

  /** The object through which this resv is held. */
  heldBy(resv: Ptr): HeldObject | undefined {
    if (this.#byResv !== undefined) return this.#byResv.get(resv);
    for (const held of this.#objects) if (held.resv === resv) return held;
    return undefined;
  }

  /** drm_exec_init() */
  init(flags: number): Misuse | undefined {
    const misuse = this.#state === 'none' ? undefined : 'double-init';
    this.#flags = flags;
    this.#state = 'ready';
    this.#forgetHeld();
    this.#contended = undefined;
    this.#attempts = 0;
    this.#old = [];
    this.#entries = [];
    this.#line = 0;
    return misuse;
  }

  /** drm_exec_cleanup(), called before each loop pass; `again` is what it returned. */
  cleanup(again: boolean, line = 0): Misuse | undefined {
    if (this.#state === 'none') return 'not-initialised';
    if (!again) return this.#finishLoop();
    const misuse = this.#state === 'ready' || this.#state === 'contended' ? undefined : 'out-of-step';
    if (this.#attempts > 0) this.#closeAttempt();
    this.#forgetHeld();
    this.#attempts++;
    this.#line = line;
    this.#state = 'locking';
    return misuse;
  }

  #finishLoop(): Misuse | undefined {
    const misuse = this.#state === 'locking' ? undefined : 'out-of-step';
    this.#contended = undefined;
    if (this.#dropPrelocked && this.#prelocked !== undefined) this.#release(this.#prelocked);
    this.#state = 'locked';
    return misuse;
  }

  #closeAttempt(): void {
    const entries = this.#entries;
    const omitted = Math.max(0, entries.length - OLD_ENTRIES);
    if (omitted > 0) entries.splice(OLD_ENTRIES / 2, omitted);
    this.#old.push({ line: this.#line, entries, omitted, dropped: this.#objects.length });
    if (this.#old.length > OLD_ATTEMPTS) this.#old.shift();
    this.#entries = [];
  }

  /** drm_exec_lock_obj(); `ret` is what it returned. The effect is as recorded, even where that is a misuse. */
  lock(obj: Ptr, resv: Ptr, ret: number, line = 0): LockResult {
    const misuse = MISUSED_LOCK[this.#state];
    const pending = this.#contended;
    if (pending === undefined) return this.#lockObj(obj, resv, ret, line, undefined, misuse);
    this.#contended = undefined;
    if (this.#state === 'contended') this.#state = 'locking';
    // From an interruptible wait, or for want of memory: the kernel forgets the contended object.
    if (ret === EINTR || ret === ERESTARTSYS || ret === ENOMEM) {
      this.#log(pending.obj, pending.resv, line, 'interrupted');
      return { via: 'interrupted', slow: undefined, misuse };
    }
    const slow = this.#hold(pending.obj, pending.resv, line, 'slow');
    this.#prelocked = slow;
    return this.#lockObj(obj, resv, ret, line, slow, misuse);
  }

  #lockObj(
    obj: Ptr,
    resv: Ptr,
    ret: number,
    line: number,
    slow: HeldObject | undefined,
    misuse: Misuse | undefined,
  ): LockResult {
    if (this.#prelocked !== undefined && this.#prelocked.obj === obj) {
      this.#prelocked = undefined;
      this.#log(obj, resv, line, 'prelocked');
      return { via: 'prelocked', slow, misuse: misuse ?? (ret === 0 ? undefined : 'out-of-step') };
    }
    if (ret !== 0) return this.#refuse(obj, resv, ret, line, slow, misuse);
    if (this.heldBy(resv) !== undefined) {
      this.#log(obj, resv, line, 'duplicate');
      const wrong = misuse ?? (this.#ignoresDuplicates ? undefined : 'out-of-step');
      return slow === undefined && wrong === undefined ? DUPLICATE : { via: 'duplicate', slow, misuse: wrong };
    }
    this.#hold(obj, resv, line, 'lock');
    return slow === undefined && misuse === undefined ? LOCKED : { via: 'lock', slow, misuse };
  }

  #refuse(
    obj: Ptr,
    resv: Ptr,
    ret: number,
    line: number,
    slow: HeldObject | undefined,
    misuse: Misuse | undefined,
  ): LockResult {
    if (ret === EDEADLK) {
      this.#contended = this.#log(obj, resv, line, 'contended');
      if (this.#state !== 'none') this.#state = 'contended';
      return { via: 'contended', slow, misuse };
    }
    this.#log(obj, resv, line, 'failed');
    if (ret !== EALREADY) return { via: 'failed', slow, misuse };
    return { via: 'failed', slow, misuse: misuse ?? (this.#ignoresDuplicates ? 'out-of-step' : 'ealready') };
  }

  get #ignoresDuplicates(): boolean {
    return (this.#flags & DRM_EXEC_IGNORE_DUPLICATES) !== 0;
  }

  /**
   * drm_exec_unlock_obj(): searches for the object, not for its resv, and does nothing where it is not in objects[].
   * The kernel's marker of a prelocked object stays, so a later lock call for that one locks nothing.
   */
  unlock(obj: Ptr, line = 0): Misuse | undefined {
    const held = this.#objects.findLast((one) => one.obj === obj);
    if (held === undefined) return 'unlock-not-held';
    this.#release(held);
    this.#log(obj, held.resv, line, 'unlock');
    return undefined;
  }

  /** drm_exec_fini(): unlocks everything. objects is empty afterwards, history stays. */
  fini(): Misuse | undefined {
    const state = this.#state;
    this.#state = 'none';
    this.#contended = undefined;
    this.#forgetHeld();
    return state === 'none' ? 'not-initialised' : state === 'contended' ? 'edeadlk-not-retried' : undefined;
  }

  #hold(obj: Ptr, resv: Ptr, line: number, via: 'lock' | 'slow'): HeldObject {
    const held: HeldObject = { obj, resv, line, via };
    this.#objects.push(held);
    this.#entries.push(held);
    if (this.#byResv !== undefined) this.#byResv.set(resv, held);
    else if (this.#objects.length === TO_MAP) this.#byResv = new Map(this.#objects.map((one) => [one.resv, one]));
    return held;
  }

  #release(held: HeldObject): void {
    const index = this.#objects.lastIndexOf(held);
    if (index < 0) return;
    this.#objects.splice(index, 1);
    this.#byResv?.delete(held.resv);
  }

  #forgetHeld(): void {
    if (this.#objects.length > 0) this.#objects = [];
    this.#byResv = undefined;
    this.#prelocked = undefined;
  }

  #log(obj: Ptr, resv: Ptr, line: number, via: Via): ExecEntry {
    const entry: ExecEntry = { obj, resv, line, via };
    this.#entries.push(entry);
    return entry;
  }
}
