// When the lines of a trace were, and in which task: of the latest ones, for whoever knows a place by its line only.
import { LineRing } from '../../base/line_ring.ts';
import type { Where } from '../../events/vm_event.ts';

/** Events remembered. */
const MANY = 1 << 16;

export interface LineTime {
  readonly time: string;
  readonly pid: number;
  readonly comm: string;
}

export class LineTimes {
  readonly #lines = new LineRing(MANY);
  readonly #times: LineTime[] = [];

  note(where: Where): void {
    this.#times[this.#lines.push(where.line)] = { time: where.time(), pid: where.pid, comm: where.comm() };
  }

  /** Of the event at this line, or else of the last one before it; undefined where that is forgotten. */
  at(line: number): LineTime | undefined {
    return this.#times[this.#lines.floor(line)];
  }
}
