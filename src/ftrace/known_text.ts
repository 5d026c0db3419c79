// A text that the trace repeats on many lines, recognised four bytes at a time instead of one by one.
export function viewOf(buf: Uint8Array): DataView {
  return new DataView(buf.buffer, buf.byteOffset, buf.byteLength);
}

/** Where texts of usual length become bytes: a view of its own takes longer to make than all the rest. */
const SCRATCH = viewOf(new Uint8Array(256));

export class KnownText {
  readonly length: number;
  /** The last one overlaps the one before where the length is no multiple of four; none of a shorter text. */
  readonly #words: Int32Array;
  /** Of a text that is shorter. */
  readonly #bytes: readonly number[];

  /** The text at [start, end) of view. */
  constructor(view: DataView, start: number, end: number) {
    const length = end - start;
    this.length = length;
    this.#bytes = Array.from({ length: length < 4 ? length : 0 }, (_, i) => view.getUint8(start + i));
    this.#words = new Int32Array(length < 4 ? 0 : (length + 3) >> 2);
    for (let i = 0; i < this.#words.length; i++)
      this.#words[i] = view.getInt32(start + Math.min(4 * i, length - 4), true);
  }

  static of(text: string): KnownText {
    const { length } = text;
    const view = length <= SCRATCH.byteLength ? SCRATCH : viewOf(new Uint8Array(length));
    for (let i = 0; i < length; i++) view.setUint8(i, text.charCodeAt(i));
    return new KnownText(view, 0, length);
  }

  /** Does the text stand at pos? */
  standsAt(view: DataView, pos: number, end: number): boolean {
    const { length } = this;
    if (pos + length > end) return false;
    const words = this.#words;
    const last = words.length - 1;
    if (last < 0) return this.#shortStandsAt(view, pos);
    for (let i = 0, p = pos; i < last; i++, p += 4) if (view.getInt32(p, true) !== words[i]) return false;
    return view.getInt32(pos + length - 4, true) === words[last];
  }

  #shortStandsAt(view: DataView, pos: number): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < bytes.length; i++) if (view.getUint8(pos + i) !== bytes[i]) return false;
    return true;
  }
}
