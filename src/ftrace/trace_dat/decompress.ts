// The compressors trace-cmd may have used (trace-compress-zstd.c, trace-compress-zlib.c), behind one guarded call.
import { decompress as fzstd } from 'fzstd';

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
  if (name === 'zstd') return given.zstd ?? pureZstd;
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

function pureZstd(data: Uint8Array, size: number): Uint8Array {
  const announced = frameSize(data);
  if (announced !== undefined && announced !== size) throw new Error(`the zstd frame holds ${announced} bytes`);
  return fzstd(data, new Uint8Array(size));
}

/** Frame_Content_Size of RFC 8878 3.1.1.1; the decoder does not check it against the buffer it fills. */
function frameSize(data: Uint8Array): number | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 9) throw new Error('too short for a zstd frame');
  if (view.getUint32(0, true) !== 0xfd2fb528) throw new Error('no zstd frame');
  const descriptor = view.getUint8(4);
  const code = descriptor >> 6;
  const single = (descriptor >> 5) & 1;
  const dictionary = descriptor & 3;
  const at = 6 - single + (dictionary === 3 ? 4 : dictionary);
  if (code === 0) return single ? view.getUint8(at) : undefined;
  if (code === 1) return view.getUint16(at, true) + 256;
  if (code === 2) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}
