// Decompresses a file that is read piece by piece: gzip by Node's zlib, zstd by src/zstd; a damaged one as far as it goes.
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Compression } from './input.ts';

/** What is wrong with compressed bytes, and where. */
export interface Damage {
  readonly message: string;
  /** What was unpacked of them may be other than what was packed; else it is only not all of it. */
  readonly isCorrupt: boolean;
}

interface Target {
  /** Bytes of a piece that is handed on. */
  readonly size: number;
  /** Told once, behind all that could be read. */
  readonly damaged: (damage: Damage) => void;
}

/** Handed to zlib at a time: of what it makes of them nothing is left where something in them is damaged. */
const STEP = 1 << 14;
/** Behind the data of a gzip member: CRC and length. Handed over alone, so that a wrong one costs no data. */
const TRAILER = 8;

export function decompressed(
  chunks: Iterable<Uint8Array>,
  compression: Exclude<Compression, 'none'>,
  target: Target,
): AsyncIterable<Uint8Array> {
  return compression === 'gzip' ? gunzip(chunks, target) : unzstd(chunks, target);
}

async function* unzstd(chunks: Iterable<Uint8Array>, { damaged }: Target): AsyncGenerator<Uint8Array> {
  const { ZstdDecoder, ZstdError } = await import('../zstd/index.ts');
  try {
    yield* new ZstdDecoder().unpacked(chunks);
  } catch (error) {
    if (!(error instanceof ZstdError)) throw error;
    damaged({ message: error.message, isCorrupt: error.isCorrupt });
  }
}

async function* gunzip(chunks: Iterable<Uint8Array>, { size, damaged }: Target): AsyncGenerator<Uint8Array> {
  const stream = new GunzipSteps(size);
  let done = 0;
  try {
    for (const step of stepsOf(chunks)) {
      const error = await stream.write(step);
      yield* stream.ready.splice(0);
      if (error !== undefined) {
        damaged({ message: `gzip data between byte ${done} and ${done + step.length}: ${error}`, isCorrupt: true });
        return;
      }
      done += step.length;
    }
    const error = await stream.end();
    yield* stream.ready.splice(0);
    if (error !== undefined) damaged({ message: `gzip data end early, at byte ${done}: ${error}`, isCorrupt: false });
  } finally {
    stream.close();
  }
}

/** zlib's stream, asked step by step: as a pipe it would drop what it has when it meets an error. */
class GunzipSteps {
  readonly ready: Uint8Array[] = [];
  readonly #stream: Gunzip;
  #error: string | undefined;
  #wake = (): void => {};

  constructor(size: number) {
    this.#stream = createGunzip({ chunkSize: size });
    this.#stream.on('data', (chunk: Uint8Array) => this.ready.push(chunk));
    this.#stream.on('error', (error) => {
      this.#error = textOf(error);
    });
    this.#stream.on('close', () => this.#wake());
  }

  /** Why the bytes cannot be unpacked; undefined: they were. */
  write(bytes: Uint8Array): Promise<string | undefined> {
    return this.#until((then) => this.#stream.write(bytes, then));
  }

  /** No more bytes come. */
  end(): Promise<string | undefined> {
    return this.#until(() => this.#stream.end());
  }

  close(): void {
    this.#stream.destroy();
  }

  async #until(begin: (then: () => void) => void): Promise<string | undefined> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      begin(resolve);
    });
    return this.#error;
  }
}

/** Copies of at most STEP bytes; the last TRAILER bytes of all are one of their own. */
function* stepsOf(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let held = Buffer.alloc(0);
  for (const chunk of chunks) {
    const bytes = Buffer.concat([held, chunk]);
    const end = Math.max(0, bytes.length - TRAILER);
    for (let at = 0; at < end; at += STEP) yield bytes.subarray(at, Math.min(at + STEP, end));
    held = bytes.subarray(end);
  }
  if (held.length > 0) yield held;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
