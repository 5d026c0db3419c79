// The rows of `gpuvm-trace blame`: one an event that shaped the address, and one for the fault, in the order of the trace, behind
// what is left of a crash.
import { hex, ptrHex } from '../base/u64.ts';
import type { Span } from '../replay/fact.ts';
import type { WatchEntry, WatchKind, WatchLocks } from '../replay/watch.ts';
import type { CrashRow } from './crash.ts';
import type { FaultVerdict } from './fault.ts';
import { address, type Column, pointer } from './table.ts';

/** An event, the fault that was asked for, or what is left of a crash. */
export type BlameRow =
  | { readonly entry: WatchEntry; readonly fault?: undefined; readonly crash?: undefined }
  | { readonly entry?: undefined; readonly fault: FaultVerdict; readonly crash?: undefined }
  | { readonly entry?: undefined; readonly fault?: undefined; readonly crash: CrashRow };

const REQUESTS = { map: 'bind', map_null: 'bind null', unmap: 'unbind' } as const;

/** The kind of event, with what it asks for: `bind`, `step remap`, `table unmap`. */
export function eventName({ kind, op, step }: Pick<WatchEntry, 'kind' | 'op' | 'step'>): string {
  if (kind === 'request') {
    const asked = op?.kind ?? 'other';
    return asked === 'map' || asked === 'map_null' || asked === 'unmap' ? REQUESTS[asked] : asked;
  }
  return kind === 'step' || kind === 'listed' ? `${kind} ${step?.type ?? ''}` : kind;
}

const QUIET: ReadonlySet<WatchKind> = new Set(['sparse', 'unsparse', 'as lock', 'as unlock', 'flush', 'free']);

/** How it ended, for the address itself; undefined where that goes without saying. */
export function outcome(entry: WatchEntry): string | undefined {
  const { kind, fate, ret, result, span } = entry;
  if (QUIET.has(kind)) return undefined;
  if (fate !== undefined) return entry.step?.keep && fate === 'unmapped' ? 'unmapped (keep)' : fate;
  if (kind === 'insert') return ret === 0 || ret === undefined ? 'ok' : `refused ${ret}`;
  if (kind === 'remove') return 'ok';
  if (result === undefined) return undefined;
  const unshown = result.shown ? '' : ', no return shown';
  if (result.ret !== undefined && result.ret !== 0)
    return `refused ${result.ret}${result.reached ? ' behind it' : ''}${unshown}`;
  if (span !== undefined && result.done < span.range)
    return `short ${hex(result.done)} ${result.reached ? 'behind it' : 'before it'}${unshown}`;
  return 'ok';
}

/** `yes`, `no`, `immediate mode`; undefined where nothing can be said of it. */
export function ownLock({ locks }: WatchEntry): string | undefined {
  const own = locks?.own;
  return own === undefined ? undefined : own === true ? 'yes' : own === false ? 'no' : own;
}

function locksText(locks: WatchLocks | undefined): string | undefined {
  if (locks === undefined) return undefined;
  const names = locks.held.map(({ obj, resv }) => `${ptrHex(obj)}/${ptrHex(resv)}`);
  if (locks.more > 0) names.push(`+${locks.more}`);
  return names.join(' ');
}

function spanText(span: Span | undefined): string | undefined {
  return span === undefined ? undefined : `${hex(span.addr)}+${hex(span.range)}`;
}

type Get<T> = (entry: WatchEntry) => T;

const none = () => undefined;

/** A cell of an event, and of the fault and of a crash where they have one. */
function cell<T>(
  of: Get<T | undefined>,
  fault: (verdict: FaultVerdict) => T | undefined,
  crash: (row: CrashRow) => T | undefined = none,
): (row: BlameRow) => T | undefined {
  return (row) => {
    if (row.entry !== undefined) return of(row.entry);
    return row.fault === undefined ? crash(row.crash) : fault(row.fault);
  };
}

function crashSpan(row: CrashRow): Span | undefined {
  if (row.kind === 'fault') return undefined;
  return row.kind === 'log' ? row.entry : row.object;
}

