// Probes as a bpftrace script whose output is the tracer's own text, so that it is read as a trace from tracefs is.
// `<...>` stands for the task's name, as where the tracer does not know it: a name can hold line breaks.
import type { Probe, Value } from './function.ts';
import type { Arch } from './kprobe.ts';

/** How a fetched value is converted and printed. */
const PRINTED: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  x64: { type: 'uint64', text: '0x%llx' },
  u32: { type: 'uint32', text: '%u' },
  s32: { type: 'int32', text: '%d' },
  u8: { type: 'uint8', text: '%u' },
};

/** bpftrace finds the arguments of a function through BTF where registers hold them all on x86. */
const MOST_ARGUMENTS = 6;
/** How many registers hold arguments. */
const REGISTERS: Readonly<Record<Arch, number>> = { x86_64: 6, arm64: 8 };

/** `kfunc:drm_exec_unlock_obj { printf(...); }`, or `kretfunc:` for a return; with too many arguments, kprobes. */
export function bpftraceBlock(probe: Probe, arch: Arch): string {
  const { symbol, at, params } = probe;
  const way = at === 'return' ? 'ret' : '';
  if (params.length <= MOST_ARGUMENTS) return block(`k${way}func:${symbol}`, printed(probe, throughBtf));
  const used = [...new Set(probe.fetches.flatMap(({ value }) => paramsOf(value)))];
  const saved = (index: number) => `@${symbol}_${index}[tid]`;
  const raw = (index: number) => (index < REGISTERS[arch] ? `arg${index}` : `sarg${index - REGISTERS[arch]}`);
  if (at === 'entry')
    return block(
      `kprobe:${symbol}`,
      printed(probe, (value) => throughOffsets(value, raw)),
    );
  return [
    block(
      `kprobe:${symbol}`,
      used.map((index) => `${saved(index)} = ${raw(index)};`),
    ),
    block(`kretprobe:${symbol}`, [
      ...printed(probe, (value) => throughOffsets(value, saved)),
      ...used.map((index) => `delete(${saved(index)});`),
    ]),
  ].join('\n');
}

function block(place: string, lines: readonly string[]): string {
  return [place, '{', ...lines.map((line) => `  ${line}`), '}'].join('\n');
}

/** Texts are left out: they could hold line breaks. */
function printed({ event, symbol, at, fetches }: Probe, source: (value: Value) => string | undefined): string[] {
  const values: string[] = [];
  let text = '';
  for (const { name, value, format } of fetches) {
    const print = PRINTED[format];
    const from = source(value);
    if (print === undefined || from === undefined) continue;
    text += ` ${name}=${print.text}`;
    values.push(`(${print.type})${from}`);
  }
  const where = at === 'return' ? `(0 <- ${symbol})` : `(${symbol})`;
  return [
    '$t = nsecs;',
    `printf("           <...>-%d [%03d] %llu.%09llu: ${event}: ${where}${text}\\n",`,
    `  ${['tid', 'cpu', '$t / 1000000000', '$t % 1000000000', ...values].join(', ')});`,
  ];
}

function throughBtf(value: Value): string {
  switch (value.kind) {
    case 'retval':
      return 'retval';
    case 'param':
      return `args->${value.name}`;
    case 'member': // bpftrace 0.17 does not find the members of struct drm_gpuva_op
      if (value.offset === undefined) return `${throughBtf(value.of)}->${value.path}`;
      return `*(uint64 *)(${moved(`(uint64)${throughBtf(value.of)}`, value.offset)})`;
    case 'bytes':
      return `*(${PRINTED[value.type]?.type} *)(${moved(`(uint64)${throughBtf(value.of)}`, value.offset)})`;
  }
}

/** Eight bytes are read and cut to the size: all these machines are little-endian. */
function throughOffsets(value: Value, argument: (index: number) => string): string | undefined {
  if (value.kind === 'retval') return 'retval';
  if (value.kind === 'param') return argument(value.index);
  const of = throughOffsets(value.of, argument);
  return of === undefined || value.offset === undefined ? undefined : `*(uint64 *)(${moved(of, value.offset)})`;
}

function moved(from: string, offset: number): string {
  return `${from} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`;
}

function paramsOf(value: Value): number[] {
  if (value.kind === 'retval') return [];
  return value.kind === 'param' ? [value.index] : paramsOf(value.of);
}
