// The version of the package, read where it is kept.
import { createRequire } from 'node:module';

const manifest: unknown = createRequire(import.meta.url)('gpuvm-trace/package.json');

export const VERSION =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
