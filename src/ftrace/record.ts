// One line of a trace, taken apart: a single object that is filled again for every line.
import { latin1 } from './bytes.ts';
import { viewOf } from './known_text.ts';
import { TaskPrefixes } from './task_prefix.ts';

export class FtraceRecord {
  buf: Uint8Array = new Uint8Array(0);
  /** Of `buf`. */
  view = viewOf(this.buf);
  readonly prefixes = new TaskPrefixes();
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
    return latin1(this.buf, this.timeStart, this.timeEnd);
  }

  comm(): string {
    return latin1(this.buf, this.commStart, this.commEnd).trimStart();
  }
}
