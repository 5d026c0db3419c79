import path from 'node:path';
import { defineConfig } from 'vitest/config';

const DIST = path.join(import.meta.dirname, 'dist/src');

export default defineConfig({
  // What tests import of src/ is what tsc made of it: the code that users run, and a quarter faster than what vite makes of it.
  resolve: { alias: [{ find: /^(?:\.\.\/)+src\/(.+)\.ts$/, replacement: `${DIST}/$1.js` }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    server: { deps: { external: [/\/dist\/src\//] } }, // loaded by Node itself
    isolate: false, // files one after the other in one process, which has all compiled already
    maxWorkers: '100%', // the default leaves a core idle
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
