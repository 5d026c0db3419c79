// Reads a trace that is still being written: a file that grows, tracefs' trace_pipe, a pipe.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../base/user_error.ts';
import { asUserError, compressionOf } from './input.ts';

const CHUNK = 1 << 20;
/** Milliseconds between two looks at a file that has nothing new. */
const PAUSE = 100;

interface ChunkSink {
  /** The bytes are valid only during the call; `false` asks for no more. */
  push(chunk: Uint8Array): boolean;
}

/**
 * Hands on what is in the file and what comes after, until the signal, and then what the file holds at that time. Without
 * waiting in the kernel, so that a signal to the process is heard. A UserError where the file was replaced by a shorter
 * one: what was between is not known.
 */
export async function followFile(path: string, sink: ChunkSink, signal: AbortSignal): Promise<void> {
  const fd = open(path);
  try {
    const buf = Buffer.allocUnsafe(CHUNK);
    let at = 0;
    let end = Number.POSITIVE_INFINITY;
    while (at < end) {
      if (signal.aborted && end === Number.POSITIVE_INFINITY) {
        end = fstatSync(fd).size; // 0 of what is no file
        continue;
      }
      const size = readSome(fd, buf, path);
      if (size === 0 && end !== Number.POSITIVE_INFINITY) return;
      if (size === 0) {
        const { size: whole } = fstatSync(fd);
        if (whole > 0 && whole < at) throw new UserError(`${path}: became shorter while it was followed`);
        await pause(signal);
        continue;
      }
      if (at === 0) refuseCompressed(buf.subarray(0, size), path);
      at += size;
      if (!sink.push(buf.subarray(0, size))) return;
      await setTimeout(0); // lets signals and output through
    }
  } finally {
    closeSync(fd);
  }
}

/** The same for standard input: ends with it. */
export async function followStream(stream: Readable, sink: ChunkSink, signal: AbortSignal): Promise<void> {
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  let begun = false;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (!begun) refuseCompressed(chunk, '-');
      begun = true;
      if (!sink.push(chunk)) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function refuseCompressed(head: Uint8Array, path: string): void {
  if (compressionOf(head) !== 'none') throw new UserError(`${path}: compressed, and only text can be followed`);
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw asUserError(error, path);
  }
}

/** 0 where there is nothing yet. */
function readSome(fd: number, buf: Buffer, path: string): number {
  try {
    return readSync(fd, buf, 0, buf.length, null);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EAGAIN') return 0;
    throw asUserError(error, path);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(PAUSE, undefined, { signal });
  } catch {
    // The signal ends the pause, and the loop sees it.
  }
}
