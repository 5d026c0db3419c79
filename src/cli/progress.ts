// How far long work is, on standard error where that is a terminal: one line, which is gone when the work ends.
import type { OnRead } from '../io/input.ts';
import { printablePath } from '../reporters/escape.ts';

/** Milliseconds of the process before which nothing is said; GPUVM_TRACE_PROGRESS_MS says otherwise. */
const QUIET = 2000;

/** Milliseconds between two lines. */
const PAUSE = 100;

interface Part {
  done: number;
  size: number;
}

export class Progress {
  readonly #name: string;
  readonly #parts: Part[] = [];
  readonly #quiet = quietFor();
  #next = this.#quiet;
  #isShown = false;

  constructor(name: string) {
    this.#name = name;
  }

  /** Of one of the files that are read; undefined where nobody would see it. */
  file(): OnRead | undefined {
    if (process.stderr.isTTY !== true || process.env['TERM'] === 'dumb') return undefined;
    const part = { done: 0, size: 0 };
    this.#parts.push(part);
    return (done, size) => {
      part.done = done;
      part.size = size;
      const now = performance.now();
      if (now < this.#next || this.#parts.some((one) => one.size === 0)) return;
      this.#next = now + Math.min(PAUSE, this.#quiet);
      this.#show();
    };
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K');
    this.#isShown = false;
  }

  #show(): void {
    const sum = (of: (part: Part) => number) => this.#parts.reduce((all, part) => all + of(part), 0);
    const [done, size] = [sum((part) => Math.min(part.done, part.size)), sum((part) => part.size)];
    const much = `${Math.floor((100 * done) / size)} % of ${megabytes(size)} MB read`;
    const whole = `${printablePath(this.#name)}: ${much}`;
    process.stderr.write(`\r${whole.length < process.stderr.columns ? whole : much}\u001b[K`);
    this.#isShown = true;
  }
}

function quietFor(): number {
  const asked = Number(process.env['GPUVM_TRACE_PROGRESS_MS'] ?? QUIET);
  return asked >= 0 ? asked : QUIET;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
