// When the lines of a trace were, and in which task: of the latest ones, for whoever knows a place by its line only.
import type { Where } from '../../events/vm_event.ts';

/** Events remembered. */
const MANY = 1 << 16;

export interface LineTime {
  readonly time: string;
  readonly pid: number;
  readonly comm: string;
}

export class LineTimes {
  readonly #lines = new Float64Array(MANY);
  readonly #times: LineTime[] = [];
  #count = 0;

  note(where: Where): void {
    const at = this.#count++ % MANY;
    this.#lines[at] = where.line;
    this.#times[at] = { time: where.time(), pid: where.pid, comm: where.comm() };
  }

  /** Of the event at this line, or else of the last one before it; undefined where that is forgotten. */
  at(line: number): LineTime | undefined {
    let low = Math.max(0, this.#count - MANY);
    let high = this.#count - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lines[middle % MANY] ?? 0) <= line) low = middle;
      else high = middle - 1;
    }
    return (this.#lines[low % MANY] ?? 0) <= line ? this.#times[low % MANY] : undefined;
  }
}
