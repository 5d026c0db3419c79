// Which kind of file shows a VA space is told by how it begins.
import { add, hex, overflows } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import type { VmCrash } from '../events/vm_crash.ts';
import type { VmDump } from '../events/vm_dump.ts';
import { isDevcoredump } from './devcoredump_head.ts';
import { GPUVAS_HEAD, parseGpuvas } from './gpuvas.ts';
import { dumpOfCrash, parseCrashLog, parseDevcoredump } from './msm_crash.ts';
import { CSV_HEAD, parseStateCsv, parseStateJson } from './state_rows.ts';

/** The VMs of a dump; `text`: latin1. Throws a UserError that names `file` where it is none. */
export function parseDump(text: string, file: string): VmDump[] {
  const dumps = parseAny(text, file);
  for (const dump of dumps) checkApart(dump, file);
  return dumps;
}

/** What a GPU's crash left of a VM; `text`: latin1. Throws a UserError that names `file` where it shows none. */
export function parseCrash(text: string, file: string): VmCrash {
  const crash = isDevcoredump(text) ? parseDevcoredump(text, file) : parseCrashLog(text, file);
  if (crash !== undefined) return crash;
  throw new UserError(
    `${file}: shows no crash of a GPU; expected msm’s devcoredump, or a kernel’s log with a GPU fault or a vm-log`,
  );
}

function parseAny(text: string, file: string): VmDump[] {
  if (isDevcoredump(text)) return crashDump(text, file);
  const head = text.trimStart();
  if (head.startsWith(GPUVAS_HEAD)) return parseGpuvas(text, file);
  if (head.startsWith('{')) return parseStateJson(text, file);
  if (head.startsWith(CSV_HEAD)) return parseStateCsv(text, file);
  throw new UserError(
    `${file}: shows no VA space; expected debugfs gpuvas, msm’s devcoredump, or what gpuvm-trace state prints as csv, json, ndjson or gpuvas`,
  );
}

function crashDump(text: string, file: string): VmDump[] {
  const dump = dumpOfCrash(parseDevcoredump(text, file));
  if (dump !== undefined) return [dump];
  throw new UserError(`${file}: a devcoredump without mappings (bos:): it shows no VA space`);
}

/** Mappings of one VM never overlap: where they do, the file is no dump of one moment. */
function checkApart({ line, name, mappings }: VmDump, file: string): void {
  const sorted = [...mappings].sort((a, b) => {
    if (a.addr !== b.addr) return a.addr < b.addr ? -1 : 1;
    return a.range < b.range ? -1 : 1; // one without length goes before its neighbour
  });
  for (const [i, one] of sorted.entries()) {
    const next = sorted[i + 1];
    const place = `${file}${line === 0 ? '' : `:${line}`}: VM ${JSON.stringify(name)}`;
    if (overflows(one.addr, one.range))
      throw new UserError(`${place}: ${hex(one.addr)}+${hex(one.range)} leaves 64 bits`);
    if (next !== undefined && next.addr < add(one.addr, one.range))
      throw new UserError(
        `${place}: ${hex(one.addr)}+${hex(one.range)} and ${hex(next.addr)}+${hex(next.range)} overlap`,
      );
  }
}
