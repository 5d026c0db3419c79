// Reads a trace as chunks of bytes, whatever holds it: a file, standard input, gzip or zstd (by their magic bytes).
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../base/user_error.ts';
import { isSkipped, MAGIC } from '../zstd/magic.ts';
import type { Damage } from './compressed.ts';

const CHUNK = 1 << 20;
const STDIN = 0;

/** Told of each read: bytes of the file so far, compressed as they are, and its size, which is 0 for a pipe. */
export type OnRead = (done: number, size: number) => void;

export interface ReadOptions {
  /** Bytes read at a time. */
  readonly size?: number;
  readonly onRead?: OnRead | undefined;
  /** Told behind the last piece what is wrong with compressed data; without it that is a UserError. */
  readonly onDamage?: ((damage: Damage) => void) | undefined;
}

export type Compression = 'none' | 'gzip' | 'zstd';

export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length < 4) return 'none';
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
  return magic === MAGIC || isSkipped(magic) ? 'zstd' : 'none';
}

/** The content of `path` ('-': standard input), decompressed, in pieces that are each valid until the next one is asked for. */
export async function* chunksOf(
  path: string,
  { size = CHUNK, onRead, onDamage }: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  const fd = openInput(path);
  const refuse = ({ message }: Damage) => {
    throw new UserError(`${path}: ${message}`);
  };
  try {
    const buf = Buffer.allocUnsafe(size);
    const head = buf.subarray(0, fill(fd, buf, path));
    const compression = compressionOf(head);
    const chunks = counted(rawChunks(fd, buf, head, path), fstatSync(fd).size, onRead);
    if (compression === 'none') yield* chunks;
    else {
      const { decompressed } = await import('./compressed.ts');
      yield* decompressed(chunks, compression, { size, damaged: onDamage ?? refuse });
    }
  } finally {
    if (fd !== STDIN) closeSync(fd);
  }
}

function openInput(path: string): number {
  if (path === '-') return STDIN;
  try {
    const fd = openSync(path, 'r');
    if (fstatSync(fd).isDirectory()) {
      closeSync(fd);
      throw new UserError(`${path}: is a directory, not a trace`);
    }
    return fd;
  } catch (error) {
    throw asUserError(error, path);
  }
}

/** What the user can do something about, as one line; anything else as it is. */
export function asUserError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return new UserError(`${path}: no such file`);
  if (code === 'EISDIR') return new UserError(`${path}: is a directory, not a trace`);
  if (code === 'EACCES') return new UserError(`${path}: permission denied`);
  return error;
}

/** Reads until the buffer is full or the input ends: pipes give small pieces, and the magic bytes want four. */
function fill(fd: number, buf: Buffer, path: string): number {
  let size = 0;
  while (size < buf.length) {
    const got = readSome(fd, buf, size, path);
    if (got === 0) break;
    size += got;
    if (fd === STDIN && size >= 4) break;
  }
  return size;
}

function readSome(fd: number, buf: Buffer, at: number, path: string): number {
  for (;;) {
    try {
      return readSync(fd, buf, at, buf.length - at, null);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw asUserError(error, path);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // a pipe that has nothing yet
    }
  }
}

function* rawChunks(fd: number, buf: Buffer, head: Uint8Array, path: string): Generator<Uint8Array> {
  let chunk = head;
  while (chunk.length > 0) {
    yield chunk;
    chunk = buf.subarray(0, readSome(fd, buf, 0, path));
  }
}

function* counted(chunks: Iterable<Uint8Array>, size: number, onRead: OnRead | undefined): Generator<Uint8Array> {
  let done = 0;
  for (const chunk of chunks) {
    done += chunk.length;
    onRead?.(done, size);
    yield chunk;
  }
}
