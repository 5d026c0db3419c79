// Runs the analysis of one file for a subcommand.

import {
  Analysis,
  type AnalyzeOptions,
  isTraceDat,
  type MatchedDumps,
  matchDumps,
  type ProbeDefinition,
  type Ptr,
  parseDump,
  parseDynamicEvents,
  type Report,
  UserError,
  type VmDump,
} from '../index.ts';
import { readFileSync } from '../io/text_file.ts';
import { inflate, readTrace } from '../io/trace_file.ts';
import { withFile } from './spooled.ts';

export type RunOptions = Omit<AnalyzeOptions, 'file' | 'definitions' | 'initial'> & {
  readonly probes?: string | undefined;
  /** A file with the state before the trace. */
  readonly initialState?: string | undefined;
};

const EXPECTED =
  'expected ftrace text (tracefs trace or trace_pipe, trace-cmd report), a trace.dat, or another of `gpuvm-trace formats`, plain or compressed by gzip or zstd';

export async function runAnalysis(file: string, options: RunOptions): Promise<Report> {
  const { initialState } = options;
  if (initialState === undefined) return runOnce(file, options, undefined);
  const dumps = parseDump(readFileSync(initialState), initialState);
  return withFile(file, async (path) => {
    const { byVm, notes } = await matched(path, dumps, options);
    const report = await runOnce(path, options, byVm);
    const said = notes.map((note) => `${initialState}: ${note}`);
    return { ...report, file: file === '-' ? 'stdin' : file, doubts: [...said, ...report.doubts] };
  });
}

/** Which VMs of the trace the dumps are of. Where they show no pointers, the trace is read once for that. */
async function matched(
  path: string,
  dumps: readonly VmDump[],
  { probes, input, columns }: RunOptions,
): Promise<MatchedDumps> {
  const nameless = dumps.some((dump) => dump.gpuvm === 0);
  const unseen = nameless ? (await runOnce(path, { probes, input, columns, mmu: 'off' }, undefined)).world.unseen : [];
  return matchDumps(dumps, unseen);
}

async function runOnce(
  file: string,
  options: RunOptions,
  initial: ReadonlyMap<Ptr, VmDump> | undefined,
): Promise<Report> {
  const { probes, initialState: _, ...rest } = options;
  const definitions: ProbeDefinition[] = probes === undefined ? [] : readDefinitions(probes);
  const name = file === '-' ? 'stdin' : file;
  const analysis = new Analysis({ ...rest, file: name, definitions, initial });
  let bytes = 0;
  await readTrace(file, {
    wantsRandomAccess: (head) => (options.input === undefined ? isTraceDat(head) : options.input === 'trace.dat'),
    push(chunk) {
      bytes += chunk.length;
      return analysis.push(chunk);
    },
    random(source) {
      bytes += source.size;
      const damage = analysis.readTraceDat(source, { zlib: inflate });
      if (damage !== undefined) throw new UserError(`${name}: ${damage}`);
    },
  });
  const report = analysis.finish();
  if (bytes === 0) throw new UserError(`${name}: the file is empty; ${EXPECTED}`);
  if (report.stats.entries === 0) throw new UserError(`${name}: not a trace${unreadOf(report)}: ${EXPECTED}`);
  return report;
}

/** What was taken for a format and could not be read in it. */
function unreadOf({ diagnostics }: Report): string {
  const first = diagnostics.find(({ kind }) => kind === 'damaged' || kind === 'cut');
  return first === undefined ? '' : `: line ${first.line}, ${first.message}`;
}

function readDefinitions(file: string): ProbeDefinition[] {
  const definitions = parseDynamicEvents(readFileSync(file));
  if (definitions.length === 0)
    throw new UserError(`${file}: no probe definition in it; expected a saved tracefs dynamic_events`);
  return definitions;
}
