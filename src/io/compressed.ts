// Decompresses a file that is read piece by piece: gzip by Node's zlib, zstd by fzstd.
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress as ZstdDecompress } from 'fzstd';
import { UserError } from '../base/user_error.ts';
import type { Compression } from './input.ts';

interface Origin {
  /** Bytes of a piece. */
  readonly size: number;
  readonly path: string;
}

/** Throws a UserError where the data are damaged. */
export function decompressed(
  chunks: Iterable<Uint8Array>,
  compression: Exclude<Compression, 'none'>,
  { size, path }: Origin,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return compression === 'gzip' ? gunzip(chunks, size, path) : unzstd(chunks, path);
}

function* unzstd(chunks: Iterable<Uint8Array>, path: string): Generator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const stream = new ZstdDecompress((chunk) => {
    ready.push(chunk);
  });
  const push = (chunk: Uint8Array, isLast: boolean) => {
    try {
      stream.push(chunk, isLast);
    } catch (error) {
      throw new UserError(`${path}: damaged zstd data: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (const chunk of chunks) {
    push(new Uint8Array(chunk), false);
    yield* ready.splice(0);
  }
  push(new Uint8Array(0), true);
  yield* ready;
}

async function* gunzip(chunks: Iterable<Uint8Array>, size: number, path: string): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: size });
  const raw = Readable.from(copies(chunks), { objectMode: false });
  raw.on('error', (error) => stream.destroy(error));
  try {
    yield* raw.pipe(stream);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: damaged gzip data: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    raw.destroy();
    stream.destroy();
  }
}

function* copies(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) yield new Uint8Array(chunk); // slice() of a Buffer is no copy
}
