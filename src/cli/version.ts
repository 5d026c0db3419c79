// The version of the package, read where it is kept: above the sources as above what is built of them.
import { findUpward } from '../io/find_upward.ts';

const file = findUpward('package.json', __dirname);
const manifest: unknown = file === undefined ? undefined : require(file);

export const VERSION =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
