// Probes as dynamic_events lines for kernels without BTF: registers at the entry, `$argN` at the return, and offsets.
// Source: Documentation/trace/kprobetrace.rst; arch/x86/include/asm/ptrace.h, arch/arm64/kernel/ptrace.c for the registers.
import type { Fetch, Probe, Value } from './function.ts';

export const ARCHS = ['x86_64', 'arm64'] as const;
export type Arch = (typeof ARCHS)[number];

/** Where a function finds its arguments: registers first, then the stack from this slot on (x86: above the return address). */
const CALLS: Readonly<Record<Arch, { readonly registers: readonly string[]; readonly stack: number }>> = {
  x86_64: { registers: ['%di', '%si', '%dx', '%cx', '%r8', '%r9'], stack: 1 },
  arm64: { registers: ['%x0', '%x1', '%x2', '%x3', '%x4', '%x5', '%x6', '%x7'], stack: 0 },
};

/**
 * `p:gpuvm/unlock_obj drm_exec_unlock_obj exec=%di:x64 obj=%si:x64`. What lies at no place that is the same in all kernels
 * is left out; undefined where the event would mislead without it.
 */
export function kprobeLine(probe: Probe, arch: Arch): string | undefined {
  const args: string[] = [];
  for (const fetch of probe.fetches) {
    const text = argument(fetch, probe.at, arch);
    if (text !== undefined) args.push(text);
    else if (fetch.needed) return undefined;
  }
  return [`${probe.at === 'return' ? 'r' : 'p'}:gpuvm/${probe.event} ${probe.symbol}`, ...args].join(' ');
}

function argument({ name, value, format }: Fetch, at: Probe['at'], arch: Arch): string | undefined {
  const place = format === 'string' ? dereferenced(value, at, arch) : expression(value, at, arch);
  return place === undefined ? undefined : `${name}=${place}:${format}`;
}

/** The tracer's `string` is read where the expression points to. */
function dereferenced(value: Value, at: Probe['at'], arch: Arch): string | undefined {
  const pointer = expression(value, at, arch);
  return pointer === undefined ? undefined : `+0(${pointer})`;
}

function expression(value: Value, at: Probe['at'], arch: Arch): string | undefined {
  if (value.kind === 'retval') return '$retval';
  if (value.kind === 'param') return at === 'return' ? `$arg${value.index + 1}` : register(value.index, arch);
  const base = expression(value.of, at, arch);
  return base === undefined || value.offset === undefined ? undefined : `${hex(value.offset)}(${base})`;
}

function register(index: number, arch: Arch): string {
  const { registers, stack } = CALLS[arch];
  return registers[index] ?? `$stack${stack + index - registers.length}`;
}

/** With its sign: `+0x18`, `-0xc`. */
function hex(offset: number): string {
  const digits = Math.abs(offset).toString(16);
  return `${offset < 0 ? '-' : '+'}${offset === 0 ? '' : '0x'}${digits}`;
}
