// A trace that begins in the middle of another, and the state of that other at this point.
import type { Report } from '../../src/analyze.ts';
import { stateColumns, vmColumns } from '../../src/reporters/columns.ts';
import { gpuvas } from '../../src/reporters/gpuvas.ts';
import { toCsv, toJson, toNdjson, toObject } from '../../src/reporters/table.ts';

export type StateFormat = 'csv' | 'json' | 'ndjson' | 'gpuvas';

/** The lines keep their numbers; what the header counts is left out. */
export function cutBefore(text: Uint8Array, line: number): Uint8Array {
  const lines = Buffer.from(text).toString('latin1').split('\n');
  const kept = lines.map((one, i) => (i < line || one.startsWith('# entries-in-buffer') ? '#' : one));
  return Buffer.from(kept.join('\n'), 'latin1');
}

/** As `gpuvm-trace state` prints it. */
export function stateText({ world }: Report, format: StateFormat): string {
  const vms = [...world.vms.values()];
  if (format === 'gpuvas') return vms.map((vm) => gpuvas(vm, world.mappingsOf(vm))).join('');
  const rows = vms.flatMap((vm) => [...world.mappingsOf(vm)].map((va) => ({ vm, va, resv: world.resvOf(va.obj) })));
  if (format === 'csv') return toCsv(stateColumns, rows);
  const objects = vms.map((vm) => toObject(vmColumns, vm));
  const mappings = rows.map((row) => toObject(stateColumns, row));
  if (format === 'json') return toJson({ vms: objects, mappings });
  return toNdjson('vm', objects) + toNdjson('mapping', mappings);
}
