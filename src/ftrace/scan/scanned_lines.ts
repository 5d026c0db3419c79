// Cuts a stream of chunks into lines in the scanner's memory: those that it knows are never seen one by one.
import { type LineSink, MAX_LINE } from '../line_reader.ts';
import { INPUT, INPUT_SIZE } from './memory.ts';
import type { Scanner } from './scanner.ts';

const LF = 10;
const CR = 13;

export interface ScanSink extends LineSink {
  /** Takes the lines from `pos` on that the scanner knows, the first one of this number; returns where they end. */
  scan(pos: number, stop: number, number: number): number;
}

export class ScannedLines {
  /** Bytes at the front of the input: the line that has no end yet, of a longer one than any may be its head and a byte more. */
  #kept = 0;
  #number = 0;
  readonly #scanner: Scanner;
  readonly #sink: ScanSink;

  constructor(scanner: Scanner, sink: ScanSink) {
    this.#scanner = scanner;
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    const { bytes } = this.#scanner;
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + INPUT_SIZE - this.#kept);
      at += part.length;
      bytes.set(part, INPUT + this.#kept);
      const stop = INPUT + this.#kept + part.length;
      const rest = part.includes(LF) ? this.#read(part, stop) : INPUT;
      if (rest > INPUT) bytes.copyWithin(INPUT, rest, stop);
      this.#kept = Math.min(stop - rest, MAX_LINE + 1);
    }
  }

  /**
   * Hands on all lines before `stop` that have an end; returns where the last one begins, which has none. `part` is what was
   * copied there last, and holds all line breaks: in a caller's Buffer they are found in half the time.
   */
  #read(part: Uint8Array, stop: number): number {
    const { bytes } = this.#scanner;
    const copied = stop - part.length;
    bytes[stop] = LF;
    let pos = INPUT;
    for (;;) {
      const known = this.#sink.scan(pos, stop, this.#number + 1);
      if (known > pos) this.#number += this.#scanner.lines;
      pos = known;
      const found = part.indexOf(LF, Math.max(0, pos - copied));
      if (found < 0) return pos;
      const lf = copied + found;
      if (lf - pos > MAX_LINE) this.#emit(pos, pos + MAX_LINE, true);
      else this.#emit(pos, lf, false);
      pos = lf + 1;
    }
  }

  /** The input is over: what is left is a line that was cut off. */
  end(): void {
    if (this.#kept > 0) this.#emit(INPUT, INPUT + Math.min(this.#kept, MAX_LINE), true);
    this.#kept = 0;
  }

  #emit(start: number, end: number, cut: boolean): void {
    const { bytes } = this.#scanner;
    const stop = end > start && bytes[end - 1] === CR ? end - 1 : end;
    this.#sink.line(bytes, start, stop, ++this.#number, cut);
  }
}