/** `file:line` and what else the file says. */
function crashNote(row: CrashRow): string {
  const place = (line: number, text: string) => `${row.file}:${line}${text === '' ? '' : `: ${text}`}`;
  if (row.kind === 'log') return place(row.entry.line, `queue ${row.entry.queue}`);
  if (row.kind === 'object') return place(row.object.line, row.object.name);
  const { line, dir, type, source } = row.fault;
  return place(line, [dir, type, source].join(' '));
}

function crashEvent(row: CrashRow): string {
  return row.kind === 'log' ? `vm-log ${row.entry.op}` : `crash ${row.kind}`;
}

const callOf = (row: CrashRow) => (row.kind === 'log' ? row.call : undefined);

export const blameColumns: readonly Column<BlameRow>[] = [
  {
    name: 'line',
    kind: 'count',
    cell: cell(
      (entry) => entry.line,
      none,
      (row) => callOf(row)?.line,
    ),
  },
  {
    name: 'time',
    kind: 'hex',
    cell: cell(
      (entry) => entry.time,
      (fault) => fault.time,
      (row) => callOf(row)?.time,
    ),
  },
  { name: 'pid', kind: 'count', cell: cell((entry) => (entry.pid < 0 ? undefined : entry.pid), none) },
  { name: 'comm', kind: 'text', cell: cell((entry) => entry.comm, none) },
  {
    name: 'vm',
    kind: 'hex',
    cell: cell(
      (entry) => pointer(entry.vm.id),
      ({ vm }) => vm && pointer(vm.id),
      (row) => pointer(callOf(row)?.vm.id ?? 0),
    ),
  },
  {
    name: 'name',
    kind: 'text',
    cell: cell(
      (entry) => entry.vm.name,
      ({ vm }) => vm?.name,
      (row) => callOf(row)?.vm.name,
    ),
  },
  {
    name: 'job',
    kind: 'count',
    cell: cell(
      (entry) => entry.job?.id,
      none,
      (row) => callOf(row)?.job?.id,
    ),
  },
  { name: 'op', kind: 'count', cell: cell((entry) => entry.op?.index, none) },
  { name: 'step', kind: 'count', cell: cell((entry) => entry.step?.index, none) },
  { name: 'of', kind: 'hex', cell: cell((entry) => entry.step?.type, none) },
  { name: 'event', kind: 'hex', cell: cell(eventName, () => 'fault', crashEvent) },
  {
    name: 'addr',
    kind: 'hex',
    cell: cell(
      (entry) => address(entry.span?.addr),
      (fault) => address(fault.addr),
      (row) => address(row.kind === 'fault' ? row.fault.addr : crashSpan(row)?.addr),
    ),
  },
  {
    name: 'range',
    kind: 'hex',
    cell: cell(
      (entry) => address(entry.span?.range),
      none,
      (row) => address(crashSpan(row)?.range),
    ),
  },
  {
    name: 'obj',
    kind: 'hex',
    cell: cell(({ place }) => (place?.obj === undefined ? undefined : pointer(place.obj, '0x0')), none),
  },
  { name: 'offset', kind: 'hex', cell: cell((entry) => address(entry.place?.offset), none) },
  { name: 'phys', kind: 'hex', cell: cell((entry) => address(entry.place?.phys), none) },
  { name: 'prev', kind: 'hex', cell: cell((entry) => spanText(entry.prev), none) },
  { name: 'next', kind: 'hex', cell: cell((entry) => spanText(entry.next), none) },
  { name: 'result', kind: 'hex', cell: cell(outcome, (fault) => fault.word) },
  { name: 'held', kind: 'hex', cell: cell(ownLock, none) },
  { name: 'locks', kind: 'hex', cell: cell((entry) => locksText(entry.locks), none) },
  { name: 'queued', kind: 'hex', cell: cell(({ job }) => job?.times?.queued?.time, none) },
  { name: 'run', kind: 'hex', cell: cell(({ job }) => job?.times?.run?.time, none) },
  { name: 'signalled', kind: 'hex', cell: cell(({ job }) => job?.times?.signalled?.time, none) },
  {
    name: 'text',
    kind: 'text',
    cell: cell<string>(none, (fault) => [fault.head, ...fault.lines].join('; '), crashNote),
  },
];
