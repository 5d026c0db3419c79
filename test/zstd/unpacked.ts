// What the decoder makes of bytes, and frames that are written by hand.
import { ZstdDecoder, ZstdError } from '../../src/zstd/index.ts';

export interface Unpacked {
  /** Up to the damage. */
  readonly bytes: Buffer;
  /** Undefined: there is none. */
  readonly damage: string | undefined;
}

const shared = new ZstdDecoder();

/** `piece`: bytes that the decoder is given at a time. What it has unpacked before makes no difference. */
export function unpacked(packed: Uint8Array, piece = packed.length, decoder = shared): Unpacked {
  const parts: Uint8Array[] = [];
  try {
    for (const part of decoder.unpacked(piecesOf(packed, Math.max(1, piece)))) parts.push(part.slice());
    return { bytes: Buffer.concat(parts), damage: undefined };
  } catch (error) {
    if (!(error instanceof ZstdError)) throw error;
    return { bytes: Buffer.concat(parts), damage: error.message };
  }
}

/** Each piece is overwritten when the next one is asked for, as a buffer is that a file is read into. */
function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  const piece = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    piece.fill(0xaa).set(part);
    yield piece.subarray(0, part.length);
  }
}

export const RAW = 0;
export const RUN = 1;
export const COMPRESSED = 2;

/** Magic number, a descriptor without checksum and dictionary, window or size. */
export function header({ windowLog, size }: { windowLog?: number; size?: bigint }): Buffer {
  const bytes = Buffer.alloc(14);
  let end = bytes.writeUInt32LE(0xfd2fb528);
  end = bytes.writeUInt8((size === undefined ? 0 : 0xc0) | (windowLog === undefined ? 0x20 : 0), end);
  if (windowLog !== undefined) end = bytes.writeUInt8((windowLog - 10) << 3, end);
  if (size !== undefined) end = bytes.writeBigUInt64LE(size, end);
  return bytes.subarray(0, end);
}

/** `size`: what the block says of itself; as many bytes as there are, unless it is said. */
export function block(type: number, content: Uint8Array, { last = true, size = content.length } = {}): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((last ? 1 : 0) | (type << 1) | (size << 3), 0, 3);
  return Buffer.concat([head, content]);
}
