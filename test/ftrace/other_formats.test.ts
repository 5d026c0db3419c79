// The same capture in each of the formats that other programs write leads to the same findings.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, inflateSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import { describe, expect, it } from 'vitest';
import { Analysis, type AnalyzeOptions, type Report } from '../../src/analyze.ts';
import { parseDynamicEvents } from '../../src/ftrace/dynamic_events.ts';
import { sourceOf } from '../../src/ftrace/trace_dat/index.ts';
import { fixture } from '../support/captures.ts';
import {
  bpftraceJsonOf,
  csvOfColumns,
  csvOfText,
  csvOfWords,
  entriesOf,
  oldSystraceOf,
  perfettoOf,
  readFixture,
  systraceOf,
} from '../support/other_formats.ts';
import { reportOn } from '../support/report.ts';
import { FIXTURES } from '../support/run.ts';

type Options = Omit<AnalyzeOptions, 'file'>;

/** latin1 */
function report(text: string, options: Options = {}): Report {
  return reportOn(Buffer.from(text, 'latin1'), 100_000, options);
}

/** What a user decides by. Lines and spellings of time differ between formats. */
function verdict({ findings, jobs, doubts }: Report) {
  return {
    findings: findings.map(
      ({ rule, severity, confidence, pid, job, op, step, vm, addr, range, obj, resv, fingerprint }) => ({
        ...{ rule, severity, confidence, pid, job, op, step, vm, addr, range, obj, resv, fingerprint },
      }),
    ),
    jobs: jobs.map(({ job, pid, vm, vmName, ops, attempts, ret, counts, verdict: is }) => ({
      ...{ job, pid, vm, vmName, ops, attempts, ret, counts, is },
    })),
    doubts,
  };
}

function reportOnDat(name: string): Report {
  const bytes = new Uint8Array(gunzipSync(readFileSync(path.join(FIXTURES, name))));
  const analysis = new Analysis({ file: 'trace.dat' });
  expect(analysis.readTraceDat(sourceOf(bytes), { zlib: (data) => inflateSync(data) })).toBeUndefined();
  return analysis.finish();
}

const MISSING = readFixture('lab/tracecmd-missing/report-t.txt.gz');
const ENTRIES = entriesOf(MISSING);

