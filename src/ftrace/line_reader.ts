// Cuts a stream of chunks into lines, in place where it can; knows nothing of what stands in them.
import { MAX_LINE } from './scan/memory.ts';

export { MAX_LINE };

const LF = 10;
const CR = 13;

export interface LineSink {
  /** buf[start, end) is one line without its line break; `cut` tells that it was too long or that the input ended in it. */
  line(buf: Uint8Array, start: number, end: number, number: number, cut: boolean): void;
}

export class LineReader {
  /** The line that has no end yet stands at its front. */
  #tail = new Uint8Array(0);
  #kept = 0;
  #overlong = false;
  #number = 0;
  /** Of all bytes before this chunk. */
  #before = 0;
  /** Where the line that is handed out begins in the input. */
  offset = 0;

  readonly #sink: LineSink;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  get lines(): number {
    return this.#number;
  }

  push(chunk: Uint8Array): void {
    // One kind of array for all that reads bytes, whatever kind the caller has: a mix makes each access slower. Only the search for
    // line breaks stays with the caller's, as a Buffer's is twice as fast.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    let pos = 0;
    if (this.#kept > 0) {
      const lf = chunk.indexOf(LF);
      if (lf < 0) {
        this.#keep(bytes);
        this.#before += chunk.length;
        return;
      }
      this.#keep(bytes.subarray(0, lf));
      this.#emit(this.#tail, 0, this.#kept, this.#overlong);
      this.#kept = 0;
      this.#overlong = false;
      pos = lf + 1;
      this.offset = this.#before + pos;
    }
    for (;;) {
      const lf = chunk.indexOf(LF, pos);
      if (lf < 0) break;
      if (lf - pos > MAX_LINE) this.#emit(bytes, pos, pos + MAX_LINE, true);
      else this.#emit(bytes, pos, lf, false);
      pos = lf + 1;
      this.offset = this.#before + pos;
    }
    this.#before += chunk.length;
    if (pos < chunk.length) this.#keep(bytes.subarray(pos));
  }

  /** The input is over: what is left is a line that was cut off. */
  end(): void {
    if (this.#kept > 0) this.#emit(this.#tail, 0, this.#kept, true);
    this.#kept = 0;
  }

  #emit(buf: Uint8Array, start: number, end: number, cut: boolean): void {
    const stop = end > start && buf[end - 1] === CR ? end - 1 : end;
    this.#sink.line(buf, start, stop, ++this.#number, cut);
  }

  #keep(part: Uint8Array): void {
    const room = MAX_LINE - this.#kept;
    if (part.length > room) this.#overlong = true;
    const more = part.subarray(0, room);
    const length = this.#kept + more.length;
    if (length >= this.#tail.length) {
      const larger = new Uint8Array(Math.min(MAX_LINE, 2 * length) + 1);
      larger.set(this.#tail.subarray(0, this.#kept));
      this.#tail = larger;
    }
    this.#tail.set(more, this.#kept);
    this.#tail[length] = LF; // as behind a line that stands in its chunk
    this.#kept = length;
  }
}
