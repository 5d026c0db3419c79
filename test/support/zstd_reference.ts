// The reference implementation of zstd, as WebAssembly: packs what tests unpack, and says what damaged bytes hold.
import { Zstd } from '@hpcc-js/wasm-zstd';

const zstd = await Zstd.load();

/** One frame that announces its size. */
export function packed(bytes: Uint8Array, level: number): Uint8Array {
  return zstd.compress(bytes, level).slice();
}

/** One frame that does not, of pieces of so many bytes. */
export function packedInPieces(bytes: Uint8Array, level: number, piece: number): Uint8Array {
  zstd.reset();
  zstd.setCompressionLevel(level);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += piece) {
    parts.push(zstd.compressChunk(bytes.subarray(at, at + piece)).slice());
  }
  return Buffer.concat([...parts, zstd.compressEnd()]);
}

/** Of nothing, without its size: where it comes first, the library makes room for a megabyte, whatever the others announce. */
const EMPTY = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 1, 0, 0);

/** Throws where it refuses the bytes. */
export function unpackedByReference(bytes: Uint8Array): Uint8Array {
  return zstd.decompress(Buffer.concat([EMPTY, bytes])).slice();
}