describe('a capture with missing locks', () => {
  const whole = verdict(report(MISSING));

  it('is read whole from trace-cmd report', () => {
    expect(whole.findings.filter(({ rule }) => rule === 'missing-lock')).toHaveLength(10);
    expect(whole.jobs).toHaveLength(10);
    expect(ENTRIES).toHaveLength(565);
  });

  const byColumns = { columns: { name: 'event' } };
  const forms: [form: string, text: string, layout: string, options: Options][] = [
    ['perf script', readFixture('lab/tracecmd-missing/perf-script.txt.gz'), 'perf-script', {}],
    ['babeltrace2', readFixture('lab/tracecmd-missing/babeltrace.txt.gz'), 'babeltrace', {}],
    ['CSV with a column an argument', csvOfColumns(ENTRIES), 'csv', byColumns],
    ['CSV with semicolons', csvOfColumns(ENTRIES, ';'), 'csv', byColumns],
    ['CSV with tabs', csvOfColumns(ENTRIES, '\t'), 'csv', byColumns],
    ['CSV of key=value words, quoted, CRLF', csvOfWords(ENTRIES), 'csv', {}],
    ['CSV of the tracer’s text, with a byte order mark', `\xef\xbb\xbf${csvOfText(ENTRIES)}`, 'csv', {}],
    ['CSV of quoted words with a byte order mark', `\xef\xbb\xbf${csvOfWords(ENTRIES)}`, 'csv', {}],
    ['traceconv text', perfettoOf(ENTRIES), 'perfetto', {}],
    ['older traceconv text', perfettoOf(ENTRIES).replace(/(\w) \{$/gm, '$1: {'), 'perfetto', {}],
  ];

  it.each(forms)('%s', (_, text, layout, options) => {
    const read = report(text, options);
    expect(verdict(read)).toEqual(whole);
    expect(read.diagnostics).toEqual([]);
    expect(read.stats.entries).toBe(565);
    expect([...read.stats.layouts]).toContain(layout);
  });

  it.each(forms)('%s, bytes one by one', (_, text, __, options) => {
    const some = text.slice(0, 30_000);
    const bytes = Buffer.from(some, 'latin1');
    expect(verdict(reportOn(bytes, 1, options))).toEqual(verdict(report(some, options)));
  });

  it('names of tasks are told where the format has them', () => {
    for (const text of [
      csvOfWords(ENTRIES),
      perfettoOf(ENTRIES),
      readFixture('lab/tracecmd-missing/perf-script.txt.gz'),
    ])
      expect(new Set(report(text).jobs.map((job) => job.comm))).toEqual(new Set(['vmb-missing']));
  });
});

describe('what real programs printed of the trace.dat beside it', () => {
  it.each([
    ['misc', 'perf-script'],
    ['misc', 'babeltrace'],
    ['lost', 'perf-script'],
  ])('tracecmd-%s, %s', (name, form) => {
    const dat = reportOnDat(`lab/tracecmd-${name}/trace.dat.gz`);
    const release = { named: undefined, patches: [] };
    const text = readFixture(`lab/tracecmd-${name}/${form}.txt.gz`);
    const header = form === 'perf-script' ? `# os release : ${dat.stats.release}\n` : '';
    const read = report(`${header}${text}`, { kernel: release });
    expect(verdict(read).findings).toEqual(verdict(dat).findings);
    expect(verdict(read).jobs).toEqual(verdict(dat).jobs);
    expect(read.stats.lost).toBe(dat.stats.lost);
    expect(read.stats.entries).toBe(dat.stats.entries);
  });
});

describe('text of the tracer within something else', () => {
  const trace = readFixture('lab/missing/trace.txt');
  const whole = verdict(report(trace));

  it.each([
    ['a page of systrace', systraceOf(trace), 'systrace-html'],
    ['an older page of systrace', oldSystraceOf(trace), 'systrace-html'],
    ['messages of bpftrace', bpftraceJsonOf(trace), 'bpftrace-json'],
  ])('%s', (_, text, layout) => {
    const read = report(text);
    expect(verdict(read)).toEqual(whole);
    expect(read.diagnostics).toEqual([]);
    expect([...read.stats.layouts]).toContain(layout);
  });

  it('bpftrace -f json and bpftrace print the same', () => {
    const sorted = (text: string, field: RegExp) =>
      text
        .split('\n')
        .map((line, i) => ({ line, i, time: Number(field.exec(line)?.[1] ?? 0) }))
        .sort((a, b) => a.time - b.time || a.i - b.i)
        .map(({ line }) => line)
        .join('\n');
    const plain = sorted(readFixture('lab/bpftrace-missing-6.12/raw.txt'), /^ +<\.\.\.>-\d+ \[\d+\] ([\d.]+):/);
    const json = sorted(readFixture('lab/bpftrace-missing-6.12/raw.json.gz'), /<\.\.\.>-\d+ \[\d+\] ([\d.]+):/);
    expect(verdict(report(`${json.trim()}\n`))).toEqual(verdict(report(`${plain.trim()}\n`)));
    expect(report(`${json.trim()}\n`).stats.entries).toBe(593);
  });
});

describe('CSV of what the tracer prints', () => {
  const LINE = /^ *(.{0,16}?)-(\d+) +\[(\d+)\] \S+ +([\d.]+): ([\w.]+): (.*)$/s;

  it.each([
    ['xe/edited-worker-late', 'of tracepoints'],
    ['lab/var-fields', 'with the option fields'],
    ['msm/bounds', 'with names of functions'],
  ])('%s, %s', (name) => {
    const lines = fixture(name).read();
    const entries = Buffer.from(lines)
      .toString('latin1')
      .split('\n')
      .flatMap((line) => {
        const [whole, comm = '', pid = '', cpu = '', ts = '', event = '', args = ''] = LINE.exec(line) ?? [];
        return whole === undefined ? [] : [{ whole, row: [ts, cpu, pid, comm, event, args] }];
      });
    const csv = stringify([['ts', 'cpu', 'pid', 'comm', 'name', 'args'], ...entries.map(({ row }) => row)]);
    const text = report(entries.map(({ whole }) => `${whole}\n`).join(''));
    expect(entries.length).toBeGreaterThan(200);
    expect(verdict(report(csv))).toEqual(verdict(text));
    expect(text.findings.length).toBeGreaterThan(0);
  });
});

describe('events are known by a saved dynamic_events', () => {
  it.each([
    ['perf', (text: string) => text],
    ['csv', (text: string) => csvOfText(entriesOf(text))],
  ] as const)('%s', (form, of) => {
    const renamed = (text: string) => text.replace(/\bva_insert:/g, 'my_insert:');
    const text = form === 'perf' ? readFixture('lab/tracecmd-missing/perf-script.txt.gz') : MISSING;
    const definitions = parseDynamicEvents('f:my/my_insert drm_gpuva_insert%return gpuvm=gpuvm ret=$retval\n');
    const inserts = (one: Report) => one.probed.get('drm_gpuva_insert') ?? 0;
    const known = report(of(renamed(text)), { definitions });
    expect(inserts(report(of(renamed(text))))).toBe(0);
    expect(inserts(known)).toBe(inserts(report(of(text))));
    expect(inserts(known)).toBeGreaterThan(10);
  });
});
