// The compressors trace-cmd may have used (trace-compress-zstd.c, trace-compress-zlib.c), behind one guarded call.
import { ZstdDecoder } from '../../zstd/index.ts';

/** Gives the `size` bytes that `data` holds; may throw where the data is damaged. */
export type Decompress = (data: Uint8Array, size: number) => Uint8Array;

export interface Decompressors {
  /** A faster one than the built-in, e.g. node:zlib's where it has zstd. */
  readonly zstd?: Decompress | undefined;
  /** node:zlib's inflateSync; without it a zlib file cannot be read. */
  readonly zlib?: Decompress | undefined;
}

/** /proc/kallsyms, the largest thing packed in one piece, is some 20 MB; a chunk of trace data some 40 KB. */
const MAX_UNPACKED = 128 * 1024 * 1024;
/** No compressor does better than this: zstd's run blocks give 128 KB for 4 bytes. */
const MAX_RATIO = 32768;

export function decompressorOf(name: string, given: Decompressors): Decompress | undefined {
  if (name === 'zstd') return given.zstd ?? zstd();
  if (name === 'zlib') return given.zlib;
  return undefined;
}

/** The unpacked bytes, or why there are none. */
export function unpack(decompress: Decompress, data: Uint8Array, size: number): Uint8Array | string {
  if (size > MAX_UNPACKED || size > data.length * MAX_RATIO) {
    return `${data.length} bytes claim to unpack to ${size}`;
  }
  try {
    const bytes = decompress(data, size);
    return bytes.length === size ? bytes : `unpacks to ${bytes.length} bytes where ${size} are announced`;
  } catch (error) {
    return `cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** All that is unpacked with it has the same memory for its tables. */
function zstd(): Decompress {
  const decoder = new ZstdDecoder();
  return (data, size) => {
    const bytes = new Uint8Array(size);
    let done = 0;
    for (const piece of decoder.unpacked([data])) {
      if (piece.length > size - done) throw new Error(`it holds more than the ${size} bytes that are announced`);
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes.subarray(0, done);
  };
}
