// What a frame says of itself in front of its blocks: RFC 8878 3.1.1.1.
import type { Input } from './input.ts';
import { ZstdError } from './zstd_error.ts';

export interface FrameHeader {
  /** Bytes behind which a match may not reach. */
  readonly windowSize: number;
  /** Bytes of the whole frame when it is unpacked; beyond 2^53 not exact, and then never true. */
  readonly contentSize: number | undefined;
  readonly hasChecksum: boolean;
}

/** The reference decoder's own limit, unless it is told another. */
const MAX_WINDOW = 1 << 27;
const WHAT = 'the header of a frame';

/** Throws where nothing can come of the frame. The magic number is read already. */
export function readFrameHeader(input: Input): FrameHeader {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  const number = (size: number): number => {
    bytes.fill(0);
    input.read(bytes, 0, size, WHAT);
    return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  };
  const at = input.offset;
  const descriptor = number(1);
  if ((descriptor & 8) !== 0) throw new ZstdError(at, 'a bit is set that no version of the format has a meaning for');
  const isSingle = (descriptor & 32) !== 0;
  const windowAt = input.offset;
  const window = isSingle ? 0 : windowOf(number(1));
  const dictionaryAt = input.offset;
  const dictionary = number([0, 1, 2, 4][descriptor & 3] ?? 0);
  if (dictionary !== 0) throw new ZstdError(dictionaryAt, `needs dictionary ${dictionary}, which is not there`, false);
  const code = descriptor >> 6;
  const contentSize = code > 0 || isSingle ? number(1 << code) + (code === 1 ? 256 : 0) : undefined;
  const windowSize = isSingle ? (contentSize ?? 0) : window;
  if (windowSize > MAX_WINDOW) {
    throw new ZstdError(windowAt, `a window of ${windowSize} bytes, which is more than ${MAX_WINDOW}`, false);
  }
  return { windowSize, contentSize, hasChecksum: (descriptor & 4) !== 0 };
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
