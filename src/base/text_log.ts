// Texts that are kept until the end: as bytes, outside of V8's heap, which grows to several times of what is kept in it.

/** Bytes of the first block; the next ones are larger, up to BLOCK. */
const FIRST = 1 << 12;
const GROWTH = 16;
const BLOCK = 1 << 20;
/** Of a text in UTF-8, for one unit of its length. */
const MAX_BYTES = 3;
const HEAD = 4;
const SHORT = 64;
const MAX_ASCII = 127;

/** Append-only. Nothing is copied as it grows. */
export class TextLog {
  readonly #blocks: DataView[] = [];
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** Of the last block. */
  #used = 0;

  /** Keeps a text without lone surrogates; returns its place. */
  add(text: string): number {
    const block = this.#room(HEAD + text.length * MAX_BYTES);
    const at = this.#used;
    const written = writeShort(block, at + HEAD, text) || this.#write(block, at + HEAD, text);
    block.setUint32(at, written);
    this.#used += HEAD + written;
    return (this.#blocks.length - 1) * BLOCK + at;
  }

  #write(block: DataView, from: number, text: string): number {
    return this.#encoder.encodeInto(text, bytesOf(block, from, block.byteLength)).written;
  }

  /** The text that was kept there. */
  text(place: number): string {
    const block = this.#blocks[Math.floor(place / BLOCK)];
    if (block === undefined) throw new RangeError(`no text is kept at ${place}`);
    const from = (place % BLOCK) + HEAD;
    return this.#decoder.decode(bytesOf(block, from, from + block.getUint32(from - HEAD)));
  }

  /** A text that is longer than a block has one of its own, which the next does not share. */
  #room(bytes: number): DataView {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#used + bytes <= Math.min(last.byteLength, BLOCK)) return last;
    const size = Math.min(BLOCK, FIRST * GROWTH ** this.#blocks.length);
    const block = new DataView(new ArrayBuffer(Math.max(size, bytes)));
    this.#blocks.push(block);
    this.#used = 0;
    return block;
  }
}

/** A short text of ASCII, which takes the encoder ten times as long; 0 where it is none. */
function writeShort(block: DataView, from: number, text: string): number {
  if (text.length > SHORT) return 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > MAX_ASCII) return 0;
    block.setUint8(from + i, c);
  }
  return text.length;
}

function bytesOf({ buffer }: DataView, from: number, to: number): Uint8Array {
  return new Uint8Array(buffer, from, to - from);
}
