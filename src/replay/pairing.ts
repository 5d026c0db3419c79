// Entries and returns of one task must nest: where they do not, the trace lacks events.
import type { VmEvent } from '../events/vm_event.ts';
import type { Task } from './task.ts';

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
const CALLS = 11;

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
    default:
      return 0;
  }
}

export class Pairing {
  readonly #entries = new Array<number>(CALLS).fill(0);
  readonly #returns = new Array<number>(CALLS).fill(0);
  /** Entries and returns left alone while it was not known that the other end is probed too. */
  readonly #loneEntries = new Array<number>(CALLS).fill(0);
  readonly #loneReturns = new Array<number>(CALLS).fill(0);

  /** Follows the event; false where it proves that events of this task are missing. */
  follow(task: Task, event: VmEvent): boolean {
    const call = callOf(event);
    if (call === 0) return true;
    return call > 0 ? this.#enter(task, call - 1) : this.#leave(task, -call - 1);
  }

  /** Did the whole trace show an end that lacked its other end, of a call whose two ends are probed? */
  get lonely(): boolean {
    for (let call = 0; call < CALLS; call++) {
      const both = (this.#entries[call] ?? 0) > 0 && (this.#returns[call] ?? 0) > 0;
      if (both && ((this.#loneEntries[call] ?? 0) > 0 || (this.#loneReturns[call] ?? 0) > 0)) return true;
    }
    return false;
  }

  #enter(task: Task, call: number): boolean {
    const entries = (this.#entries[call] ?? 0) + 1;
    this.#entries[call] = entries;
    task.fresh = false;
    if (entries > NOT_PROBED && this.#returns[call] === 0) return true;
    // A function does not call itself here: the one still open has returned unseen.
    const open = task.calls.indexOf(call);
    if (open >= 0 && !this.#closeAbove(task, open - 1)) {
      task.calls.push(call);
      return false;
    }
    task.calls.push(call);
    if (task.calls.length > MAX_DEPTH) task.calls.shift();
    return true;
  }

  #leave(task: Task, call: number): boolean {
    this.#returns[call] = (this.#returns[call] ?? 0) + 1;
    const calls = task.calls;
    if (calls.at(-1) === call) {
      calls.pop();
      return true;
    }
    const open = calls.lastIndexOf(call);
    if (open >= 0) {
      const whole = this.#closeAbove(task, open);
      calls.pop();
      return whole;
    }
    if (task.fresh) return true;
    if (this.#entries[call] === 0) {
      this.#loneReturns[call] = (this.#loneReturns[call] ?? 0) + 1;
      return true;
    }
    return false;
  }

  /** Gives up the calls inside of the one at `depth`; false where their returns are known to be probed. */
  #closeAbove(task: Task, depth: number): boolean {
    let whole = true;
    while (task.calls.length > depth + 1) {
      const call = task.calls.pop() ?? 0;
      if (this.#returns[call] === 0) this.#loneEntries[call] = (this.#loneEntries[call] ?? 0) + 1;
      else whole = false;
    }
    return whole;
  }
}
