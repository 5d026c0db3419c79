// A copy of what can be read only once, or only from its beginning on, kept until it is removed.
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../base/user_error.ts';

/** Whatever goes wrong with it, no room left for one, is a UserError. */
export class TemporaryFile {
  readonly path: string;
  readonly #folder: string;

  private constructor() {
    this.#folder = tried(() => mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-')));
    this.path = path.join(this.#folder, 'trace');
  }

  /** One that holds all of it. */
  static async of(chunks: AsyncIterable<Uint8Array>): Promise<TemporaryFile> {
    const file = new TemporaryFile();
    try {
      await file.#write(chunks);
    } catch (error) {
      file.remove();
      throw error;
    }
    return file;
  }

  async #write(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const fd = tried(() => openSync(this.path, 'w'));
    try {
      for await (const chunk of chunks) tried(() => writeFileSync(fd, chunk));
    } finally {
      closeSync(fd);
    }
  }

  /** What has it open may still read it. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function tried<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UserError(`cannot keep a copy in ${tmpdir()}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
