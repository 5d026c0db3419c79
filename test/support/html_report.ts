// HTML reports for the tests: of captures, of hostile text, of very many jobs.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Analysis } from '../../src/analyze.ts';
import { rules } from '../../src/checks/index.ts';
import { pageParts } from '../../src/cli/page_parts.ts';
import { JobRow } from '../../src/replay/job_row.ts';
import { RowTable } from '../../src/replay/row_table.ts';
import type { CheckRun } from '../../src/reporters/checked_trace.ts';
import { html } from '../../src/reporters/html/html.ts';
import type { PageData } from '../../src/reporters/html/page_data.ts';
import { type JobPlaces, TraceRecording } from '../../src/reporters/html/recording.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-html-'));

export function writePage(run: CheckRun, name: string): { readonly url: string; readonly text: string } {
  const text = html(run, pageParts());
  const file = path.join(folder, `${name}.html`);
  writeFileSync(file, text);
  return { url: pathToFileURL(file).href, text };
}

/** What a report of this run embeds. */
export function dataOf(text: string): PageData {
  const [, json = ''] = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(text) ?? [];
  return JSON.parse(json);
}

export function recordedRun(text: Uint8Array, file = 'trace.txt'): CheckRun {
  const recording = new TraceRecording();
  const analysis = new Analysis({ file, ...recording.options });
  analysis.push(text);
  const report = analysis.finish();
  const { findings, doubts, jobs } = report;
  const trace = { report, findings, known: 0, doubts, jobs, recording };
  return { traces: [trace], unread: [], rules, failOn: 'error', version: '0.0.0' };
}

/** The jobs of a run again and again, one behind the other. */
export function repeated(run: CheckRun, count: number): CheckRun {
  const [trace] = run.traces;
  const recording = trace?.recording;
  if (trace === undefined || recording === undefined) throw new Error('no trace');
  const { jobs } = trace.report;
  const long = trace.report.stats.lines;
  const more = new TraceRecording();
  const table = new RowTable();
  const many = Array.from({ length: count }, (_, i) => {
    const at = i % jobs.length;
    const by = Math.floor(i / jobs.length) * long;
    const row = jobs[at];
    const places = recording.places[at];
    if (row === undefined || places === undefined) throw new Error('no job');
    more.places.push(moved(places, by));
    more.appliers.push(recording.appliers[at]);
    for (const [line, time] of recording.times) more.times.set(line + by, (Number(time) + by / 1e6).toFixed(6));
    return JobRow.keep(table, { ...row.toJSON(), job: row.job + i, line: row.line + by, endLine: row.endLine + by });
  });
  return { ...run, traces: [{ ...trace, report: { ...trace.report, jobs: many }, jobs: many, recording: more }] };
}

function moved(places: JobPlaces, by: number): JobPlaces {
  const move = (line: number) => (line < 0 ? line : line + by);
  const { lockFrom, lockTo, holdFrom, holdTo, applyFrom, applyTo, retries } = places;
  return {
    lockFrom: move(lockFrom),
    lockTo: move(lockTo),
    holdFrom: move(holdFrom),
    holdTo: move(holdTo),
    applyFrom: move(applyFrom),
    applyTo: move(applyTo),
    retries: retries.map(move),
  };
}
