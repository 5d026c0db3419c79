// Runs the analysis of one file for a subcommand.

import { Analysis, type AnalyzeOptions, type Report, type Snapshot } from '../analyze.ts';
import type { Ptr } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import { isDevcoredump } from '../dumps/devcoredump_head.ts';
import type { VmDump } from '../events/vm_dump.ts';
import type { Finding } from '../findings/finding.ts';
import { type ProbeDefinition, parseDynamicEvents } from '../ftrace/dynamic_events.ts';
import { isTraceDat } from '../ftrace/trace_dat/index.ts';
import type { Damage } from '../io/compressed.ts';
import type { OnRead } from '../io/input.ts';
import { readFileSync } from '../io/text_file.ts';
import {
  inflate,
  type OpenTrace,
  openTrace,
  type RandomAccess,
  readTrace,
  type TraceTarget,
} from '../io/trace_file.ts';
import { type MatchedDumps, matchDumps } from '../replay/match_dumps.ts';
import { untilOf } from './moment.ts';
import { Progress } from './progress.ts';
import type { SnapshotChoice } from './snapshot_option.ts';
import { withTrace } from './spooled.ts';
import { fileOf, nameOf, type Trace, type TraceFile } from './traces.ts';

export type RunOptions = Omit<AnalyzeOptions, 'file' | 'definitions' | 'initial' | 'snapshots'> & {
  readonly probes?: string | undefined;
  /** A file with the state before the trace. */
  readonly initialState?: string | undefined;
  /** Files with the state at moments in the trace. */
  readonly snapshots?: readonly SnapshotChoice[] | undefined;
  /** No progress: the terminal gets something else meanwhile. */
  readonly quiet?: boolean;
};

const EXPECTED =
  'expected ftrace text (tracefs trace or trace_pipe, trace-cmd report), a trace.dat, or another of `gpuvm-trace formats`, plain or compressed by gzip or zstd';

const CRASH_HINT =
  'blame TRACE --devcoredump FILE tells what a trace has of its fault, and --expect-state FILE compares its mappings';

export async function runAnalysis(trace: Trace, options: RunOptions): Promise<Report> {
  const { initialState } = options;
  if (initialState === undefined) return runOnce(trace, options, undefined);
  const dumps = await dumpsOf(initialState);
  return withTrace(trace, async (copy) => {
    const { byVm, notes } = await matched(copy, dumps, options);
    const report = await runOnce(copy, options, byVm);
    const said = notes.map((note) => `${initialState}: ${note}`);
    return { ...report, doubts: [...said, ...report.doubts] };
  });
}

/** The VMs that a file shows. */
export async function dumpsOf(file: string): Promise<VmDump[]> {
  const { parseDump } = await import('../dumps/index.ts');
  return parseDump(readFileSync(file), file);
}

/** Which VMs of the trace the dumps are of. Where they show no pointers, the trace is read once for that. */
async function matched(
  trace: Trace,
  dumps: readonly VmDump[],
  { probes, input, columns }: RunOptions,
): Promise<MatchedDumps> {
  const nameless = dumps.some((dump) => dump.gpuvm === 0);
  const unseen = nameless ? (await runOnce(trace, { probes, input, columns, mmu: 'off' }, undefined)).world.unseen : [];
  return matchDumps(dumps, unseen);
}

async function runOnce(
  trace: Trace,
  options: RunOptions,
  initial: ReadonlyMap<Ptr, VmDump> | undefined,
): Promise<Report> {
  const analysis = await analysisOf(trace, options, initial);
  const [file = fileOf('-'), ...more] = trace;
  const progress = new Progress(nameOf(trace));
  const next = () => (options.quiet ? undefined : progress.file());
  let bytes: number | undefined;
  try {
    if (more.length > 0) await merge(trace, analysis, { isRandom: (head) => isDat(head, options.input), next });
    else bytes = await readInto(file, options.input, analysis, next());
  } finally {
    progress.end();
  }
  return wholeReport(trace, analysis, bytes);
}

function isDat(head: Uint8Array, input: AnalyzeOptions['input']): boolean {
  return input === undefined ? isTraceDat(head) : input === 'trace.dat';
}

/** Whatever reads the bytes of a trace, streamed or at any place. */
export interface TraceReader {
  /** False where no more are wanted. */
  push(chunk: Uint8Array): boolean;
  /** A sentence where it is none. */
  readTraceDat(source: RandomAccess, decompressors: { readonly zlib: typeof inflate }): string | undefined;
  /** Its compressed bytes are damaged behind what was read; who does not say what that means is not given such a file. */
  damaged?(damage: Damage): void;
}

/** Hands a trace to its reader; returns how many bytes it has. */
export async function readInto(
  file: TraceFile,
  input: AnalyzeOptions['input'],
  reader: TraceReader,
  onRead?: OnRead,
): Promise<number> {
  let bytes = 0;
  const target: TraceTarget = {
    wantsRandomAccess: (head) => isDat(head, input),
    push(chunk) {
      if (bytes === 0) refuseDevcoredump(file, chunk);
      bytes += chunk.length;
      return reader.push(chunk);
    },
    random(source) {
      bytes += source.size;
      const damage = reader.readTraceDat(source, { zlib: inflate });
      if (damage !== undefined) throw new UserError(`${file.name}: ${damage}`);
    },
  };
  let damage: Damage | undefined;
  const onDamage = (told: Damage) => {
    damage = told;
  };
  await readTrace(file.path, target, { onRead, onDamage: reader.damaged === undefined ? undefined : onDamage });
  if (damage !== undefined && bytes === 0) throw new UserError(`${file.name}: ${damage.message}`);
  if (damage !== undefined) reader.damaged?.(damage);
  return bytes;
}

