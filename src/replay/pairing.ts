// Entries and returns of one task must nest, and be about the same thing: where they do not, the trace lacks events.
import type { Ptr } from '../base/u64.ts';
import type { SmRequest, VmEvent, VmEventKind } from '../events/vm_event.ts';
import type { OpenCall, Task } from './task.ts';

const BIND = 0;
const OTHER_IOCTL = 1;
const LOCK_PASS = 2;
const APPLY = 3;
const SM = 4;
const OPS_CREATE = 5;
const EXEC_LOCK = 6;
const STEP = 7;
const LOCK_OBJ = 8;
const PREPARE_OBJ = 9;
const PREPARE_OBJECTS = 10;
const VA_INSERT = 11;
const CALLS = 12;

/** What these functions of the core call themselves; anything else in them means that their return was lost. */
const CALLED_IN: readonly (readonly number[] | undefined)[] = Array.from({ length: CALLS }, (_, call) => {
  if (call === OPS_CREATE || call === LOCK_OBJ || call === VA_INSERT) return [];
  // Where the helpers were brought to an older kernel, they may go through ops lists.
  if (call === EXEC_LOCK) return [PREPARE_OBJ, LOCK_OBJ, OPS_CREATE];
  return call === PREPARE_OBJ ? [LOCK_OBJ] : undefined;
});

/** No flow nests deeper; more means that returns are not probed. */
const MAX_DEPTH = 32;
/** Entries without one return after which a call's return counts as not probed. */
const NOT_PROBED = 16;

/** An event that enters (call + 1) or leaves (-call - 1) a call; `key`: what it is about, shown at both ends; 0 where not. */
interface End<E extends VmEvent> {
  readonly end: number;
  readonly key: (event: E) => Ptr;
  /** Only such events count. */
  readonly only?: (event: E) => boolean;
}

type Ends = { readonly [K in VmEventKind]?: End<Extract<VmEvent, { kind: K }>> };

const none = () => 0;

const ENDS: Ends = {
  bind: { end: BIND + 1, key: none },
  bind_ret: { end: -BIND - 1, key: none },
  other_ioctl: { end: OTHER_IOCTL + 1, key: none },
  other_ioctl_ret: { end: -OTHER_IOCTL - 1, key: none },
  lock_pass: { end: LOCK_PASS + 1, key: (event) => event.job },
  lock_pass_ret: { end: -LOCK_PASS - 1, key: (event) => event.job },
  apply: { end: APPLY + 1, key: (event) => event.job },
  apply_ret: { end: -APPLY - 1, key: (event) => event.job },
  sm_request: { end: SM + 1, key: (event) => event.gpuvm, only: (event) => !event.list && isWalk(event) },
  sm_ret: { end: -SM - 1, key: (event) => event.gpuvm },
  ops_create_ret: { end: -OPS_CREATE - 1, key: (event) => event.gpuvm },
  exec_lock: { end: EXEC_LOCK + 1, key: none },
  exec_lock_ret: { end: -EXEC_LOCK - 1, key: none },
  step: { end: STEP + 1, key: (event) => event.op },
  step_ret: { end: -STEP - 1, key: (event) => event.op },
  lock_obj: { end: LOCK_OBJ + 1, key: (event) => event.obj },
  lock_obj_ret: { end: -LOCK_OBJ - 1, key: (event) => event.obj },
  prepare_obj: { end: PREPARE_OBJ + 1, key: (event) => event.obj },
  prepare_obj_ret: { end: -PREPARE_OBJ - 1, key: (event) => event.obj },
  prepare_objects: { end: PREPARE_OBJECTS + 1, key: none },
  prepare_objects_ret: { end: -PREPARE_OBJECTS - 1, key: none },
  va_insert: { end: VA_INSERT + 1, key: (event) => event.va, only: (event) => event.ret === undefined },
  va_insert_ret: { end: -VA_INSERT - 1, key: (event) => event.va },
};

/** The same for an ops list: one kind of event stands for both. */
const LIST_END: End<SmRequest> = { end: OPS_CREATE + 1, key: (event) => event.gpuvm, only: isWalk };

/** prefetch, bo_unmap and madvise lists have no probed return. */
function isWalk(event: SmRequest): boolean {
  return event.call === 'map' || event.call === 'unmap';
}

export function isPaired(kind: VmEventKind): boolean {
  return kind in ENDS;
}

/** How events of one kind pair, looked up once for each kind. */
export type PairEnd = End<VmEvent> | undefined;

export function pairEndOf(kind: VmEventKind): PairEnd {
  return ENDS[kind] as PairEnd;
}

