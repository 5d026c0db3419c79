// Random access to the bytes of a trace.dat, and a cursor that cannot read past what there is.

/** A file or a part of one; `read` gives fewer bytes than asked for at the end of the source. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

export function sourceOf(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Latin1, as everywhere: names and texts may hold any byte. */
export function latin1(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = '';
  for (let i = start; i < end; i += 4096) {
    text += String.fromCharCode(...bytes.subarray(i, Math.min(i + 4096, end)));
  }
  return text;
}

const WINDOW = 65536;
/** No name of a system, a clock or a compressor is longer: damage, not a name. */
const MAX_NAME = 4096;
const NOTHING = new Uint8Array(0);

/**
 * Reads numbers and texts one after the other. Past the end it yields zeros and empty texts and sets `short`, so that
 * a reader checks once per item and a loop over a count taken from the file ends where the file ends.
 */
export class Cursor {
  pos: number;
  short = false;
  readonly end: number;
  readonly bigEndian: boolean;
  readonly source: ByteSource;
  /** The file offset of the compressed part these bytes came from; undefined where they are the file's own. */
  private readonly origin: number | undefined;
  private window: Uint8Array = NOTHING;
  private view: DataView = viewOf(NOTHING);
  private windowStart = 0;

  constructor(source: ByteSource, pos: number, end: number, bigEndian: boolean, origin?: number) {
    this.source = source;
    this.pos = pos;
    this.end = Math.min(end, source.size);
    this.bigEndian = bigEndian;
    this.origin = origin;
  }

  /** Where a diagnostic about the next byte points to. */
  get fileOffset(): number {
    return this.origin ?? this.pos;
  }

  get left(): number {
    return Math.max(0, this.end - this.pos);
  }

  u16(): number {
    const at = this.need(2);
    return at < 0 ? 0 : this.view.getUint16(at, !this.bigEndian);
  }

  u32(): number {
    const at = this.need(4);
    return at < 0 ? 0 : this.view.getUint32(at, !this.bigEndian);
  }

  u8(): number {
    const at = this.need(1);
    return at < 0 ? 0 : this.view.getUint8(at);
  }

  /** An offset or a size: exact below 2^53, and no file is larger. */
  u64(): number {
    const at = this.need(8);
    if (at < 0) return 0;
    const first = this.view.getUint32(at, !this.bigEndian);
    const second = this.view.getUint32(at + 4, !this.bigEndian);
    return this.bigEndian ? first * 4294967296 + second : second * 4294967296 + first;
  }

  i64(): bigint {
    const at = this.need(8);
    return at < 0 ? 0n : this.view.getBigInt64(at, !this.bigEndian);
  }

  skip(length: number): void {
    if (length > this.left) this.short = true;
    this.pos += Math.min(length, this.left);
  }

  /** The next bytes: all of them, or those that are there and `short` is set. */
  take(length: number): Uint8Array {
    const bytes = this.source.read(this.pos, Math.min(length, this.left));
    if (bytes.length < length) this.short = true;
    this.pos += bytes.length;
    return bytes;
  }

  /** A name that ends in NUL, which is consumed. */
  cstring(): string {
    let text = '';
    for (let c = this.u8(); c !== 0; c = this.u8()) {
      text += String.fromCharCode(c);
      if (text.length < MAX_NAME) continue;
      this.short = true;
      break;
    }
    return text;
  }

  /** A cursor over the next `length` bytes, which this one steps over. */
  sub(length: number): Cursor {
    const fileOffset = this.fileOffset;
    return new Cursor(sourceOf(this.take(length)), 0, length, this.bigEndian, fileOffset);
  }

  private need(length: number): number {
    if (this.left < length) {
      this.short = true;
      this.pos = this.end;
      return -1;
    }
    const at = this.pos - this.windowStart;
    if (at >= 0 && at + length <= this.window.length) {
      this.pos += length;
      return at;
    }
    this.window = this.source.read(this.pos, Math.min(WINDOW, this.left));
    this.view = viewOf(this.window);
    this.windowStart = this.pos;
    this.pos += length;
    if (this.window.length >= length) return 0;
    this.short = true;
    return -1;
  }
}
