// What the thread of command_thread.ts runs: the built program's main(), with what it writes kept instead of written.
import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';

const BIN = '../../dist/bin/gpuvm-trace.js';
const { main } = createRequire(import.meta.url)('../../dist/src/cli/main.js');
const { port, answered } = workerData;

/** Takes what was written since it was asked last. */
function writtenTo(stream) {
  let written = [];
  stream.write = (chunk) => written.push(Buffer.from(chunk)) > 0;
  return () => {
    const text = Buffer.concat(written).toString();
    written = [];
    return text;
  };
}

const out = writtenTo(process.stdout);
const err = writtenTo(process.stderr);

function answer(code) {
  process.stdout.removeAllListeners('error'); // each main() adds one
  port.postMessage({ code, out: out(), err: err() });
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
}

port.on('message', async (args) => answer(await main([process.execPath, BIN, ...args])));
process.once('exit', answer); // whatever ended it
