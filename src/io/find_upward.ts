// A file of this name in a folder or in one of those above it.
import { lstatSync } from 'node:fs';
import path from 'node:path';

/** Absolute; undefined where there is none up to the root of the file system. */
export function findUpward(name: string, from: string): string | undefined {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    const file = path.join(folder, name);
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) return file;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** What a file says of another: from its own folder, unless from the root or of standard input. */
export function besideFile(file: string, name: string): string {
  return name === '-' ? name : path.resolve(path.dirname(file), name);
}
