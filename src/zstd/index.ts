// Zstandard: what unpacks it.
export { ZstdDecoder } from './decoder.ts';
export { ZstdError } from './zstd_error.ts';
