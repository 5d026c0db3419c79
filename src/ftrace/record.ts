// One line of a trace, taken apart: a single object that is filled again for every line.
import { latin1 } from './bytes.ts';
import { viewOf } from './known_text.ts';

/** What is longer is no time, and no name of a task: TASK_COMM_LEN is 16, names of threads in other formats are longer. */
const MAX_TIME = 64;
export const MAX_COMM = 256;

export class FtraceRecord {
  buf: Uint8Array = new Uint8Array(0);
  /** Of `buf`. */
  view = viewOf(this.buf);
  line = 0;
  /** -1: not shown. */
  pid = -1;
  cpu = -1;
  commStart = 0;
  commEnd = 0;
  timeStart = 0;
  timeEnd = 0;
  /** Where the event's own text begins: its name in a text layout. */
  rest = 0;
  /** In function_graph output: a function line, not an event. */
  graphText = false;
  end = 0;

  setBuffer(buf: Uint8Array): void {
    this.buf = buf;
    this.view = viewOf(buf);
  }

  time(): string {
    return latin1(this.buf, this.timeStart, Math.min(this.timeEnd, this.timeStart + MAX_TIME));
  }

  comm(): string {
    return latin1(this.buf, this.commStart, this.commEnd).trimStart().slice(0, MAX_COMM);
  }
}
