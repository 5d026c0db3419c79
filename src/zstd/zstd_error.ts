// What is wrong with compressed bytes, and which of them it is.

export class ZstdError extends Error {
  /** What was unpacked before may be other than what was packed; else it is only not all of it. */
  readonly isCorrupt: boolean;

  /** `at`: bytes in front of the one that is meant, from the first of the compressed ones on. */
  constructor(at: number, what: string, isCorrupt = true) {
    super(`zstd data at byte ${at}: ${what}`);
    this.isCorrupt = isCorrupt;
  }
}
