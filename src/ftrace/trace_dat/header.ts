// The first bytes of a trace.dat, versions 6 and 7, after trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5), INITIAL FORMAT.
import { type ByteSource, Cursor, latin1 } from './byte_source.ts';
import type { Damage, Diagnostic } from './damage.ts';

export interface DatHeader {
  readonly version: 6 | 7;
  readonly bigEndian: boolean;
  /** Bytes in a long of the traced user space; the kernel's is in the header_page text. */
  readonly longSize: number;
  readonly pageSize: number;
  /** 'zstd', 'zlib' or 'none'; version 6 is never compressed. */
  readonly compression: string;
  readonly compressionVersion: string;
  /** Version 7: where the first options section stands. */
  readonly firstOptions: number;
  /** Where the metadata (6) or the first section (7) begins. */
  readonly end: number;
}

const MAGIC = '\x17\x08\x44tracing';
const SMALLEST_PAGE = 512;
const LARGEST_PAGE = 64 * 1024 * 1024;

export function isTraceDat(start: Uint8Array): boolean {
  return latin1(start, 0, Math.min(start.length, MAGIC.length)) === MAGIC;
}

export function isPageSize(size: number): boolean {
  return size >= SMALLEST_PAGE && size <= LARGEST_PAGE && (size & (size - 1)) === 0;
}

export function readHeader(source: ByteSource, damage: Damage): DatHeader | Diagnostic {
  const start = source.read(0, MAGIC.length + 4);
  if (!isTraceDat(start)) return { offset: 0, message: 'not a trace.dat: the magic bytes are missing' };
  const version = latin1(start, MAGIC.length, start.length - 2);
  if (version !== '6\0' && version !== '7\0') {
    return { offset: MAGIC.length, message: 'a trace.dat of neither version 6 nor 7' };
  }
  const cursor = new Cursor(source, MAGIC.length + 2, source.size, start[MAGIC.length + 2] === 1);
  cursor.skip(1);
  const longSize = readLongSize(cursor, damage);
  const pageSize = readPageSize(cursor, damage);
  const plain = { bigEndian: cursor.bigEndian, longSize, pageSize };
  if (version === '6\0') {
    if (cursor.short) return { offset: source.size, message: 'the file ends in its header' };
    const none = { compression: 'none', compressionVersion: '', firstOptions: 0, end: cursor.pos };
    return { version: 6, ...plain, ...none };
  }
  const compression = cursor.cstring();
  const compressionVersion = cursor.cstring();
  const firstOptions = cursor.u64();
  if (cursor.short) {
    return { offset: cursor.pos, message: 'the file ends in its header' };
  }
  return { version: 7, ...plain, compression, compressionVersion, firstOptions, end: cursor.pos };
}

function readLongSize(cursor: Cursor, damage: Damage): number {
  const offset = cursor.pos;
  const size = cursor.u8();
  if (size === 4 || size === 8) return size;
  damage.add(offset, `a long of ${size} bytes; 8 are assumed`);
  return 8;
}

function readPageSize(cursor: Cursor, damage: Damage): number {
  const offset = cursor.pos;
  const size = cursor.u32();
  if (isPageSize(size)) return size;
  damage.add(offset, `a page size of ${size} bytes; 4096 are assumed`);
  return 4096;
}
