// The command line as a few files instead of two hundred: loading them one by one took longer than a small trace.
import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const packages = Object.keys(dependencies);

export default {
  input: 'dist/bin/gpuvm-trace.js',
  platform: 'node',
  external: (id) => packages.some((name) => id === name || id.startsWith(`${name}/`)),
  output: { dir: 'dist/bin', chunkFileNames: '[name].js' },
};