/** Is the task within drm_gpuvm_sm_map() or drm_gpuvm_sm_unmap()? */
export function isWalking(task: Task): boolean {
  return task.calls.some((one) => one.call === SM);
}

/** Where the innermost such call stands in the task's calls, or -1. */
function lastOpen({ calls }: Task, call: number): number {
  for (let i = calls.length - 1; i >= 0; i--) if (calls[i]?.call === call) return i;
  return -1;
}

export class Pairing {
  readonly #entries = new Array<number>(CALLS).fill(0);
  readonly #returns = new Array<number>(CALLS).fill(0);
  /** Entries and returns left alone while it was not known that the other end is probed too. */
  readonly #loneEntries = new Array<number>(CALLS).fill(0);
  readonly #loneReturns = new Array<number>(CALLS).fill(0);
  /** A return showed the same key as its entry: the probes of this call can be compared. */
  readonly #keysAgree = new Array<boolean>(CALLS).fill(false);

  /** Follows the event; false where it proves that events of this task are missing. */
  follow(task: Task, event: VmEvent, end: PairEnd): boolean {
    if (end === undefined) return true;
    if (end.only !== undefined && !end.only(event)) {
      return event.kind !== 'sm_request' || !event.list || this.#followList(task, event);
    }
    const call = end.end;
    return call > 0 ? this.#enter(task, call - 1, end.key(event)) : this.#leave(task, -call - 1, end.key(event));
  }

  #followList(task: Task, event: SmRequest): boolean {
    return LIST_END.only?.(event) !== true || this.#enter(task, LIST_END.end - 1, LIST_END.key(event));
  }

  /** Did the whole trace show an end that lacked its other end, of a call whose two ends are probed? */
  get lonely(): boolean {
    for (let call = 0; call < CALLS; call++) {
      const both = (this.#entries[call] ?? 0) > 0 && (this.#returns[call] ?? 0) > 0;
      if (both && ((this.#loneEntries[call] ?? 0) > 0 || (this.#loneReturns[call] ?? 0) > 0)) return true;
    }
    return false;
  }

  #enter(task: Task, call: number, key: Ptr): boolean {
    const entries = (this.#entries[call] ?? 0) + 1;
    this.#entries[call] = entries;
    task.entered |= 1 << call;
    if (entries > NOT_PROBED && this.#returns[call] === 0) return true;
    // A function does not call itself here: the one still open has returned unseen.
    const open = lastOpen(task, call);
    const whole = (open < 0 || this.#closeAbove(task, open - 1)) && this.#mayCall(task.calls.at(-1), call, key);
    task.calls.push({ call, key });
    if (task.calls.length > MAX_DEPTH) task.calls.shift();
    return whole;
  }

  /** Is this call one that the function around it makes? */
  #mayCall(around: OpenCall | undefined, call: number, key: Ptr): boolean {
    const called = around === undefined ? undefined : CALLED_IN[around.call];
    if (around === undefined || called === undefined || this.#returns[around.call] === 0) return true;
    if (!called.includes(call)) return false;
    // drm_exec_prepare_obj() locks the very object that it is given.
    return around.call !== PREPARE_OBJ || around.key === key || around.key === 0 || key === 0;
  }

  #leave(task: Task, call: number, key: Ptr): boolean {
    this.#returns[call] = (this.#returns[call] ?? 0) + 1;
    const calls = task.calls;
    const open = lastOpen(task, call);
    if (open >= 0) {
      const whole = open === calls.length - 1 || this.#closeAbove(task, open);
      return this.#sameKey(calls.pop(), key) && whole;
    }
    // A call that the task was in when the trace began: nothing is around what was seen, and none like it was entered.
    if (calls.length === 0 && (task.entered & (1 << call)) === 0) {
      task.entered |= 1 << call;
      return true;
    }
    if (this.#entries[call] === 0) {
      this.#loneReturns[call] = (this.#loneReturns[call] ?? 0) + 1;
      return true;
    }
    return false;
  }

  #sameKey(entered: OpenCall | undefined, key: Ptr): boolean {
    if (entered === undefined || entered.key === 0 || key === 0) return true;
    if (entered.key === key) this.#keysAgree[entered.call] = true;
    return entered.key === key || !this.#keysAgree[entered.call];
  }

  /** Gives up the calls inside of the one at `depth`; false where their returns are known to be probed. */
  #closeAbove(task: Task, depth: number): boolean {
    let whole = true;
    while (task.calls.length > depth + 1) {
      const call = task.calls.pop()?.call ?? 0;
      if (this.#returns[call] === 0) this.#loneEntries[call] = (this.#loneEntries[call] ?? 0) + 1;
      else whole = false;
    }
    return whole;
  }
}
