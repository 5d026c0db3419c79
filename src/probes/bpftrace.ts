// Probes as a bpftrace script whose output is the tracer's own text, so that it is read as a trace from tracefs is.
// `<...>` stands for the task's name, as where the tracer does not know it: a name can hold line breaks.
import type { Fetch, Probe, Value } from './function.ts';

/** How a fetched value is converted and printed. */
const PRINTED: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  x64: { type: 'uint64', text: '0x%llx' },
  u32: { type: 'uint32', text: '%u' },
  s32: { type: 'int32', text: '%d' },
  u8: { type: 'uint8', text: '%u' },
};

/** `kfunc:drm_exec_unlock_obj { printf(...); }`, or `kretfunc:` for a return. */
export function bpftraceBlock(probe: Probe): string {
  const { event, symbol, at } = probe;
  const fetches = probe.fetches.filter(({ format }) => format in PRINTED); // no text: it could hold line breaks
  const place = at === 'return' ? `(0 <- ${symbol})` : `(${symbol})`;
  const text = fetches.map(({ name, format }) => ` ${name}=${PRINTED[format]?.text}`).join('');
  const values = ['tid', 'cpu', '$t / 1000000000', '$t % 1000000000', ...fetches.map(converted)];
  const kind = at === 'return' ? 'kretfunc' : 'kfunc';
  return [
    `${kind}:${symbol}`,
    '{',
    '  $t = nsecs;',
    `  printf("           <...>-%d [%03d] %llu.%09llu: ${event}: ${place}${text}\\n",`,
    `    ${values.join(', ')});`,
    '}',
  ].join('\n');
}

function converted({ value, format }: Fetch): string {
  return `(${PRINTED[format]?.type})${expression(value)}`;
}

function expression(value: Value): string {
  switch (value.kind) {
    case 'retval':
      return 'retval';
    case 'param':
      return `args->${value.name}`;
    case 'member':
      return `${expression(value.of)}->${value.path}`;
    case 'bytes':
      return `*(${PRINTED[value.type]?.type} *)((uint64)${expression(value.of)} + ${value.offset})`;
  }
}
