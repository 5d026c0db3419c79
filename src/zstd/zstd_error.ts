// What is wrong with compressed bytes, and which of them it is.

export class ZstdError extends Error {
  /** `at`: bytes in front of the one that is meant, from the first of the compressed ones on. */
  constructor(at: number, what: string) {
    super(`zstd data at byte ${at}: ${what}`);
  }
}
