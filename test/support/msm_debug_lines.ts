// A capture of msm's flow as its debug messages tell of it: vm_dbg() of msm_gem_vma.c, which the module does not have, in the places
// and in the text that the driver has them.

const LINE = /^ *\S.*?-(\d+) +\[\d+\] \S+ +(\d+\.\d+): (\w+): \(.*?\) (.*)$/;

/** How %p is printed: as it is (no_hash_pointers), or as a hash, the same one for the same pointer. */
export type Pointers = 'raw' | 'hashed';

interface Entry {
  /** Up to the name of the event. */
  readonly prefix: string;
  readonly pid: string;
  readonly time: string;
  readonly name: string;
  readonly word: (key: string) => string;
}

function entryOf(line: string): Entry | undefined {
  const [, pid = '', time = '', name = '', args = ''] = LINE.exec(line) ?? [];
  if (name === '') return undefined;
  const words = new Map(args.split(' ').map((word) => word.split('=') as [string, string]));
  return {
    prefix: line.slice(0, line.indexOf(`${name}: (`)),
    ...{ pid, time, name },
    word: (key) => words.get(key) ?? '0x0',
  };
}

const hex = (value: bigint): string => value.toString(16).padStart(16, '0');

/** The steps that tasks are in, and the hashes given out so far. */
class Printer {
  readonly #pointers: Pointers;
  readonly #steps = new Map<string, Entry>();
  readonly #closing = new Set<string>();
  readonly #hashes = new Map<string, string>();

  constructor(pointers: Pointers) {
    this.#pointers = pointers;
  }

  /** A hash of digits alone is a hash like others. */
  pointer(text: string): string {
    const digits = text.slice(2).padStart(16, '0');
    if (this.#pointers === 'raw' || /^0+$/.test(digits)) return digits;
    const known = this.#hashes.get(digits) ?? `00000000${10_000_000 + this.#hashes.size}`;
    this.#hashes.set(digits, known);
    return known;
  }

  /** What is printed where this entry stands. */
  messages(entry: Entry): string[] {
    const { name, pid, word } = entry;
    const range = () => `${hex(BigInt(word('addr')))} ${hex(BigInt(word('range')))}`;
    const va = () => `${this.pointer(word('gpuvm'))}:${this.pointer(word('va'))}`;
    const step = this.#steps.get(pid);
    switch (name) {
      case 'step_map':
        this.#steps.set(pid, entry);
        return [];
      case 'step_unmap':
        this.#steps.set(pid, entry);
        return [`msm_gem_vm_sm_step_unmap:625: ${va()}:${this.pointer(word('obj'))}: ${range()}`];
      case 'step_remap':
        this.#steps.set(pid, entry);
        return [`msm_gem_vm_sm_step_remap:552: orig_vma: ${va()}:${this.pointer(word('obj'))}: ${range()}`];
      case 'step_map_ret':
      case 'step_unmap_ret':
      case 'step_remap_ret':
        this.#steps.delete(pid);
        return [];
      case 'va_insert': {
        if (step === undefined || word('ret') !== '0') return [];
        if (step.name === 'step_map')
          return [`msm_gem_vm_sm_step_map:505: ${va()}:${this.pointer(word('obj'))}: ${range()}`];
        const side = word('addr') === step.word('addr') ? 'prev' : 'next';
        return [`msm_gem_vm_sm_step_remap:597: ${side}_vma: ${va()}: ${range()}`];
      }
      case 'vm_close':
        this.#closing.add(pid);
        return [];
      case 'vm_close_ret':
        this.#closing.delete(pid);
        return [];
      case 'mmu_map':
      case 'mmu_unmap': {
        const why = name === 'mmu_map' ? 'map' : this.#closing.has(pid) ? 'close' : 'unmap';
        const start = BigInt(word('addr'));
        const end = BigInt.asUintN(64, start + BigInt(word('len')));
        return [`vm_log:255: ${why}:${this.pointer(word('gpuvm'))}:5: ${hex(start)} ${hex(end)}`];
      }
      default:
        return [];
    }
  }
}

/** The trace with printk:console in the place of the probes on msm's page table calls. */
export function withDebugLines(bytes: Uint8Array, pointers: Pointers): Uint8Array {
  const printer = new Printer(pointers);
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const out: string[] = [];
  for (const line of lines) {
    const entry = entryOf(line);
    const said = entry === undefined ? [] : printer.messages(entry).map((text) => `${entry.prefix}console: ${text}`);
    const before = entry !== undefined && !/^va_insert$/.test(entry.name);
    if (before) out.push(...said);
    if (!/^mmu_(?:un)?map(?:_ret)?$/.test(entry?.name ?? '')) out.push(line);
    if (!before) out.push(...said);
  }
  const entries = out.filter((line) => /^ *\S.*?-\d+ +\[\d+\] /.test(line)).length;
  const text = out.join('\n').replace(/(entries-in-buffer\/entries-written: )\d+\/\d+/, `$1${entries}/${entries}`);
  return Buffer.from(text, 'latin1');
}

/** A line of the log, and the line of the trace that it is printed at. */
export interface LogLine {
  readonly text: string;
  readonly line: number;
}

/** What dmesg shows of it. */
export function debugLog(bytes: Uint8Array, pointers: Pointers): LogLine[] {
  const printer = new Printer(pointers);
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  return lines.flatMap((line, index) => {
    const entry = entryOf(line);
    if (entry === undefined) return [];
    const prefix = `[${entry.time.padStart(12)}][${`T${entry.pid}`.padStart(6)}] `;
    return printer.messages(entry).map((text) => ({ text: prefix + text, line: index + 1 }));
  });
}
