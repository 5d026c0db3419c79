#!/usr/bin/env node
import { main } from '../src/cli/main.ts';

/** Node ends, as if all were well, where nothing is left that could wake a command which still waits. */
function endedEarly(): void {
  process.stderr.write('gpuvm-trace: this is a bug: it waited for something that never came\n');
  process.exitCode = 2;
}

process.once('beforeExit', endedEarly);
void main(process.argv).then((code) => {
  process.off('beforeExit', endedEarly);
  process.exitCode = code;
});
