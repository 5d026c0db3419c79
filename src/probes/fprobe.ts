// Probes as dynamic_events lines for kernels with BTF, which names arguments and members.
// Source: Documentation/trace/fprobetrace.rst.
import type { Fetch, Probe, Value } from './function.ts';

/** `f:gpuvm/lock_obj drm_exec_lock_obj exec obj resv=obj->resv`. */
export function fprobeLine(probe: Probe): string {
  const place = probe.at === 'return' ? `${probe.symbol}%return` : probe.symbol;
  return [`f:gpuvm/${probe.event} ${place}`, ...probe.fetches.map(argument)].join(' ');
}

/** BTF gives pointers, enums and small numbers their format; a u64 would be printed in decimal. */
function argument({ name, value, format }: Fetch): string {
  const known = value.type.endsWith('*') ? format === 'x64' : format !== 'x64' && value.kind !== 'bytes';
  return `${name}=${expression(value)}${known ? '' : `:${format}`}`;
}

function expression(value: Value): string {
  switch (value.kind) {
    case 'retval':
      return '$retval';
    case 'param':
      return value.name;
    case 'member':
      return `${expression(value.of)}->${value.path}`;
    case 'bytes':
      return `${value.offset < 0 ? '' : '+'}${value.offset}(${expression(value.of)})`;
  }
}
