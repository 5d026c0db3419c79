// The version of the package, read where it is kept.
const manifest: unknown = require('gpuvm-trace/package.json');

export const VERSION =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
