// What `gpuvm-trace walk` says of an address: a row an entry of the walk, then what else there is to know about it.
import { add, hex, ptrHex, sub, type U64 } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import type { Job } from '../replay/job.ts';
import type { Look } from '../replay/look.ts';
import type { VmState } from '../replay/vm_state.ts';
import type { Watch, WatchEntry, WatchPlace } from '../replay/watch.ts';
import { printable } from './escape.ts';
import { aligned } from './show_view.ts';
import { address, type Column, pointer } from './table.ts';
import { vmTitle } from './vm_title.ts';

/**
 * level: an entry of the walk. mapping: what the VA space says. tlb: a translation that may still be held. late: a job
 * whose table writes are to come. sparse, invalid, evicted, locked, reserved: what else holds for the address. verdict:
 * whether page table and VA space agree.
 */
export interface WalkRow {
  readonly vm: VmState;
  readonly row:
    | 'level'
    | 'mapping'
    | 'tlb'
    | 'late'
    | 'sparse'
    | 'invalid'
    | 'evicted'
    | 'locked'
    | 'reserved'
    | 'verdict';
  readonly level?: number;
  readonly index?: number;
  /** table, block, page or hole; mapped or nothing for a mapping; the agreement for the verdict. */
  readonly kind?: string;
  readonly addr?: U64 | undefined;
  readonly range?: U64 | undefined;
  readonly place?: WatchPlace | undefined;
  readonly rights?: string | undefined;
  /** Bytes of contiguous pages that the entry's hint promises. */
  readonly hint?: number;
  /** Who wrote or cleared it, or inserted the mapping. */
  readonly line?: number | undefined;
  readonly by?: WatchEntry | undefined;
  readonly job?: Job | undefined;
  readonly text?: string;
}

/** Who did something at a line, as far as it was at the watched address. */
function doer(watch: Watch | undefined, line: number | undefined): WatchEntry | undefined {
  return line === undefined || line === 0 ? undefined : watch?.entries.findLast((entry) => entry.line === line);
}

export function walkRows(look: Look, watch: Watch | undefined): WalkRow[] {
  const { vm, va } = look;
  const by = (line: number | undefined) => ({ line: line === 0 ? undefined : line, by: doer(watch, line) });
  const rows: WalkRow[] = look.steps.map(({ step, place, rights }) => ({
    vm,
    row: 'level',
    level: step.level,
    index: step.index,
    kind: step.kind,
    addr: step.addr,
    range: step.end - step.addr,
    place,
    rights,
    ...(step.leaf !== undefined && step.leaf.hint > 0 ? { hint: step.leaf.hint } : {}),
    ...by(step.leaf?.line ?? step.clearedBy),
  }));
  rows.push({
    vm,
    row: 'mapping',
    kind: va === undefined ? 'nothing' : 'mapped',
    addr: va?.addr,
    range: va?.range,
    place: look.place,
    ...by(va?.line),
  });
  for (const { held, place } of look.held) {
    const { addr, end } = held.was;
    rows.push({ vm, row: 'tlb', addr, range: end - addr, place, ...by(held.line), text: 'changed there, not flushed' });
  }
  for (const job of look.late) rows.push({ vm, row: 'late', job, text: 'its table writes are not over' });
  const also: readonly (readonly [boolean, WalkRow['row'], string])[] = [
    [look.sparse, 'sparse', 'in a sparse region: reads zero where nothing is mapped'],
    [look.invalid, 'invalid', 'in a sparse region, but its entry was made invalid: an access faults'],
    [look.evicted, 'evicted', 'its entry was cleared outside of any job: eviction or teardown'],
    [look.locked, 'locked', 'accesses of the GPU are locked out for now'],
    [look.reserved, 'reserved', 'in the range that the kernel keeps for itself'],
  ];
  for (const [holds, row, text] of also) if (holds) rows.push({ vm, row, text });
  rows.push({ vm, row: 'verdict', kind: look.agreement, text: verdictText(look) });
  return rows;
}

/** Whether page table and VA space agree, and what explains it where they do not. */
export function verdictText(look: Look): string {
  const { agreement, late, evicted, invalid, tableKnown } = look;
  const [job] = late;
  const pending = job === undefined ? '' : `: the table writes of job ${job.id} are not over`;
  const unsure = tableKnown ? '' : ' as far as the trace shows';
  switch (agreement) {
    case 'both':
      return `page table and VA space agree${unsure}`;
    case 'neither':
      return look.sparse && !invalid
        ? 'nothing is mapped, and the sparse region reads zero'
        : `nothing is mapped, in neither the VA space nor the page table${unsure}`;
    case 'missing':
      if (job !== undefined) return `the VA space maps it, the page table does not yet${pending}`;
      if (evicted) return 'the VA space maps it, but its entry was cleared outside of any job (eviction or teardown)';
      return `the VA space maps it, but the page table has no entry${unsure}: the GPU faults here`;
    case 'stale':
      if (job !== undefined) return `the VA space maps nothing, but the page table still translates it${pending}`;
      return `the VA space maps nothing, but the page table still translates it${unsure}`;
    case 'wrong':
      return `the page table leads to another place than the VA space says${job === undefined ? unsure : pending}`;
    case 'unknown':
      return 'the trace shows no page table call: only the VA space is known';
  }
}

