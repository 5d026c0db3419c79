// The begin of a line up to the point in its time, `            task-123     [000] ...1.   530.`: the same on the lines
// of a task on a CPU within a second, so that it is taken apart once and then recognised as a whole.
import { DOT } from './bytes.ts';
import { KnownText } from './known_text.ts';
import type { FtraceRecord } from './record.ts';

/**
 * A power of two, and more than the tasks that take turns at a time. Two that share a place have its neighbour too; of more
 * than that each costs its parsing.
 */
const PLACES = 256;
/** Columns of the last digits of the pid, of the CPU and of the flags in the kernel's default layout. */
const PID_COLUMN = 17;
const CPU_COLUMN = 26;
const FLAGS_COLUMN = 32;
const MIN_LENGTH = FLAGS_COLUMN + 4;

export class TaskPrefix {
  readonly text: KnownText;
  readonly pid: number;
  readonly cpu: number;
  readonly timeColumn: number;

  constructor(text: KnownText, pid: number, cpu: number, timeColumn: number) {
    this.text = text;
    this.pid = pid;
    this.cpu = cpu;
    this.timeColumn = timeColumn;
  }
}

export class TaskPrefixes {
  readonly #places: (TaskPrefix | undefined)[] = new Array(PLACES).fill(undefined);

  find(view: DataView, start: number, end: number): TaskPrefix | undefined {
    if (start + MIN_LENGTH > end) return undefined;
    const place = placeOf(view, start);
    const known = this.#places[place];
    if (known === undefined || known.text.standsAt(view, start, end)) return known;
    const other = this.#places[place ^ 1];
    return other?.text.standsAt(view, start, end) ? other : undefined;
  }

  /** Keeps the prefix of a line that was taken apart; the time of a counting clock has no point and is not kept. */
  learn(rec: FtraceRecord, start: number): void {
    const { buf, view, timeStart, timeEnd, pid, cpu } = rec;
    let dot = timeStart;
    while (dot < timeEnd && buf[dot] !== DOT) dot++;
    if (dot === timeEnd || dot + 1 - start < MIN_LENGTH) return;
    const text = new KnownText(view, start, dot + 1);
    const place = placeOf(view, start);
    this.#places[place ^ 1] = this.#places[place];
    this.#places[place] = new TaskPrefix(text, pid, cpu, timeStart - start);
  }
}

function placeOf(view: DataView, start: number): number {
  const mixed =
    Math.imul(view.getInt32(start + PID_COLUMN, true), 0x9e3779b1) ^
    Math.imul(view.getInt32(start + CPU_COLUMN, true), 0x85ebca6b) ^
    Math.imul(view.getInt32(start + FLAGS_COLUMN, true), 0xc2b2ae35);
  return (mixed >>> 16) & (PLACES - 1);
}
