// The begin of a line up to its CPU, `            task-123     [000]`: the same on all lines of a task on a CPU.
import { KnownText } from './known_text.ts';

/** A power of two, and more than the tasks that take turns at a time; two that share a place only cost their parsing. */
const PLACES = 64;
/** Columns of the last digits of the pid and of the CPU, where neither a process id nor wide numbers shift them. */
const PID_COLUMN = 17;
const CPU_COLUMN = 26;
const MIN_LENGTH = CPU_COLUMN + 4;

export class TaskPrefix {
  readonly text: KnownText;
  readonly pid: number;
  readonly cpu: number;

  constructor(text: KnownText, pid: number, cpu: number) {
    this.text = text;
    this.pid = pid;
    this.cpu = cpu;
  }
}

export class TaskPrefixes {
  readonly #places: (TaskPrefix | undefined)[] = new Array(PLACES).fill(undefined);

  find(view: DataView, start: number, end: number): TaskPrefix | undefined {
    if (start + MIN_LENGTH > end) return undefined;
    const known = this.#places[placeOf(view, start)];
    return known?.text.standsAt(view, start, end) ? known : undefined;
  }

  learn(buf: Uint8Array, view: DataView, start: number, stop: number, pid: number, cpu: number): void {
    if (stop - start < MIN_LENGTH) return;
    this.#places[placeOf(view, start)] = new TaskPrefix(new KnownText(buf.slice(start, stop)), pid, cpu);
  }
}

function placeOf(view: DataView, start: number): number {
  const mixed =
    Math.imul(view.getInt32(start + PID_COLUMN, true), 0x9e3779b1) ^
    Math.imul(view.getInt32(start + CPU_COLUMN, true), 0x85ebca6b);
  return (mixed >>> 16) & (PLACES - 1);
}
