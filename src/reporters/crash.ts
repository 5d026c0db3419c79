// What a GPU's crash left (msm's devcoredump) about one address, beside what the trace has of it.
import { add, hex, type U64 } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import type { CrashFault, CrashLogEntry, CrashObject, VmCrash } from '../events/vm_crash.ts';
import type { VmState } from '../replay/vm_state.ts';
import type { Watch, WatchEntry } from '../replay/watch.ts';
import { printable, printablePath } from './escape.ts';
import { aligned } from './show_view.ts';
import { counted } from './style.ts';

/** 1 << 8: a log of so many entries has wrapped, and is whole. */
const LARGEST_LOG = 256;

/** where: of the object, as seen from the address. */
export type CrashRow = { readonly file: string } & (
  | { readonly kind: 'fault'; readonly fault: CrashFault }
  | { readonly kind: 'object'; readonly object: CrashObject; readonly where: 'at' | 'below' | 'above' }
  | { readonly kind: 'log'; readonly entry: CrashLogEntry; readonly call: WatchEntry | undefined }
);

export interface CrashView {
  readonly file: string;
  readonly crash: VmCrash;
  readonly addr: U64;
  readonly rows: readonly CrashRow[];
  /** How the vm-log stands to the trace, in words; undefined where there is nothing to compare. */
  readonly placed: string | undefined;
  /** What the trace’s lines are called. */
  readonly lines: LineNames;
}

export function viewCrash(file: string, crash: VmCrash, watch: Watch, lines: LineNames): CrashView {
  const { addr } = watch;
  const entries = (crash.log?.entries ?? []).filter((entry) => holds(entry, addr));
  const { calls, placed } = placeIn(watch, entries);
  const rows: CrashRow[] = [
    ...(crash.fault === undefined ? [] : [{ file, kind: 'fault', fault: crash.fault } as const]),
    ...objectsAround(crash.objects?.mappings ?? [], addr).map((one) => ({ file, kind: 'object', ...one }) as const),
    ...entries.map((entry, index) => ({ file, kind: 'log', entry, call: calls[index] }) as const),
  ];
  return { file, crash, addr, rows, placed: crash.log === undefined ? undefined : placed, lines };
}

function holds({ addr, range }: Pick<CrashObject, 'addr' | 'range'>, at: U64): boolean {
  return addr <= at && at < add(addr, range);
}

/** The one that holds the address, or else those on either side of it: a fault is often just beyond one. */
function objectsAround(
  objects: readonly CrashObject[],
  at: U64,
): Pick<CrashRow & { kind: 'object' }, 'object' | 'where'>[] {
  const own = objects.find((object) => holds(object, at));
  if (own !== undefined) return [{ object: own, where: 'at' }];
  let below: CrashObject | undefined;
  let above: CrashObject | undefined;
  for (const object of objects) {
    if (object.addr > at) above = above === undefined || object.addr < above.addr ? object : above;
    else below = below === undefined || object.addr > below.addr ? object : below;
  }
  return [
    ...(below === undefined ? [] : [{ object: below, where: 'below' } as const]),
    ...(above === undefined ? [] : [{ object: above, where: 'above' } as const]),
  ];
}

interface Placed {
  /** The table call of the trace that each entry is. */
  readonly calls: readonly WatchEntry[];
  readonly placed: string;
}

