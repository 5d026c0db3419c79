// Reads what `state` prints as CSV, JSON or NDJSON: a row a mapping; JSON and NDJSON have a row a VM besides.
import { parse } from 'csv-parse/sync';
import { type Ptr, parseU64, ptrFromU64, type U64 } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import type { DumpedVa, VmBounds, VmDump } from '../events/vm_dump.ts';

/** One row: what stands under each name, and the line that it came from (0: of a document without lines). */
interface Row {
  readonly line: number;
  readonly cells: Readonly<Record<string, unknown>>;
}

interface Rows {
  readonly vms: readonly Row[];
  readonly mappings: readonly Row[];
}

/** The columns that a mapping cannot do without. */
const NEEDED = ['vm', 'addr', 'range', 'obj', 'offset'];

export const CSV_HEAD = 'vm,';

export function parseStateCsv(text: string, file: string): VmDump[] {
  let records: readonly { readonly record: unknown; readonly info: { readonly lines: number } }[];
  try {
    records = parse(text, { columns: true, info: true, skip_empty_lines: true });
  } catch (error) {
    throw new UserError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return dumpsOf({ vms: [], mappings: records.map(({ record, info }) => rowOf(record, info.lines, file)) }, file);
}

export function parseStateJson(text: string, file: string): VmDump[] {
  const whole = jsonOf(text);
  if (isRecord(whole) && Array.isArray(whole['mappings'])) {
    const rows = (name: string) => listOf(whole[name]).map((cells) => rowOf(cells, 0, file));
    return dumpsOf({ vms: rows('vms'), mappings: rows('mappings') }, file);
  }
  return parseLines(text, file);
}

function parseLines(text: string, file: string): VmDump[] {
  const rows: { vms: Row[]; mappings: Row[] } = { vms: [], mappings: [] };
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const row = rowOf(jsonOf(line), i + 1, file);
    if (row.cells['kind'] === 'vm') rows.vms.push(row);
    else if (row.cells['kind'] === 'mapping') rows.mappings.push(row);
    else throw new UserError(`${place(file, row)}: neither a VM nor a mapping of a state`);
  }
  return dumpsOf(rows, file);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function rowOf(cells: unknown, line: number, file: string): Row {
  if (!isRecord(cells)) throw new UserError(`${place(file, { line })}: not a row of a state`);
  return { line, cells };
}

function place(file: string, { line }: Pick<Row, 'line'>): string {
  return line === 0 ? file : `${file}:${line}`;
}

/** Undefined where the cell is empty or absent; throws where it is no number. */
function number(row: Row, name: string, file: string): U64 | undefined {
  const cell = row.cells[name];
  if (cell === undefined || cell === null || cell === '') return undefined;
  const value = typeof cell === 'string' ? parseU64(cell) : undefined;
  if (value === undefined) throw new UserError(`${place(file, row)}: ${name} is no number: ${JSON.stringify(cell)}`);
  return value;
}

function pointer(row: Row, name: string, file: string): Ptr {
  return ptrFromU64(number(row, name, file) ?? 0);
}

/** As toCsv() and the JSON forms give it. */
function text(row: Row, name: string): string {
  const cell = row.cells[name];
  return typeof cell === 'string' ? cell.replace(/^'(?=[=+\-@\t\r])/, '') : '';
}

function mappingOf(row: Row, file: string): DumpedVa {
  for (const name of NEEDED)
    if (number(row, name, file) === undefined) throw new UserError(`${place(file, row)}: a mapping without ${name}`);
  return {
    addr: number(row, 'addr', file) ?? 0,
    range: number(row, 'range', file) ?? 0,
    obj: pointer(row, 'obj', file),
    offset: number(row, 'offset', file) ?? 0,
    flags: Number(number(row, 'flags', file) ?? 0),
    va: pointer(row, 'va', file),
    resv: pointer(row, 'resv', file),
  };
}

function boundsOf(row: Row, file: string): VmBounds | undefined {
  const mmStart = number(row, 'start', file);
  const mmRange = number(row, 'range', file);
  if (mmStart === undefined || mmRange === undefined) return undefined;
  const kernelStart = number(row, 'kernel_start', file) ?? 0;
  return { mmStart, mmRange, kernelStart, kernelRange: number(row, 'kernel_range', file) ?? 0 };
}

/** The VMs in the order of the file, each with its mappings. */
function dumpsOf({ vms, mappings }: Rows, file: string): VmDump[] {
  const found = new Map<Ptr, VmDump & { readonly mappings: DumpedVa[] }>();
  for (const row of vms) {
    const gpuvm = pointer(row, 'vm', file);
    const flags = number(row, 'flags', file);
    found.set(gpuvm, {
      line: row.line,
      gpuvm,
      name: text(row, 'name'),
      bounds: boundsOf(row, file),
      flags: flags === undefined ? undefined : Number(flags),
      resv: pointer(row, 'resv', file),
      whole: row.cells['complete'] !== false,
      mappings: [],
    });
  }
  for (const row of mappings) {
    const gpuvm = pointer(row, 'vm', file);
    const one = mappingOf(row, file);
    const known = found.get(gpuvm);
    if (known !== undefined) known.mappings.push(one);
    else {
      const { line } = row;
      const nothing = { bounds: undefined, flags: undefined, resv: 0, whole: true };
      found.set(gpuvm, { line, gpuvm, name: text(row, 'name'), ...nothing, mappings: [one] });
    }
  }
  return [...found.values()];
}
