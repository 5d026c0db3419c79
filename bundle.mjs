// Joins the command line into the few files of dist/bin: to find and read the modules of a check, one by one, takes Node longer
// than a small trace. What only some commands need stays a file of its own, loaded with them.
import { chmodSync } from 'node:fs';
import { rolldown } from 'rolldown';

const bundle = await rolldown({
  input: { 'gpuvm-trace': 'bin/gpuvm-trace.ts', check_worker: 'src/cli/check_worker.ts' },
  platform: 'node',
  external: /^[^./]/, // packages are installed, not joined
});
await bundle.write({ dir: 'dist/bin', format: 'cjs', chunkFileNames: '[name].js', cleanDir: true });
await bundle.close();
chmodSync('dist/bin/gpuvm-trace.js', 0o755);
