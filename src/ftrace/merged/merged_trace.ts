// Several files of one run as one trace: their events in the order of time, equal times in the order of the files.
import { UserError } from '../../base/user_error.ts';
import type { EventSink } from '../text_decoder.ts';
import type { ReaderOptions } from '../trace_reader.ts';
import { FileEvents, type MergeInput, type Waiting } from './file_events.ts';
import { MergedLines } from './merged_lines.ts';
import { areTied, compareStamps, type Stamp } from './stamp.ts';

export class MergedTrace {
  readonly lines: MergedLines;
  readonly files: readonly FileEvents[];
  /** Numbers of events of one task that have the same time in different files: which came first is not known. */
  readonly ties: { readonly first: number; readonly last: number }[] = [];
  readonly #sink: EventSink;
  /** Of each task: its latest event, where that is of the present time. */
  readonly #now = new Map<number, { readonly file: number; readonly number: number }>();
  #time: Stamp | undefined;
  /** Billionths that the coarsest stamp so far stands for. */
  #step = 1;

  constructor(inputs: readonly MergeInput[], sink: EventSink, options: Omit<ReaderOptions, 'file' | 'sink'>) {
    this.#sink = sink;
    this.files = inputs.map((input) => new FileEvents(input, options));
    this.lines = new MergedLines(inputs.map(({ file }) => file));
  }

  /** Reads all files to their ends, or until `isWanted` says no; each no further than the order needs. */
  async read(isWanted: () => boolean): Promise<void> {
    for (const file of this.files) await file.fill();
    this.#checkClocks();
    for (let first = this.#earliest(-1); first >= 0; first = this.#earliest(-1)) {
      const file = this.files[first];
      const second = this.#earliest(first);
      const next = this.files[second]?.head;
      // Events come in runs of one file.
      for (let head = file?.head; head !== undefined; head = file?.head) {
        if (next !== undefined && !isBefore(head, first, next, second)) break;
        this.#deliver(head, first);
        file?.take();
        if (!isWanted()) return;
      }
      await file?.fill();
    }
    for (const file of this.files) for (const { cpu, count, line } of file.rest()) this.#sink.loss(cpu, count, line);
  }

  /** The file whose next event is the earliest, of all but one; -1: there is none. */
  #earliest(but: number): number {
    let found = -1;
    let earliest: Waiting | undefined;
    for (let i = 0; i < this.files.length; i++) {
      const head = this.files[i]?.head;
      if (i === but || head === undefined) continue;
      if (earliest !== undefined && !isBefore(head, i, earliest, found)) continue;
      earliest = head;
      found = i;
    }
    return found;
  }

  #deliver({ event, where, stamp, losses }: Waiting, file: number): void {
    const number = this.lines.next(file, where.line);
    for (const { cpu, count } of losses) this.#sink.loss(cpu, count, number);
    this.#noteTie(stamp, where.pid < 0 ? -2 - where.cpu : where.pid, file, number);
    where.line = number;
    this.#sink.event(event, where);
  }

  #noteTie(stamp: Stamp, task: number, file: number, number: number): void {
    if (stamp.step > this.#step) this.#step = stamp.step;
    if (this.#time === undefined || !areTied(stamp, this.#time, this.#step)) this.#now.clear();
    this.#time = stamp;
    const before = this.#now.get(task);
    if (before !== undefined && before.file !== file) {
      this.ties.push({ first: before.number, last: number });
      this.#sink.loss(-1, undefined, number);
    }
    this.#now.set(task, { file, number });
  }

  #checkClocks(): void {
    const [first, ...more] = this.files.filter(({ stamp }) => stamp !== undefined);
    for (const { reader, stamp } of more) {
      const { file, clock } = reader;
      const other = clock !== undefined && first?.reader.clock !== undefined && clock !== first.reader.clock;
      if (!other && stamp?.unit === first?.stamp?.unit) continue;
      const clocks = other ? ` (${clock} and ${first?.reader.clock})` : '';
      throw new UserError(`${file}: its time stamps are of another clock than those of ${first?.reader.file}${clocks}`);
    }
  }
}

function isBefore(a: Waiting, fileOfA: number, b: Waiting, fileOfB: number): boolean {
  const order = compareStamps(a.stamp, b.stamp);
  return order < 0 || (order === 0 && fileOfA < fileOfB);
}
