// When the lines of a trace happened, and in which task: kept of the last events, since jobs name lines only.
import { LineRing } from '../base/line_ring.ts';
import type { Where } from '../events/vm_event.ts';

/** Events; the lines of a job that goes on for longer lose their times. */
const KEPT = 1 << 18;

/** Tasks whose names are kept. */
const MAX_NAMES = 100_000;

/** Nanoseconds of a time stamp in seconds; undefined where the clock counts something else. */
export function nanoseconds(time: string): bigint | undefined {
  const [, seconds, fraction = ''] = /^(\d{1,10})\.(\d{1,9})$/.exec(time) ?? [];
  return seconds === undefined ? undefined : BigInt(seconds + fraction.padEnd(9, '0'));
}

/** What a clock counts that is not seconds, as it is; undefined: no number at all. */
export function ticks(time: string): bigint | undefined {
  return nanoseconds(time) ?? (/^\d{1,18}$/.test(time) ? BigInt(time) : undefined);
}

export class LineTimes {
  readonly #of: (time: string) => bigint | undefined;
  readonly #lines = new LineRing(KEPT);
  readonly #times = new BigInt64Array(KEPT);
  readonly #pids = new Int32Array(KEPT);
  readonly #names = new Map<number, string>();
  /** The latest of all. */
  last = 0n;

  constructor(of: (time: string) => bigint | undefined) {
    this.#of = of;
  }

  /** Lines only go up. Always true: the analysis is to go on. */
  note(where: Where): true {
    if (!this.#names.has(where.pid) && this.#names.size < MAX_NAMES)
      this.#names.set(where.pid, `${where.comm()}-${where.pid}`);
    const time = this.#of(where.time());
    if (time === undefined) return true;
    if (time > this.last) this.last = time;
    const at = this.#lines.push(where.line);
    this.#times[at] = time;
    this.#pids[at] = where.pid;
    return true;
  }

  /** As the trace first called the task. */
  nameOf(pid: number): string {
    return this.#names.get(pid) ?? `task ${pid}`;
  }

  timeAt(line: number): bigint | undefined {
    const at = this.#lines.find(line);
    return at < 0 ? undefined : this.#times[at];
  }

  /** The task that wrote this line. */
  pidAt(line: number): number | undefined {
    const at = this.#lines.find(line);
    return at < 0 ? undefined : this.#pids[at];
  }

  /** undefined where one of them is not known. */
  between(from: number, to: number): bigint | undefined {
    const since = this.timeAt(from);
    const until = this.timeAt(to);
    return since === undefined || until === undefined ? undefined : until - since;
  }
}