/** The entries are the table calls of one VM in a row: where the trace has them just once, these are they. */
function placeIn(watch: Watch, entries: readonly CrashLogEntry[]): Placed {
  const at = hex(watch.addr);
  const byVm = new Map<VmState, WatchEntry[]>();
  for (const entry of watch.entries) {
    if (entry.kind !== 'table map' && entry.kind !== 'table unmap') continue;
    const calls = byVm.get(entry.vm);
    if (calls === undefined) byVm.set(entry.vm, [entry]);
    else calls.push(entry);
  }
  const nowhere = (placed: string) => ({ calls: [], placed });
  if (byVm.size === 0) return nowhere(`the trace shows no table call at ${at} to compare them with`);
  if (entries.length === 0) return nowhere('');
  const places = [...byVm.values()].flatMap((calls) => {
    const all = calls.map((_, from) => ({ calls, from }));
    return all.filter(({ from }) => entries.every((entry, index) => isSame(entry, calls[from + index])));
  });
  const [place] = places;
  if (place === undefined) return nowhere('the trace does not have these in a row: they are of another VM or time');
  if (places.length > 1) return nowhere(`the trace has these in ${places.length} places`);
  const { calls, from } = place;
  const behind = calls.length - from - entries.length;
  const after = behind === 0 ? 'none follows' : `${counted(behind, 'more follows', 'more follow')}`;
  return { calls: calls.slice(from, from + entries.length), placed: `of the trace’s table calls at ${at}, ${after}` };
}

function isSame({ op, addr, range }: CrashLogEntry, call: WatchEntry | undefined): boolean {
  const kind = op === 'map' ? 'table map' : 'table unmap';
  return call?.kind === kind && call.span?.addr === addr && call.span.range === range;
}

export function crashText({ file, crash, addr, rows, placed, lines: names }: CrashView): string {
  const { kernel, comm, log, objects, cut } = crash;
  const of = [
    kernel === undefined ? '' : `kernel ${printable(kernel)}`,
    comm === undefined ? '' : `task ${printable(comm)}`,
  ];
  const lines = [`${printablePath(file)}: ${['msm', ...of.filter((one) => one !== '')].join(', ')}`];
  if (cut) lines.push('  the file is cut off: it may have had more');
  for (const row of rows) if (row.kind === 'fault') lines.push(`  ${faultText(row.fault)}`);
  if (crash.fault === undefined) lines.push('  no fault: the GPU hung');
  const around = rows.filter((row) => row.kind === 'object');
  if (objects !== undefined && around[0]?.where !== 'at') lines.push(`  no object is mapped at ${hex(addr)}`);
  for (const { object, where } of around) lines.push(`  ${where}: ${objectText(object)}`);
  if (log === undefined) lines.push('  no vm-log (msm.vm_log_shift sets its length)');
  else lines.push(...logText(log.entries.length, rows, { addr, names }), ...(placed ? [`  ${placed}`] : []));
  return `${lines.join('\n')}\n`;
}

function faultText({ addr, dir, type, source }: CrashFault): string {
  return `fault at ${hex(addr)}: ${printable([dir, type, `source ${source}`].filter((word) => word !== '').join(', '))}`;
}

function objectText({ addr, range, name, line }: CrashObject): string {
  const named = name === '' ? '' : ` "${printable(name)}"`;
  return `${hex(addr)}-${hex(add(addr, range))}${named}, line ${line}`;
}

/** An address, and what the trace's lines are called. */
interface Where {
  readonly addr: U64;
  readonly names: LineNames;
}

function logText(count: number, rows: readonly CrashRow[], { addr, names }: Where): string[] {
  const missing = count < LARGEST_LOG ? '; the newest may be missing, msm leaves it out until the log is full' : '';
  const logged = rows.filter((row) => row.kind === 'log');
  const title = `  vm-log: ${logged.length} of ${counted(count, 'entry', 'entries')} at ${hex(addr)}${missing}`;
  if (logged.length === 0) return [title];
  const cells = logged.map(({ entry, call }) => [
    String(entry.line),
    entry.op,
    `${hex(entry.addr)}-${hex(add(entry.addr, entry.range))}`,
    String(entry.queue),
    call === undefined
      ? '-'
      : `${printable(names.name(call.line))}, ${call.time}${call.job === undefined ? '' : `, job ${call.job.id}`}`,
  ]);
  return [title, ...aligned([['line', 'what', 'range', 'queue', 'in the trace'], ...cells], [0, 3], 4)];
}
