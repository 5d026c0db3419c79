// Files of an export: written aside within their folder, and put in their places when all of them are whole.
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { UserError } from '../base/user_error.ts';

export class StagedFolder {
  readonly #folder: string;
  readonly #staging: string;
  readonly #open = new Map<string, number>();

  /** Makes the folder where it is not there. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#staging = tried(folder, () => {
      makeFolder(path.resolve(folder));
      return mkdtempSync(path.join(folder, '.gpuvm-trace-'));
    });
  }

  /** Takes the bytes of a file, in order. */
  file(name: string): (bytes: Uint8Array) => void {
    const fd = openSync(path.join(this.#staging, name), 'wx');
    this.#open.set(name, fd);
    return (bytes) => {
      for (let at = 0; at < bytes.length; ) at += tried(this.#folder, () => writeSync(fd, bytes, at));
    };
  }

  /** Puts each file where `placeOf` says, below the folder; gives the places where one was before. */
  commit(placeOf: (name: string) => string): string[] {
    const replaced: string[] = [];
    for (const [name, fd] of this.#open) {
      closeSync(fd);
      this.#open.delete(name);
      const place = path.join(this.#folder, placeOf(name));
      tried(place, () => {
        this.#makeFolders(path.dirname(placeOf(name)));
        if (existsSync(place)) replaced.push(place);
        renameSync(path.join(this.#staging, name), place);
      });
    }
    this.discard();
    return replaced;
  }

  /** One by one: a link on the way may lead out of the folder. */
  #makeFolders(place: string): void {
    let folder = this.#folder;
    for (const part of place.split('/')) {
      folder = path.join(folder, part);
      const there = lstatSync(folder, { throwIfNoEntry: false });
      if (there?.isSymbolicLink()) throw new UserError(`${folder}: a link leads out of ${this.#folder}`);
      if (there === undefined) mkdirSync(folder);
    }
  }

  /** Leaves nothing of what was not committed. */
  discard(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
    rmSync(this.#staging, { recursive: true, force: true });
  }
}

/** One by one: where mkdir() says that there is no such place, as in /proc, Node's own way of doing it never ends. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder);
}

function tried<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${name}: cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
