// Checks on ourselves: what they catch is a bug in gpuvm-trace, never in a trace.

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`gpuvm-trace bug: ${message}`);
}

export function unreachable(value: never): never {
  throw new Error(`gpuvm-trace bug: unexpected ${JSON.stringify(value)}`);
}
