// Runs the analysis of one file for a subcommand.

import {
  Analysis,
  type AnalyzeOptions,
  type Finding,
  isDevcoredump,
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
import { followFile, followStream } from '../io/follow.ts';
import { readFileSync } from '../io/text_file.ts';
import { inflate, type RandomAccess, readTrace } from '../io/trace_file.ts';
import { withFile } from './spooled.ts';

export type RunOptions = Omit<AnalyzeOptions, 'file' | 'definitions' | 'initial'> & {
  readonly probes?: string | undefined;
  /** A file with the state before the trace. */
  readonly initialState?: string | undefined;
};

const EXPECTED =
  'expected ftrace text (tracefs trace or trace_pipe, trace-cmd report), a trace.dat, or another of `gpuvm-trace formats`, plain or compressed by gzip or zstd';

const CRASH_HINT =
  'blame TRACE --devcoredump FILE tells what a trace has of its fault, and --expect-state FILE compares its mappings';

export async function runAnalysis(file: string, options: RunOptions): Promise<Report> {
  const { initialState } = options;
  if (initialState === undefined) return runOnce(file, options, undefined);
  const dumps = parseDump(readFileSync(initialState), initialState);
  return withFile(file, async (path) => {
    const { byVm, notes } = await matched(path, dumps, options);
    const report = await runOnce(path, options, byVm);
    const said = notes.map((note) => `${initialState}: ${note}`);
    return { ...report, file: nameOf(file), doubts: [...said, ...report.doubts] };
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
  const analysis = analysisOf(file, options, initial);
  const bytes = await readInto(file, options.input, analysis);
  return reportOf(file, analysis, bytes);
}

/** Whatever reads the bytes of a trace, streamed or at any place. */
export interface TraceReader {
  /** False where no more are wanted. */
  push(chunk: Uint8Array): boolean;
  /** A sentence where it is none. */
  readTraceDat(source: RandomAccess, decompressors: { readonly zlib: typeof inflate }): string | undefined;
}

/** Hands a trace to its reader; returns how many bytes it has. */
export async function readInto(file: string, input: AnalyzeOptions['input'], reader: TraceReader): Promise<number> {
  let bytes = 0;
  await readTrace(file, {
    wantsRandomAccess: (head) => (input === undefined ? isTraceDat(head) : input === 'trace.dat'),
    push(chunk) {
      if (bytes === 0 && isDevcoredump(Buffer.from(chunk.subarray(0, 16)).toString('latin1')))
        throw new UserError(`${nameOf(file)}: is a devcoredump, not a trace; ${CRASH_HINT}`);
      bytes += chunk.length;
      return reader.push(chunk);
    },
    random(source) {
      bytes += source.size;
      const damage = reader.readTraceDat(source, { zlib: inflate });
      if (damage !== undefined) throw new UserError(`${nameOf(file)}: ${damage}`);
    },
  });
  return bytes;
}

/**
 * Follows a trace that is being written until it ends or the signal comes; `fresh` gets the analysis and the findings that
 * are new.
 */
export async function followAnalysis(
  file: string,
  options: RunOptions,
  signal: AbortSignal,
  fresh: (analysis: Analysis, findings: readonly Finding[]) => void,
): Promise<Report> {
  const { initialState } = options;
  const dumps = initialState === undefined ? [] : parseDump(readFileSync(initialState), initialState);
  if (dumps.some((dump) => dump.gpuvm === 0))
    throw new UserError(
      `${initialState}: names no VM by its pointer, and which it means shows only when the trace is over`,
    );
  const analysis = analysisOf(file, options, matchDumps(dumps, []).byVm);
  let bytes = 0;
  const sink = {
    push(chunk: Uint8Array) {
      if (bytes === 0 && isTraceDat(chunk))
        throw new UserError(`${nameOf(file)}: a trace.dat, and only text can be followed`);
      bytes += chunk.length;
      const wanted = analysis.push(chunk);
      const findings = analysis.fresh();
      if (findings.length > 0) fresh(analysis, findings);
      return wanted;
    },
  };
  await (file === '-' ? followStream(process.stdin, sink, signal) : followFile(file, sink, signal));
  return reportOf(file, analysis, bytes);
}

export function nameOf(file: string): string {
  return file === '-' ? 'stdin' : file;
}

function analysisOf(file: string, options: RunOptions, initial: ReadonlyMap<Ptr, VmDump> | undefined): Analysis {
  const { probes, initialState: _, ...rest } = options;
  const definitions = readDefinitions(probes);
  return new Analysis({ ...rest, file: nameOf(file), definitions, initial });
}

function reportOf(file: string, analysis: Analysis, bytes: number): Report {
  const report = analysis.finish();
  mustBeTrace(file, bytes, report);
  return report;
}

/** Refuses what turned out to be no trace. */
export function mustBeTrace(file: string, bytes: number, read: Pick<Report, 'stats' | 'diagnostics'>): void {
  if (bytes === 0) throw new UserError(`${nameOf(file)}: the file is empty; ${EXPECTED}`);
  if (read.stats.entries === 0) throw new UserError(`${nameOf(file)}: not a trace${unreadOf(read)}: ${EXPECTED}`);
}

/** What was taken for a format and could not be read in it. */
function unreadOf({ diagnostics }: Pick<Report, 'diagnostics'>): string {
  const first = diagnostics.find(({ kind }) => kind === 'damaged' || kind === 'cut');
  return first === undefined ? '' : `: line ${first.line}, ${first.message}`;
}

/** Of a saved dynamic_events, where one is named. */
export function readDefinitions(file: string | undefined): ProbeDefinition[] {
  if (file === undefined) return [];
  const definitions = parseDynamicEvents(readFileSync(file));
  if (definitions.length === 0)
    throw new UserError(`${file}: no probe definition in it; expected a saved tracefs dynamic_events`);
  return definitions;
}
