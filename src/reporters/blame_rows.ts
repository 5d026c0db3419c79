// The rows of `gpuvm-trace blame`: one an event that shaped the address, and one for the fault, in the order of the trace.
import { hex, ptrHex } from '../base/u64.ts';
import type { Span } from '../replay/fact.ts';
import type { WatchEntry, WatchKind, WatchLocks } from '../replay/watch.ts';
import type { FaultVerdict } from './fault.ts';
import { address, type Column, pointer } from './table.ts';

export type BlameRow =
  | { readonly entry: WatchEntry; readonly fault?: undefined }
  | { readonly entry?: undefined; readonly fault: FaultVerdict };

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

/** A cell of an event, and of the fault where it has one. */
function cell<T>(of: Get<T>, fault: (verdict: FaultVerdict) => T): (row: BlameRow) => T {
  return (row) => (row.entry === undefined ? fault(row.fault) : of(row.entry));
}

const none = () => undefined;

export const blameColumns: readonly Column<BlameRow>[] = [
  { name: 'line', kind: 'count', cell: cell((entry) => entry.line, none) },
  {
    name: 'time',
    kind: 'hex',
    cell: cell(
      (entry) => entry.time,
      (fault) => fault.time,
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
    ),
  },
  {
    name: 'name',
    kind: 'text',
    cell: cell(
      (entry) => entry.vm.name,
      ({ vm }) => vm?.name,
    ),
  },
  { name: 'job', kind: 'count', cell: cell((entry) => entry.job?.id, none) },
  { name: 'op', kind: 'count', cell: cell((entry) => entry.op?.index, none) },
  { name: 'step', kind: 'count', cell: cell((entry) => entry.step?.index, none) },
  { name: 'of', kind: 'hex', cell: cell((entry) => entry.step?.type, none) },
  { name: 'event', kind: 'hex', cell: cell(eventName, () => 'fault') },
  {
    name: 'addr',
    kind: 'hex',
    cell: cell(
      (entry) => address(entry.span?.addr),
      (fault) => address(fault.addr),
    ),
  },
  { name: 'range', kind: 'hex', cell: cell((entry) => address(entry.span?.range), none) },
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
    cell: cell<string | undefined>(none, (fault) => [fault.head, ...fault.lines].join('; ')),
  },
];
