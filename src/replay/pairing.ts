// Entries and returns of one task must nest, and be about the same thing: where they do not, the trace lacks events.
import type { Ptr } from '../base/u64.ts';
import type { VmEvent } from '../events/vm_event.ts';
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
const CALLED_IN = new Map<number, readonly number[]>([
  [OPS_CREATE, []],
  [EXEC_LOCK, [PREPARE_OBJ, LOCK_OBJ]],
  [LOCK_OBJ, []],
  [PREPARE_OBJ, [LOCK_OBJ]],
  [VA_INSERT, []],
]);

/** No flow nests deeper; more means that returns are not probed. */
const MAX_DEPTH = 32;
/** Entries without one return after which a call's return counts as not probed. */
const NOT_PROBED = 16;

/** The call that this event enters (+1 and up), returns from (-1 and down), or 0. */
function callOf(event: VmEvent): number {
  switch (event.kind) {
    case 'bind':
      return BIND + 1;
    case 'bind_ret':
      return -BIND - 1;
    case 'other_ioctl':
      return OTHER_IOCTL + 1;
    case 'other_ioctl_ret':
      return -OTHER_IOCTL - 1;
    case 'lock_pass':
      return LOCK_PASS + 1;
    case 'lock_pass_ret':
      return -LOCK_PASS - 1;
    case 'apply':
      return APPLY + 1;
    case 'apply_ret':
      return -APPLY - 1;
    case 'sm_request':
      return event.call !== 'map' && event.call !== 'unmap' ? 0 : event.list ? OPS_CREATE + 1 : SM + 1;
    case 'sm_ret':
      return -SM - 1;
    case 'ops_create_ret':
      return -OPS_CREATE - 1;
    case 'exec_lock':
      return EXEC_LOCK + 1;
    case 'exec_lock_ret':
      return -EXEC_LOCK - 1;
    case 'step':
      return event.by === 'driver' ? STEP + 1 : 0;
    case 'step_ret':
      return -STEP - 1;
    case 'lock_obj':
      return LOCK_OBJ + 1;
    case 'lock_obj_ret':
      return -LOCK_OBJ - 1;
    case 'prepare_obj':
      return PREPARE_OBJ + 1;
    case 'prepare_obj_ret':
      return -PREPARE_OBJ - 1;
    case 'prepare_objects':
      return PREPARE_OBJECTS + 1;
    case 'prepare_objects_ret':
      return -PREPARE_OBJECTS - 1;
    case 'va_insert':
      return event.ret === undefined ? VA_INSERT + 1 : 0;
    case 'va_insert_ret':
      return -VA_INSERT - 1;
    default:
      return 0;
  }
}

/** What the call is about, which its entry and its return both show; 0 where that is not so. */
function keyOf(event: VmEvent): Ptr {
  switch (event.kind) {
    case 'lock_pass':
    case 'lock_pass_ret':
    case 'apply':
    case 'apply_ret':
      return event.job;
    case 'sm_request':
    case 'sm_ret':
    case 'ops_create_ret':
      return event.gpuvm;
    case 'step':
    case 'step_ret':
      return event.op;
    case 'lock_obj':
    case 'lock_obj_ret':
    case 'prepare_obj':
    case 'prepare_obj_ret':
      return event.obj;
    case 'va_insert':
    case 'va_insert_ret':
      return event.va;
    default:
      return 0;
  }
}

/** Is the task within drm_gpuvm_sm_map() or drm_gpuvm_sm_unmap()? */
export function isWalking(task: Task): boolean {
  return task.calls.some((one) => one.call === SM);
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
  follow(task: Task, event: VmEvent): boolean {
    const call = callOf(event);
    if (call === 0) return true;
    return call > 0 ? this.#enter(task, call - 1, keyOf(event)) : this.#leave(task, -call - 1, keyOf(event));
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
    const open = task.calls.findIndex((one) => one.call === call);
    const whole = (open < 0 || this.#closeAbove(task, open - 1)) && this.#mayCall(task.calls.at(-1), call, key);
    task.calls.push({ call, key });
    if (task.calls.length > MAX_DEPTH) task.calls.shift();
    return whole;
  }

  /** Is this call one that the function around it makes? */
  #mayCall(around: OpenCall | undefined, call: number, key: Ptr): boolean {
    const called = around === undefined ? undefined : CALLED_IN.get(around.call);
    if (around === undefined || called === undefined || this.#returns[around.call] === 0) return true;
    if (!called.includes(call)) return false;
    // drm_exec_prepare_obj() locks the very object that it is given.
    return around.call !== PREPARE_OBJ || around.key === key || around.key === 0 || key === 0;
  }

  #leave(task: Task, call: number, key: Ptr): boolean {
    this.#returns[call] = (this.#returns[call] ?? 0) + 1;
    const calls = task.calls;
    const open = calls.findLastIndex((one) => one.call === call);
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
