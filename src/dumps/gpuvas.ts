// Reads the kernel's debugfs file `gpuvas`, which `state --format gpuvas` prints too: drm_debugfs_gpuva_info() of
// drm_debugfs.c. It shows neither the VM's pointer nor its flags; the objects are pointers in the clear.
import { parseU64, ptrFromU64, sub, type U64 } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import type { DumpedVa, VmBounds, VmDump } from '../events/vm_dump.ts';

export const GPUVAS_HEAD = 'DRM GPU VA space (';

const X = '(0x[0-9a-f]{16})';
const VM = new RegExp(String.raw`^DRM GPU VA space \((.*)\) \[${X};${X}\]$`);
const RESERVED = new RegExp(String.raw`^Kernel reserved node \[${X};${X}\]$`);
const ROW = new RegExp(String.raw`^     \| ${X} \| ${X} \| ${X} \| ${X} \| ${X}$`);
/** Column titles, the line below them, and what separates VMs. */
const FORM = /^(?: VAs \| start .*|-{20,}|\s*)$/;

interface OpenVm {
  readonly line: number;
  readonly name: string;
  readonly mm: readonly [U64, U64];
  kernel: readonly [U64, U64];
  readonly mappings: DumpedVa[];
}

/** Throws a UserError that names `file` and the line where the text is something else. */
export function parseGpuvas(text: string, file: string): VmDump[] {
  const vms: OpenVm[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const bad = (why: string) => new UserError(`${file}:${i + 1}: ${why}: ${JSON.stringify(line.slice(0, 60))}`);
    const [, name, from, to] = VM.exec(line) ?? [];
    const span = (a = '', b = ''): readonly [U64, U64] => {
      const [start, end] = [u64(a), u64(b)];
      if (end < start) throw bad('a range that ends before it begins');
      return [start, sub(end, start)];
    };
    if (name !== undefined) {
      vms.push({ line: i + 1, name, mm: span(from, to), kernel: [0, 0], mappings: [] });
      continue;
    }
    const vm = vms.at(-1);
    const reserved = RESERVED.exec(line);
    const row = ROW.exec(line);
    if ((reserved !== null || row !== null) && vm === undefined) throw bad('a row before any VA space');
    if (vm !== undefined && reserved !== null) vm.kernel = span(reserved[1], reserved[2]);
    else if (vm !== undefined && row !== null) vm.mappings.push(mapping(row));
    else if (!FORM.test(line)) throw bad('not a line of a gpuvas dump');
  }
  return vms.map(dumpOf);
}

function u64(text: string): U64 {
  return parseU64(text) ?? 0;
}

function mapping([, addr = '', range = '', , obj = '', offset = '']: readonly string[]): DumpedVa {
  const object = ptrFromU64(u64(obj));
  return { addr: u64(addr), range: u64(range), obj: object, offset: u64(offset), flags: 0, va: 0, resv: 0 };
}

function dumpOf({ line, name, mm, kernel, mappings }: OpenVm): VmDump {
  const bounds: VmBounds = { mmStart: mm[0], mmRange: mm[1], kernelStart: kernel[0], kernelRange: kernel[1] };
  return { line, gpuvm: 0, name, bounds, flags: undefined, resv: 0, whole: true, mappings };
}
