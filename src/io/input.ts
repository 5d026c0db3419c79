// Reads a trace as chunks of bytes, whatever holds it: a file, standard input, gzip or zstd (by their magic bytes).
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Decompress as ZstdDecompress } from 'fzstd';
import { UserError } from '../base/user_error.ts';

const CHUNK = 1 << 20;
const STDIN = 0;

export interface ChunkSink {
  /** The bytes are valid only during the call; `false` asks for no more. */
  push(chunk: Uint8Array): boolean;
}

type Compression = 'none' | 'gzip' | 'zstd';

export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return 'none';
}

/** Hands the content of `path` ('-': standard input) to the sink, decompressed. */
export async function readInput(path: string, sink: ChunkSink): Promise<void> {
  const fd = openInput(path);
  try {
    const buf = Buffer.allocUnsafe(CHUNK);
    const size = fill(fd, buf, path);
    const head = buf.subarray(0, size);
    const compression = compressionOf(head);
    if (compression === 'gzip') await gunzip(fd, buf, head, sink, path);
    else if (compression === 'zstd') unzstd(fd, buf, head, sink, path);
    else pump(fd, buf, head, (chunk) => sink.push(chunk), path);
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

function pump(fd: number, buf: Buffer, head: Uint8Array, push: (chunk: Uint8Array) => boolean, path: string): void {
  let chunk = head;
  while (chunk.length > 0) {
    if (!push(chunk)) return;
    chunk = buf.subarray(0, readSome(fd, buf, 0, path));
  }
}

function unzstd(fd: number, buf: Buffer, head: Uint8Array, sink: ChunkSink, path: string): void {
  let wanted = true;
  const stream = new ZstdDecompress((chunk) => {
    if (wanted) wanted = sink.push(chunk);
  });
  try {
    pump(
      fd,
      buf,
      head,
      (chunk) => {
        stream.push(chunk.slice());
        return wanted;
      },
      path,
    );
    stream.push(new Uint8Array(0), true);
  } catch (error) {
    throw new UserError(`${path}: damaged zstd data: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function gunzip(fd: number, buf: Buffer, head: Uint8Array, sink: ChunkSink, path: string): Promise<void> {
  const stream = createGunzip({ chunkSize: CHUNK });
  const failed = new Promise<never>((_, reject) => {
    stream.on('error', (error) => reject(new UserError(`${path}: damaged gzip data: ${error.message}`)));
  });
  const fed = (async () => {
    let chunk = Buffer.from(head);
    while (chunk.length > 0 && !stream.destroyed) {
      if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
      chunk = Buffer.from(buf.subarray(0, readSome(fd, buf, 0, path)));
    }
    stream.end();
  })();
  const drained = (async () => {
    for await (const chunk of stream) {
      if (!sink.push(chunk)) break;
    }
  })();
  await Promise.race([Promise.all([fed, drained]), failed, drained]);
}
