// Opens a trace whatever it is: text is handed on in chunks, a trace.dat as a source of bytes at any place.
import { closeSync, fstatSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { UserError } from '../base/user_error.ts';
import { chunksOf, compressionOf, type ReadOptions } from './input.ts';
import { TemporaryFile } from './temporary_file.ts';

/** Bytes at any place: what the trace.dat reader wants. */
export interface RandomAccess {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

export interface TraceTarget {
  /** Is this the beginning of a file that must be read at any place? */
  wantsRandomAccess(head: Uint8Array): boolean;
  push(chunk: Uint8Array): boolean;
  random(source: RandomAccess): void;
}

/** A trace that is open: a text in pieces, or bytes at any place. `close` may be called at any time. */
export type OpenTrace =
  | { readonly chunks: AsyncGenerator<Uint8Array>; readonly close: () => Promise<void> }
  | { readonly random: RandomAccess; readonly close: () => Promise<void> };

type IsRandom = TraceTarget['wantsRandomAccess'];

export async function openTrace(file: string, isRandom: IsRandom, options: ReadOptions): Promise<OpenTrace> {
  const chunks = chunksOf(file, options);
  const close = async () => {
    await chunks.return(undefined);
  };
  const first = await chunks.next();
  if (first.done === true || !isRandom(first.value)) return { chunks: withFirst(first, chunks), close };
  if (isPlainFile(file, isRandom)) {
    await close();
    return openRandom(file);
  }
  return openCopy(withFirst(first, chunks));
}

async function* withFirst(
  first: IteratorResult<Uint8Array, unknown>,
  more: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.done === true) return;
  yield first.value;
  yield* more;
}

/** Reads `path` ('-': standard input) into the target. */
export async function readTrace(file: string, target: TraceTarget, options: ReadOptions = {}): Promise<void> {
  const opened = await openTrace(file, target.wantsRandomAccess, options);
  try {
    if ('random' in opened) target.random(opened.random);
    else for await (const chunk of opened.chunks) if (!target.push(chunk)) break;
  } finally {
    await opened.close();
  }
}

/** An uncompressed file needs no copy in memory. */
function isPlainFile(file: string, isRandom: IsRandom): boolean {
  if (file === '-') return false;
  const head = new Uint8Array(16);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, head, 0, head.length, 0);
    return isRandom(head) && compressionOf(head) === 'none';
  } finally {
    closeSync(fd);
  }
}

/** What is packed, or comes through a pipe, may be of any size: it is read from a copy. */
async function openCopy(chunks: AsyncIterable<Uint8Array>): Promise<OpenTrace> {
  const copy = await TemporaryFile.of(chunks);
  try {
    return openRandom(copy.path);
  } finally {
    copy.remove();
  }
}

function openRandom(file: string): OpenTrace {
  const fd = openSync(file, 'r');
  const random = {
    size: fstatSync(fd).size,
    read(offset: number, length: number) {
      const buf = Buffer.allocUnsafe(length);
      return buf.subarray(0, readSync(fd, buf, 0, length, offset));
    },
  };
  return { random, close: async () => closeSync(fd) };
}

export function inflate(data: Uint8Array, size: number): Uint8Array {
  return inflateSync(data, { maxOutputLength: Math.max(size, 1) });
}

const CHUNK = 1 << 16;

/** Pieces of text to a file, which is made when the first are written, or to whoever takes them; in chunks. */
export class TextWriter {
  readonly #target: string | ((text: string) => void);
  #fd: number | undefined;
  #pieces: string[] = [];
  #length = 0;

  constructor(target: string | ((text: string) => void)) {
    this.#target = target;
  }

  write(text: string): void {
    this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length >= CHUNK) this.#flush();
  }

  end(): void {
    this.#flush();
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  #flush(): void {
    const text = this.#pieces.join('');
    this.#pieces = [];
    this.#length = 0;
    if (typeof this.#target === 'function') {
      this.#target(text);
      return;
    }
    this.#fd ??= openForWriting(this.#target);
    writeFileSync(this.#fd, text);
  }
}

/** Do both names stand for one file? */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => statSync(file, { throwIfNoEntry: false }));
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}

function openForWriting(file: string): number {
  try {
    return openSync(file, 'w');
  } catch (error) {
    throw new UserError(`${file}: cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Writes a report; a folder that is not there is the user's mistake. */
export function writeReport(file: string, text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
  const fd = openForWriting(file);
  try {
    writeFileSync(fd, text, encoding);
  } finally {
    closeSync(fd);
  }
}
