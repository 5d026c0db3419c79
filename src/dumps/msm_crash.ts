// Reads msm's devcoredump (msm_gpu_devcoredump_read() of msm_gpu.c, adreno_show() of adreno_gpu.c), and what of it stands in the
// kernel's log too: the fault (adreno_fault_handler()) and the vm-log (msm_gem_vm_unusable() of msm_gem_vma.c).
import { parseU64, sub, type U64 } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import type { CrashFault, CrashLog, CrashLogEntry, CrashObject, CrashObjects, VmCrash } from '../events/vm_crash.ts';
import type { VmDump } from '../events/vm_dump.ts';

/** What is printed of the GPU itself begins so; before it stand names that a user chose, line breaks included. */
const GPU_HEAD = 'revision: ';
/** A ring of 1 << 8 entries is the largest. */
const MAX_LOG = 256;

const LOG_ENTRY = /^ {2}- ([\w-]+):(-?\d+): 0x([0-9a-f]{16})-0x([0-9a-f]{16})$/;
const FAULT_LINE =
  /\*\*\* gpu fault: ttbr0=[0-9a-f]{16} iova=([0-9a-f]{16}) dir=(\w+) type=(\S+) source=(.*?)(?: \(\d+,\d+,\d+,\d+\))?$/;

/** Throws a UserError that names `file` and the line where a section holds something else. */
export function parseDevcoredump(text: string, file: string): VmCrash {
  const { lines, cut } = linesOf(text);
  const start = Math.max(
    0,
    lines.findLastIndex((line) => line.startsWith(GPU_HEAD)),
  );
  const named = (key: string) =>
    lines
      .slice(0, start)
      .find((line) => line.startsWith(`${key}: `))
      ?.slice(key.length + 2);
  const section = (name: string) => sectionOf(lines, lines.indexOf(`${name}:`, start), file);
  const [fault, log, objects] = [section('fault-info'), section('vm-log'), section('bos')];
  return {
    kernel: named('kernel'),
    comm: named('comm'),
    fault: fault && faultOf(fault),
    log: log && logOf(log),
    objects: objects && objectsOf(objects),
    cut,
  };
}

/** The same of a kernel's log, in whichever form it was saved; of several the last vm-log, and the first fault. */
export function parseCrashLog(text: string, file: string): VmCrash | undefined {
  const { lines, cut } = linesOf(text);
  const start = lines.findLastIndex((line) => /(?:^|[\] ])vm-log:$/.test(line));
  const prefix = (lines[start]?.length ?? 0) - 'vm-log:'.length;
  let end = start + 1;
  while (start >= 0 && LOG_ENTRY.test(lines[end]?.slice(prefix) ?? '')) end++;
  const entries = lines.slice(start + 1, end).map((line) => line.slice(prefix));
  const log = start < 0 ? undefined : logOf({ line: start + 1, rows: entries, file });
  const at = lines.findIndex((line) => FAULT_LINE.test(line));
  const [, addr = '', dir = '', type = '', source = ''] = FAULT_LINE.exec(lines[at] ?? '') ?? [];
  const fault = at < 0 ? undefined : { line: at + 1, addr: hexOf(addr), dir, type, source };
  if (log === undefined && fault === undefined) return undefined;
  return { kernel: undefined, comm: undefined, fault, log, objects: undefined, cut };
}

/** The mappings as a state of the VM that is not whole: NULL mappings are not among them, nor what objects they lead to. */
export function dumpOfCrash({ objects }: VmCrash): VmDump | undefined {
  if (objects === undefined) return undefined;
  const nothing = { gpuvm: 0, name: '', bounds: undefined, flags: undefined, resv: 0, whole: false } as const;
  const mappings = objects.mappings.map(({ addr, range }) => {
    return { addr, range, obj: undefined, offset: undefined, flags: 0, va: 0, resv: 0 };
  });
  return { line: objects.line, ...nothing, mappings };
}

