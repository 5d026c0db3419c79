// Reads a small text file that the user named.
import { closeSync, existsSync, openSync, readFileSync as read, readSync } from 'node:fs';
import { UserError } from '../base/user_error.ts';

export function readFileSync(file: string): string {
  try {
    return read(file, 'latin1');
  } catch (error) {
    throw unreadable(file, error);
  }
}

export function isThere(file: string): boolean {
  return existsSync(file);
}

export function readBytesSync(file: string): Uint8Array {
  try {
    return read(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The first `limit` bytes of a file that may be of any size, or a device, as Latin-1. */
export function readHead(file: string, limit: number): string {
  try {
    const fd = openSync(file, 'r');
    try {
      return readUpTo(fd, limit);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

const CHUNK = 1 << 20;

function readUpTo(fd: number, limit: number): string {
  const pieces: string[] = [];
  const buf = Buffer.allocUnsafe(CHUNK);
  for (let left = limit; left > 0; ) {
    const got = readSync(fd, buf, 0, Math.min(left, CHUNK), null);
    if (got === 0) break;
    pieces.push(buf.toString('latin1', 0, got));
    left -= got;
  }
  return pieces.join('');
}

function unreadable(file: string, error: unknown): UserError {
  const why = error instanceof Error ? error.message.replace(/^\w+: /, '').replace(/,.*/s, '') : String(error);
  return new UserError(`${file}: ${why}`);
}
