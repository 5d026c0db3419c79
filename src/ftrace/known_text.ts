// A text that the trace repeats on many lines, recognised four bytes at a time instead of one by one.

export function viewOf(buf: Uint8Array): DataView {
  return new DataView(buf.buffer, buf.byteOffset, buf.byteLength);
}

export class KnownText {
  readonly length: number;
  /** The last one overlaps the one before where the length is no multiple of four; none of a shorter text. */
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.#bytes = bytes;
    this.#words = new Int32Array(bytes.length < 4 ? 0 : (bytes.length + 3) >> 2);
    const view = viewOf(bytes);
    for (let i = 0; i < this.#words.length; i++)
      this.#words[i] = view.getInt32(Math.min(4 * i, bytes.length - 4), true);
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