/** Of each file, so much is read ahead of the others. */
const PIECE = 1 << 16;

interface Opening {
  readonly isRandom: (head: Uint8Array) => boolean;
  /** Who is told of the reads of the next file. */
  readonly next: () => OnRead | undefined;
}

async function merge(files: Trace, analysis: Analysis, { isRandom, next }: Opening): Promise<void> {
  const opened: OpenTrace[] = [];
  const damages: [file: number, damage: Damage][] = [];
  try {
    for (const [i, { path }] of files.entries()) {
      const onDamage = (damage: Damage) => damages.push([i, damage]);
      opened.push(await openTrace(path, isRandom, { size: PIECE, onRead: next(), onDamage }));
    }
    const inputs = opened.map((one, i) => {
      const file = files[i] ?? fileOf('-');
      const from =
        'random' in one
          ? { random: one.random, decompressors: { zlib: inflate } }
          : { chunks: checked(file, one.chunks) };
      return { file: file.name, from };
    });
    await analysis.merge(inputs);
    for (const [i, damage] of damages) analysis.damaged(damage, i);
  } finally {
    for (const { close } of opened) await close();
  }
}

async function* checked(file: TraceFile, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    if (bytes === 0) refuseDevcoredump(file, chunk);
    bytes += chunk.length;
    yield chunk;
  }
}

function refuseDevcoredump({ name }: TraceFile, head: Uint8Array): void {
  if (isDevcoredump(Buffer.from(head.subarray(0, 16)).toString('latin1')))
    throw new UserError(`${name}: is a devcoredump, not a trace; ${CRASH_HINT}`);
}

/**
 * Follows a trace that is being written until it ends or the signal comes; `fresh` gets the analysis and the findings that
 * are new.
 */
export async function followAnalysis(
  file: TraceFile,
  options: RunOptions,
  signal: AbortSignal,
  fresh: (analysis: Analysis, findings: readonly Finding[]) => void,
): Promise<Report> {
  const { initialState } = options;
  const dumps = initialState === undefined ? [] : await dumpsOf(initialState);
  if (dumps.some((dump) => dump.gpuvm === 0))
    throw new UserError(
      `${initialState}: names no VM by its pointer, and which it means shows only when the trace is over`,
    );
  const analysis = await analysisOf([file], options, matchDumps(dumps, []).byVm);
  const { followFile, followStream } = await import('../io/follow.ts');
  let bytes = 0;
  const sink = {
    push(chunk: Uint8Array) {
      if (bytes === 0 && isTraceDat(chunk))
        throw new UserError(`${file.name}: a trace.dat, and only text can be followed`);
      bytes += chunk.length;
      const wanted = analysis.push(chunk);
      const findings = analysis.fresh();
      if (findings.length > 0) fresh(analysis, findings);
      return wanted;
    },
  };
  await (file.path === '-' ? followStream(process.stdin, sink, signal) : followFile(file.path, sink, signal));
  return wholeReport([file], analysis, bytes);
}

async function analysisOf(
  trace: Trace,
  options: RunOptions,
  initial: ReadonlyMap<Ptr, VmDump> | undefined,
): Promise<Analysis> {
  const { probes, initialState: _, quiet: __, snapshots = [], ...rest } = options;
  const definitions = readDefinitions(probes);
  const taken = await Promise.all(snapshots.map((one) => snapshotOf(trace, one)));
  return new Analysis({ ...rest, file: nameOf(trace), definitions, initial, snapshots: taken });
}

async function snapshotOf(trace: Trace, { file, at }: SnapshotChoice): Promise<Snapshot> {
  return { file, dumps: await dumpsOf(file), until: untilOf(trace, at) };
}

/** bytes: undefined where the files are several. */
function wholeReport(trace: Trace, analysis: Analysis, bytes: number | undefined): Report {
  const report = analysis.finish();
  mustBeTrace(trace, bytes, report);
  return report;
}

/** Refuses what turned out to be no trace. */
export function mustBeTrace(
  trace: Trace,
  bytes: number | undefined,
  read: Pick<Report, 'stats' | 'diagnostics'>,
): void {
  if (bytes === 0) throw new UserError(`${nameOf(trace)}: the file is empty; ${EXPECTED}`);
  if (read.stats.entries === 0) throw new UserError(`${nameOf(trace)}: not a trace${unreadOf(read)}: ${EXPECTED}`);
}

/** What was taken for a format and could not be read in it. */
function unreadOf({ diagnostics }: Pick<Report, 'diagnostics'>): string {
  const first = diagnostics.find(({ kind }) => kind === 'damaged' || kind === 'cut' || kind === 'corrupt');
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
