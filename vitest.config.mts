import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    maxWorkers: '100%', // the default leaves a core idle
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
