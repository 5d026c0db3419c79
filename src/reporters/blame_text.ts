// What `gpuvm-trace blame` prints for people: of each VM the verdict on a fault, then a line an event.
import { hex, type Ptr, ptrHex } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import type { VmState } from '../replay/vm_state.ts';
import type { WatchEntry } from '../replay/watch.ts';
import { type BlameRow, eventName, outcome } from './blame_rows.ts';
import type { CrashRow } from './crash.ts';
import { printable } from './escape.ts';
import { taskText } from './fault.ts';
import { timeRows } from './job_times.ts';
import { aligned } from './show_view.ts';
import { wrapped } from './style.ts';
import { vmTitle } from './vm_title.ts';

/** Short names of objects, in the order in which a reader meets them; VM for what shares the VM's own dma_resv object. */
class Names {
  readonly #names = new Map<Ptr, string>();
  readonly #own: Ptr;

  constructor(vm: VmState) {
    this.#own = vm.init.rObj;
  }

  of(obj: Ptr): string {
    if (obj === 0) return 'NULL';
    if (obj === this.#own) return 'VM';
    let name = this.#names.get(obj);
    if (name === undefined) {
      name = '';
      for (let n = this.#names.size; n >= 0; n = Math.floor(n / 26) - 1)
        name = String.fromCharCode(97 + (n % 26)) + name;
      this.#names.set(obj, name);
    }
    return name;
  }

  get legend(): string[] {
    return [...this.#names].map(([obj, name]) => `${name} = ${ptrHex(obj)}`);
  }
}

const HEAD = ['line', 'time', 'task', 'job', 'op.step', 'event', 'range', 'leads to', 'result', 'locks', 'keeps'];

/** Columns up to the event stay columns where the line is short. */
const EVENT = HEAD.indexOf('event') + 1;
const [RANGE, LEADS_TO, RESULT, LOCKS, KEEPS] = [EVENT, EVENT + 1, EVENT + 2, EVENT + 3, EVENT + 4];

type TraceRow = Exclude<BlameRow, { readonly crash: CrashRow }>;

/** width: columns to keep within, with two lines or more an event where a table is wider; undefined: a line an event. */
export function blameText(rows: readonly BlameRow[], names: LineNames, width?: number): string {
  const byVm = new Map<VmState | undefined, TraceRow[]>();
  for (const row of rows) {
    if (row.crash !== undefined) continue;
    const vm = row.entry === undefined ? row.fault.vm : row.entry.vm;
    const own = byVm.get(vm);
    if (own === undefined) byVm.set(vm, [row]);
    else own.push(row);
  }
  const sections = [...byVm].sort(([a], [b]) => (a?.ordinal ?? 0) - (b?.ordinal ?? 0));
  return sections.map(([vm, own]) => section(vm, own, { names, width })).join('\n');
}

interface Page {
  readonly names: LineNames;
  readonly width: number | undefined;
}

function section(vm: VmState | undefined, rows: readonly TraceRow[], { names: lineNames, width }: Page): string {
  const lines: string[] = vm === undefined ? [] : [printable(vmTitle(vm))];
  for (const { fault } of rows) {
    if (fault === undefined) continue;
    lines.push(printable(`fault at ${hex(fault.addr)}, ${fault.time}: ${fault.head}`));
    lines.push(...fault.lines.map((line) => printable(`  ${line}`)));
  }
  if (vm === undefined) return `${lines.join('\n')}\n`;
  const names = new Names(vm);
  const cells = rows.map((row) =>
    row.entry === undefined ? faultCells(row.fault.time) : cellsOf(row.entry, names, lineNames),
  );
  const { legend } = names;
  if (legend.length > 0) lines.push(`objects: ${legend.join(', ')}`);
  lines.push(...tableOf(cells, width), ...jobTimes(rows, lineNames));
  return `${lines.join('\n')}\n`;
}

/** A line an event; where that is too wide, what, when and who, and below it where, to what, and the locks. */
function tableOf(cells: readonly (readonly string[])[], width: number | undefined): string[] {
  const wide = aligned([HEAD, ...cells], [0, 1, 3]);
  if (width === undefined || wide.every((line) => line.length <= width)) return wide;
  const [head = '', ...firsts] = aligned(
    [HEAD, ...cells].map((row) => row.slice(0, EVENT)),
    [0, 1, 3],
  );
  return [head, ...firsts.flatMap((first, i) => [first, ...restOf(cells[i] ?? [], width)])];
}

function restOf(cells: readonly string[], width: number): string[] {
  const cell = (at: number) => (cells[at] === '-' ? '' : (cells[at] ?? ''));
  const where = [cell(RANGE), cell(LEADS_TO)].filter((text) => text !== '').join(' -> ');
  const keeps = cell(KEEPS) === '' ? '' : `keeps ${cell(KEEPS)}`;
  const parts = [where, cell(RESULT), cell(LOCKS), keeps].filter((text) => text !== '');
  return parts.length === 0 ? [] : wrapped(`${' '.repeat(10)}${parts.join('; ')}`, width, 12);
}

/** When the jobs of these rows were queued, run and signalled. */
function jobTimes(rows: readonly BlameRow[], names: LineNames): string[] {
  const jobs = new Set(rows.flatMap(({ entry }) => (entry?.job?.times === undefined ? [] : [entry.job])));
  const cells = [...jobs].flatMap(({ id, times }) => {
    return (times === undefined ? [] : timeRows(times, names)).map((row) => [`job ${id}`, ...row.map(printable)]);
  });
  return cells.length === 0 ? [] : ['runs', ...aligned(cells)];
}

function faultCells(time: string): string[] {
  return ['', time, '', '', '', '--- fault ---', '', '', '', '', ''];
}

function cellsOf(entry: WatchEntry, names: Names, lineNames: LineNames): string[] {
  const { line, time, job, op, step, span, place } = entry;
  const number = op === undefined ? '-' : step === undefined ? `${op.index}` : `${op.index}.${step.index} ${step.type}`;
  return [
    printable(lineNames.cell(line)),
    time,
    printable(taskText(entry)),
    job === undefined ? '-' : String(job.id),
    number,
    eventName(entry),
    span === undefined ? (entry.kind === 'flush' ? 'everything' : '-') : `${hex(span.addr)}+${hex(span.range)}`,
    place === undefined ? '-' : leadsTo(place, names),
    outcome(entry) ?? '-',
    locksText(entry, names),
    keepsText(entry),
  ];
}

function leadsTo({ obj, offset, phys }: NonNullable<WatchEntry['place']>, names: Names): string {
  if (obj !== undefined) return `${names.of(obj)}${offset === undefined ? '' : `+${hex(offset)}`}`;
  return phys === undefined ? '?' : `phys ${hex(phys)}`;
}

/** What a REMAP leaves of the old mapping. */
function keepsText(entry: WatchEntry): string {
  const parts: string[] = [];
  for (const side of ['prev', 'next'] as const) {
    const piece = entry[side];
    if (piece !== undefined) parts.push(`${side} ${hex(piece.addr)}+${hex(piece.range)}`);
  }
  return parts.join(', ');
}

/** `a NOT held; VM b`: the object's own dma_resv where it must be held, then what is. */
function locksText({ locks, place }: WatchEntry, names: Names): string {
  if (locks === undefined) return '-';
  if (locks.own === 'list lock') return 'the list’s own lock';
  const held = locks.held.map(({ obj }) => names.of(obj));
  if (locks.more > 0) held.push(`+${locks.more}`);
  const all = held.length === 0 ? 'none' : held.join(' ');
  if (locks.own === undefined || place?.obj === undefined) return held.length === 0 ? '-' : `holds ${all}`;
  return `${names.of(place.obj)} ${locks.own ? 'held' : 'NOT held'}; holds ${all}`;
}