export const walkColumns: readonly Column<WalkRow>[] = [
  { name: 'vm', kind: 'hex', cell: (row) => pointer(row.vm.id) },
  { name: 'name', kind: 'text', cell: (row) => row.vm.name },
  { name: 'row', kind: 'hex', cell: (row) => row.row },
  { name: 'level', kind: 'count', cell: (row) => row.level },
  { name: 'index', kind: 'count', cell: (row) => row.index },
  { name: 'kind', kind: 'hex', cell: (row) => row.kind },
  { name: 'addr', kind: 'hex', cell: (row) => address(row.addr) },
  { name: 'range', kind: 'hex', cell: (row) => address(row.range) },
  { name: 'obj', kind: 'hex', cell: ({ place }) => (place?.obj === undefined ? undefined : pointer(place.obj, '0x0')) },
  { name: 'offset', kind: 'hex', cell: (row) => address(row.place?.offset) },
  { name: 'phys', kind: 'hex', cell: (row) => address(row.place?.phys) },
  { name: 'rights', kind: 'hex', cell: (row) => row.rights },
  { name: 'hint', kind: 'hex', cell: (row) => address(row.hint) },
  { name: 'line', kind: 'count', cell: (row) => row.line },
  { name: 'job', kind: 'count', cell: (row) => (row.job ?? row.by?.job)?.id },
  { name: 'pid', kind: 'count', cell: ({ by }) => (by === undefined || by.pid < 0 ? undefined : by.pid) },
  { name: 'comm', kind: 'text', cell: (row) => row.by?.comm },
  { name: 'text', kind: 'text', cell: (row) => row.text },
];

/** `0x... at offset 0x...`, NULL, or a physical address where that is all that is known. */
export function placeText(place: WatchPlace | undefined): string {
  if (place === undefined) return '?';
  const { obj, offset, phys } = place;
  if (obj === 0) return 'NULL';
  const known = obj === undefined ? '' : `${ptrHex(obj)}${offset === undefined ? '' : ` at offset ${hex(offset)}`}`;
  const physical = phys === undefined ? '' : `physical ${hex(phys)}`;
  return known !== '' && physical !== '' ? `${known} (${physical})` : known || physical || '?';
}

function doerText({ by, line }: WalkRow, names: LineNames): string {
  const where = line === undefined ? '' : printable(names.name(line));
  if (by === undefined) return where;
  return `${where}: ${by.job === undefined ? 'no job' : `job ${by.job.id}`}, ${printable(by.comm)}-${by.pid}`;
}

/** One VM for people: the verdict, the walk level by level, the rest a line each. */
export function walkText(look: Look, watch: Watch | undefined, names: LineNames): string {
  const rows = walkRows(look, watch);
  const lines = [printable(vmTitle(look.vm)), `  ${verdictText(look)}`];
  const levels = rows.filter(({ row }) => row === 'level');
  if (levels.length > 0) {
    const cells = levels.map((row) => [
      String(row.level),
      String(row.index),
      `${hex(row.addr ?? 0)}+${hex(row.range ?? 0)}`,
      row.kind ?? '',
      row.kind === 'table' || row.kind === 'hole' ? '-' : placeText(row.place),
      row.rights ?? '-',
      row.hint === undefined ? '-' : hex(row.hint),
      row.kind === 'hole' && row.line === undefined ? 'never written' : doerText(row, names) || '-',
    ]);
    lines.push(
      ...aligned(
        [['level', 'index', 'covers', 'entry', 'leads to', 'rights', 'hint', 'written or cleared by'], ...cells],
        [0, 1],
      ),
    );
  }
  lines.push(
    ...aligned(
      rows
        .filter(({ row }) => row !== 'level' && row !== 'verdict')
        .map((row) => [nameOf(row), restText(row, look, names)]),
    ),
  );
  if (look.vm.tables.table !== undefined && look.held.length === 0)
    lines.push(`  TLB       ${look.vm.tables.flushes ? 'holds nothing else' : 'not known: the trace shows no flush'}`);
  return `${lines.join('\n')}\n`;
}

function nameOf({ row }: WalkRow): string {
  return row === 'mapping' ? 'VA space' : row === 'tlb' ? 'TLB' : row.padEnd(8);
}

function restText(row: WalkRow, { addr }: Look, names: LineNames): string {
  if (row.row === 'mapping') {
    if (row.addr === undefined || row.range === undefined) return 'maps nothing here';
    const into = hex(sub(addr, row.addr));
    const span = `${hex(row.addr)}+${hex(row.range)}`;
    return `${span}, ${into} into it: ${placeText(row.place)}${row.line === undefined ? '' : `, inserted at ${doerText(row, names)}`}`;
  }
  if (row.row === 'tlb') {
    const end = add(row.addr ?? 0, row.range ?? 0);
    return `may still hold ${hex(row.addr ?? 0)}-${hex(end)}: ${placeText(row.place)}; ${doerText(row, names)} changed it, no flush since`;
  }
  if (row.row === 'late') return `job ${row.job?.id ?? '?'} changed it, and its table writes are not over`;
  return row.text ?? '';
}
