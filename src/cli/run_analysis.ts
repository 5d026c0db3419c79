// Runs the analysis of one file for a subcommand.

import {
  Analysis,
  type AnalyzeOptions,
  isTraceDat,
  type ProbeDefinition,
  parseDynamicEvents,
  type Report,
  UserError,
} from '../index.ts';
import { readFileSync } from '../io/text_file.ts';
import { inflate, readTrace } from '../io/trace_file.ts';

export type RunOptions = Omit<AnalyzeOptions, 'file' | 'definitions'> & { readonly probes?: string | undefined };

const EXPECTED =
  'expected ftrace text (tracefs trace or trace_pipe, trace-cmd report) or a trace.dat, plain or compressed by gzip or zstd';

export async function runAnalysis(file: string, options: RunOptions): Promise<Report> {
  const { probes, ...rest } = options;
  const definitions: ProbeDefinition[] = probes === undefined ? [] : readDefinitions(probes);
  const name = file === '-' ? 'stdin' : file;
  const analysis = new Analysis({ ...rest, file: name, definitions });
  let bytes = 0;
  await readTrace(file, {
    wantsRandomAccess: isTraceDat,
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
  if (report.stats.entries === 0) throw new UserError(`${name}: not a trace: ${EXPECTED}`);
  return report;
}

function readDefinitions(file: string): ProbeDefinition[] {
  const definitions = parseDynamicEvents(readFileSync(file));
  if (definitions.length === 0)
    throw new UserError(`${file}: no probe definition in it; expected a saved tracefs dynamic_events`);
  return definitions;
}
