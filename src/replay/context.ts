// What every handler of the replay gets, and the type of a table of handlers.
import type { VmEvent, VmEventKind, Where } from '../events/vm_event.ts';
import type { Task } from './task.ts';
import type { World } from './world.ts';

/** Where the event stands, the task it happened in, and all that is known. */
export interface Context {
  readonly world: World;
  readonly task: Task;
  readonly where: Where;
}

export type Handlers = {
  [K in VmEventKind]?: (event: Extract<VmEvent, { kind: K }>, context: Context) => void;
};
