// A file that is written while its content comes to be.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { UserError } from '../base/user_error.ts';

const BUFFERED = 1 << 16;

export class OutputFile {
  readonly #name: string;
  readonly #fd: number;
  #text = '';

  constructor(name: string) {
    this.#name = name;
    this.#fd = this.#tried(() => openSync(name, 'w'));
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= BUFFERED) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  /** Nothing of it is left. */
  discard(): void {
    closeSync(this.#fd);
    rmSync(this.#name, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    for (let at = 0; at < bytes.length; ) at += this.#tried(() => writeSync(this.#fd, bytes, at));
  }

  #tried<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new UserError(
        `${this.#name}: cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
