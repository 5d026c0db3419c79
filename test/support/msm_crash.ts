// The devcoredump that msm would write at a moment of a capture of its flow: the vm-log as vm_log() keeps it and
// crashstate_get_vm_logs() copies it, the mappings as crashstate_get_bos() goes through them.

export interface Crash {
  /** The last line of the capture that is before it. */
  readonly line: number;
  /** vm_log_shift. */
  readonly shift: number;
  readonly fault?: { readonly addr: bigint };
}

interface Slot {
  readonly op: string;
  readonly addr: bigint;
  readonly end: bigint;
}

const hex = (value: bigint): string => value.toString(16).padStart(16, '0');

export function devcoredump(bytes: Uint8Array, crash: Crash): string {
  const lines = Buffer.from(bytes).toString('latin1').split('\n').slice(0, crash.line);
  const { fault } = crash;
  return [
    ...['---', 'kernel: 6.18.35', 'module: msm', 'time: 1764100000.000000000', 'comm: msm', 'cmdline: ./msm'],
    'revision: 660 (6.6.0.1)',
    ...(fault === undefined ? [] : faultLines(fault.addr)),
    ...vmLog(lines, crash.shift),
    ...['rbbm-status: 0x00000000', 'ringbuffer:', '  - id: 0', '    iova: 0x0000000001000000', '    last-fence: 7'],
    ...['    retired-fence: 6', '    rptr: 20', '    wptr: 40', '    size: 32768'],
    'bos:',
    ...bos(lines),
    ...['registers:', '  - { offset: 0x0000, value: 0x00000000 }', ''],
  ].join('\n');
}

function faultLines(addr: bigint): string[] {
  return [
    ...['fault-info:', '  - ttbr0=0000000101fd5000', `  - iova=${hex(addr)}`, '  - dir=READ', '  - type=TRANSLATION'],
    ...['  - source=CP', 'pgtable-fault-info:', '  - ttbr0: 0000000101fd5000', '  - asid: 3'],
    `  - ptes: ${[0n, 0n, 0n, 0n].map(hex).join(' ')}`,
  ];
}

/** The lines of msm_gem_vm_unusable() and of the devcoredump are the same. */
export function vmLog(lines: readonly string[], shift: number): string[] {
  const size = 1 << shift;
  const ring: (Slot | undefined)[] = new Array<Slot | undefined>(size).fill(undefined);
  let next = 0;
  for (const line of lines) {
    const [, what, start = '0', length = '0'] = / mmu_((?:un)?map): .* addr=(0x\w+) len=(0x\w+)/.exec(line) ?? [];
    if (what === undefined) continue;
    ring[next] = { op: what, addr: BigInt(start), end: BigInt(start) + BigInt(length) };
    next = (next + 1) % size;
  }
  if (ring[0] === undefined) return [];
  const wrapped = ring[next] !== undefined;
  const count = wrapped ? size : Math.max(0, next - 1);
  const shown = Array.from({ length: count }, (_, i) => ring[(i + (wrapped ? next : 0)) % size]);
  return ['vm-log:', ...shown.map((slot) => `  - ${slot?.op}:5: 0x${hex(slot?.addr ?? 0n)}-0x${hex(slot?.end ?? 0n)}`)];
}

/** What leads to NULL is skipped. */
function bos(lines: readonly string[]): string[] {
  const vas = new Map<string, { readonly addr: bigint; readonly range: bigint; readonly obj: string }>();
  for (const line of lines) {
    const [, what, va = '', addr = '0', range = '0', obj = ''] =
      / va_(insert|remove): .* va=(\w+) addr=(\w+) range=(\w+) obj=(\w+)/.exec(line) ?? [];
    if (what === 'insert' && line.endsWith('ret=0')) vas.set(va, { addr: BigInt(addr), range: BigInt(range), obj });
    else if (what === 'remove') vas.delete(va);
  }
  const shown = [...vas.values()].filter(({ obj }) => obj !== '0x0').sort((a, b) => (a.addr < b.addr ? -1 : 1));
  return shown.flatMap(({ addr, range, obj }) => {
    const name = `obj ${obj.slice(-4)}`.padEnd(32);
    const head = [`  - iova: 0x${hex(addr)}`, `    size: ${range}`, '    flags: 0x10000', `    name: ${name}`];
    return addr % 0x8000n === 0n ? [...head, '    data: !!ascii85 |', '     zzz"bos:$- iova: 0x'] : head;
  });
}