/** The indented lines below a title. */
interface Section {
  /** Of the title. */
  readonly line: number;
  readonly rows: readonly string[];
  readonly file: string;
}

function linesOf(text: string): { readonly lines: readonly string[]; readonly cut: boolean } {
  const lines = text.split(/\r?\n/);
  const cut = lines.pop() !== ''; // a line that is not whole says nothing
  return { lines, cut };
}

function sectionOf(lines: readonly string[], title: number, file: string): Section | undefined {
  if (title < 0) return undefined;
  const behind = lines.findIndex((line, index) => index > title && !line.startsWith(' '));
  return { line: title + 1, rows: lines.slice(title + 1, behind < 0 ? lines.length : behind), file };
}

function bad({ line, rows, file }: Section, index: number, why: string): UserError {
  return new UserError(`${file}:${line + 1 + index}: ${why}: ${JSON.stringify(rows[index]?.slice(0, 60))}`);
}

function hexOf(digits: string): U64 {
  return parseU64(`0x${digits}`) ?? 0;
}

function faultOf(section: Section): CrashFault | undefined {
  const value = (key: string) => {
    const index = section.rows.findIndex((row) => row.startsWith(`  - ${key}=`));
    return { index, text: section.rows[index]?.slice(key.length + 5) ?? '' };
  };
  const { index, text } = value('iova');
  if (index < 0) return undefined;
  if (!/^[0-9a-f]{16}$/.test(text)) throw bad(section, index, 'not the address of a fault');
  const [dir, type, source] = ['dir', 'type', 'source'].map((key) => value(key).text);
  const line = section.line + 1 + index;
  return { line, addr: hexOf(text), dir: dir ?? '', type: type ?? '', source: source ?? '' };
}

function logOf(section: Section): CrashLog {
  const { line, rows } = section;
  if (rows.length > MAX_LOG) throw bad(section, MAX_LOG, `more than the ${MAX_LOG} entries that a vm-log can have`);
  const entries = rows.map((row, index): CrashLogEntry => {
    const [, op = '', queue = '', start = '', end = ''] = LOG_ENTRY.exec(row) ?? [];
    if (op === '') throw bad(section, index, 'not an entry of a vm-log');
    const [addr, behind] = [hexOf(start), hexOf(end)];
    if (behind < addr) throw bad(section, index, 'a range that ends before it begins');
    return { line: line + 1 + index, op, queue: Number(queue), addr, range: sub(behind, addr) };
  });
  return { line, entries };
}

function objectsOf(section: Section): CrashObjects {
  const { line, rows } = section;
  const mappings: CrashObject[] = [];
  let open: { readonly index: number; readonly addr: U64; range: U64 | undefined; name: string } | undefined;
  const end = (isCut: boolean) => {
    if (open === undefined) return;
    const { index, addr, range, name } = open;
    if (range !== undefined) mappings.push({ line: line + 1 + index, addr, range, name });
    else if (!isCut) throw bad(section, index, 'an object without a size');
  };
  for (const [index, row] of rows.entries()) {
    const [, lead, key, value = ''] = /^ {2}(- | {2})(\w+): (.*)$/.exec(row) ?? [];
    if (lead === '- ') {
      end(false);
      const addr = key === 'iova' && /^0x[0-9a-f]{16}$/.test(value) ? parseU64(value) : undefined;
      if (addr === undefined) throw bad(section, index, 'not the address of an object');
      open = { index, addr, range: undefined, name: '' };
    } else if (open === undefined || !row.startsWith('    ')) {
      throw bad(section, index, 'not a line of an object');
    } else if (key === 'size') {
      const range = /^\d+$/.test(value) ? parseU64(value) : undefined;
      if (range === undefined) throw bad(section, index, 'not a size');
      open.range = range;
    } else if (key === 'name') {
      open.name = value.trimEnd();
    }
  }
  end(true);
  return { line, mappings };
}
