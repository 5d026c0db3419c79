// Whatever tasks, VMs, files, markers and events are called: nothing of it does anything where it is shown, and no name of
// a task and no marker changes what is found.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import type { Finding } from '../../src/findings/finding.ts';
import { fixture } from '../support/captures.ts';
import { FORGED_EVENTS, hostilePath, hostileText } from '../support/hostile_text.ts';
import {
  babeltraceOf,
  bpftraceJsonOf,
  csvOfColumns,
  csvOfText,
  csvOfWords,
  type Entry,
  entriesOf,
  perfettoOf,
  perfScriptOf,
  readFixture,
} from '../support/other_formats.ts';
import {
  type Analyzed,
  analyzed,
  checkRendered,
  isInFull,
  type Options,
  rendered,
  renderedText,
  summary,
} from '../support/rendered.ts';
import { FIXTURES } from '../support/run.ts';

/** Another seed makes another run, and more depth a longer one. */
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20261126);
const DEPTH = Number(process.env['ROBUSTNESS'] ?? 1);
const RUNS = 600 * DEPTH;

const XML_SAMPLE = 200;

const ENTRIES_KEPT = 70;
const TASK = 'vmb-nolock';
const HEADER = /(entries-in-buffer\/entries-written: )\d+\/\d+/;
/** The begin of the lab's trace, with jobs that lack locks; its header counts what is left. */
const BASE = begin(fixture('nolock').read(), ENTRIES_KEPT);
const ENTRIES = entriesOf(readFixture('lab/tracecmd-missing/report-t.txt.gz')).slice(0, 60);

function begin(bytes: Uint8Array, entries: number): string[] {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const header = lines.filter((line) => line.startsWith('#'));
  return counted([...header, ...lines.slice(header.length, header.length + entries), ''], entries);
}

function counted(lines: readonly string[], entries: number): string[] {
  return lines.map((line) => line.replace(HEADER, `$1${entries}/${entries}`));
}

function on(text: string, file = 'trace.txt', options: Options = {}, chunk = text.length): Analyzed {
  const bytes = Buffer.from(text, 'latin1');
  const feed = (analysis: { push(chunk: Uint8Array): boolean }) => {
    for (let at = 0; at < bytes.length; at += chunk) analysis.push(bytes.subarray(at, at + chunk));
  };
  const done = analyzed(feed, file, options);
  if (done === undefined) throw new Error('it was refused');
  return done;
}

/** Checked as text; some of them in every form, and in other pieces, which make no difference. */
function checked(text: string, file = 'trace.txt', options: Options = {}): Analyzed {
  const done = on(text, file, options);
  if (!isInFull(Buffer.from(text, 'latin1'))) {
    checkRendered(renderedText(done));
    return done;
  }
  checkRendered(rendered(done));
  expect(summary(on(text, file, options, 1 + Math.floor(text.length / 3)))).toBe(summary(done));
  return done;
}

function identities({ report }: Analyzed): string[] {
  return report.findings.map(identity);
}

/** What is understood of it, findings or not. */
function understood(done: Analyzed): string[] {
  const { stats, jobs } = done.report;
  return [`${stats.events} events`, `${jobs.length} jobs`, ...identities(done)];
}

function identity({ rule, confidence, fingerprint, job, message }: Finding): string {
  return [rule, confidence, fingerprint, job, message].join(' | ');
}

/** What is stated must be what is stated of the trace itself. */
function expectNothingNew({ report }: Analyzed, known: readonly string[]): void {
  const stated = report.findings.filter(({ confidence }) => confidence !== 'inconclusive').map(identity);
  expect(stated.filter((one) => !known.includes(one))).toEqual([]);
}

function property<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void, numRuns = RUNS): void {
  fc.assert(fc.property(arbitrary, check), { seed: SEED, numRuns });
}

const place = fc.nat({ max: ENTRIES_KEPT - 1 });
const TRUTH = identities(on(BASE.join('\n')));

it('the trace that is spoilt has findings', () => {
  expect(TRUTH.length).toBeGreaterThan(0);
});

describe('the tracer’s text', () => {
  it('names of tasks', () => {
    property(fc.tuple(hostileText(false, 3), hostilePath), ([name, file]) => {
      const comm = name.slice(0, 15);
      const done = checked(BASE.map((line) => line.replace(TASK, () => comm)).join('\n'), file);
      expect(identities(done)).toEqual(TRUTH);
    });
  });

  it('names of tasks with line breaks', () => {
    property(
      hostileText(true, 3),
      (name) => {
        const comm = name.slice(0, 15);
        expectNothingNew(checked(BASE.map((line) => line.replace(TASK, () => comm)).join('\n')), TRUTH);
      },
      RUNS / 4,
    );
  });

  it('names of VMs', () => {
    property(hostileText(false), (name) => {
      const done = checked(BASE.map((line) => line.replace('"vmbind-lab"', () => `"${name}"`)).join('\n'));
      expect(identities(done)).toEqual(TRUTH);
    });
  });

  it('names of VMs with line breaks', () => {
    property(
      hostileText(true),
      (name) => {
        expectNothingNew(
          checked(BASE.map((line) => line.replace('"vmbind-lab"', () => `"${name}"`)).join('\n')),
          TRUTH,
        );
      },
      RUNS / 4,
    );
  });

  it('markers', () => {
    property(fc.tuple(hostileText(false), place), ([text, at]) => {
      const done = checked(withMarker(text, at));
      expect(identities(done)).toEqual(TRUTH);
    });
  });

  it('markers that look like entries', () => {
    property(fc.tuple(hostileText(true), place), ([text, at]) =>
      expectNothingNew(checked(withMarker(text, at)), TRUTH),
    );
  });

  it('events, functions, modules and headers', () => {
    property(
      fc.tuple(hostileText(false, 3), hostileText(false, 3), place),
      ([name, symbol, at]) => {
        const head = `   evil-1     [000] .....    48.000001: `;
        const fakes = [
          `${name}: (${symbol}+0x1/0x2 [${name}]) ${symbol}=1`,
          `e: (a [${symbol}] <- ${name}) ${name}`,
          `${name}: ${symbol}`,
        ];
        const lines = [...BASE];
        lines.splice(12 + at, 0, ...fakes.map((fake) => head + fake));
        const heads = [`# tracer: ${name}`, `# ${name} latency trace v1.1.5 on ${symbol}`, `#   ${symbol}`];
        checked([...heads, ...counted(lines, ENTRIES_KEPT + 3)].join('\n'));
      },
      RUNS / 2,
    );
  });
});

/** A marker as the tracer prints it, counted as the one entry that it is. */
function withMarker(text: string, at: number): string {
  const lines = [...BASE];
  lines.splice(12 + at, 0, `   ${TASK}-231     [001] .....    48.000001: tracing_mark_write: ${text}`);
  return counted(lines, ENTRIES_KEPT + 1).join('\n');
}

const UNDERSTOOD = understood(on(perfettoOf(ENTRIES)));

/** Formats that keep a text apart from what is around it. */
interface Quoting {
  readonly name: string;
  readonly write: (entries: readonly Entry[]) => string;
  readonly options?: Options;
}

const QUOTING: readonly Quoting[] = [
  { name: 'CSV, columns', write: csvOfColumns, options: { columns: { name: 'event' } } },
  { name: 'CSV, words', write: csvOfWords },
  { name: 'CSV, the tracer’s text', write: csvOfText },
  { name: 'Perfetto’s text', write: perfettoOf },
  { name: 'babeltrace2’s text', write: babeltraceOf },
];

describe.each(QUOTING)('$name', ({ write, options = {} }) => {
  const known = understood(on(write(ENTRIES), 'trace.txt', options));

  it('is understood', () => expect(known).toEqual(UNDERSTOOD));

  it('names of tasks, and markers', () => {
    property(
      fc.tuple(hostileText(true), hostileText(true), fc.nat({ max: ENTRIES.length - 1 })),
      ([comm, text, at]) => {
        const all = ENTRIES.map((entry) => ({ ...entry, comm }));
        const like = ENTRIES[at] as Entry;
        all.splice(at, 0, { ...like, comm, name: 'print', head: '', fields: [['buf', text]], text });
        expect(understood(checked(write(all), 'trace.txt', options))).toEqual(known);
      },
      RUNS / 4,
    );
  });
});

/** What perf prints between the task and the event, as far as a name of a task can hold it. */
const FORGED_PREFIXES = ['1 0.000000: a: ', '-1 0.000000: a:', '7 [000]', '\t', '\xa0 7'];
/** What the first line of another format begins with. */
const FORGED_SIGNS = [
  '<html>',
  '<script>',
  '<!doctype html>',
  'ts,cpu,name,a',
  'ts;name',
  'name,pid,',
  'x\tpid\tname\t',
  '{"type":"a"}',
  '[0] (+0) a: {',
  'packet {',
];

const OTHERS: readonly string[] = ['csv', 'perfetto', 'babeltrace', 'systrace-html', 'bpftrace-json'];

/** Entries of every layout, and lines of logs, that hold the text which their task or program chose. */
const FIRST_LINES: readonly ((text: string) => string)[] = [
  (text) => `${text.padStart(16)}-231     [001] .....    48.000001: sched_switch: a`,
  (text) => `            bash-231     [001] .....    48.000001: tracing_mark_write: ${text}`,
  (text) => `    bash-231     1.....   48us : tracing_mark_write: ${text}`,
  (text) => `            bash   231    1 0 00000000 00000001 [00000030] 48.000ms (+0.001ms): print: ${text}`,
  (text) => ` 1)               |  /* tracing_mark_write: ${text} */`,
  (text) => `tracing_mark_write: ${text}`,
  (text) => `${text.padStart(16)}   231 [001]    48.000001: sched:sched_switch: a`,
  (text) => `[   48.000001] ${text}`,
  (text) => `<6>[   48.000001] ${text}`,
  (text) => `Nov 26 12:00:00 host kernel: ${text}`,
];

it.each([...FORGED_SIGNS, 'a,name,pid,'])('a first line that holds %j is of no other format', (sign) => {
  for (const line of FIRST_LINES) {
    const { layouts } = on([line(sign), ...BASE.filter((one) => !one.startsWith('#'))].join('\n')).report.stats;
    expect([...layouts].filter((name) => OTHERS.includes(name))).toEqual([]);
  }
});

it('perf script, names of tasks and VMs, and markers', () => {
  const known = understood(on(perfScriptOf(ENTRIES)));
  expect(known).toEqual(UNDERSTOOD);
  property(
    fc.tuple(
      fc.oneof(hostileText(false, 3), fc.constantFrom(...FORGED_PREFIXES, ...FORGED_SIGNS)),
      hostileText(false),
      hostileText(false),
      fc.nat({ max: ENTRIES.length - 1 }),
    ),
    ([comm, vm, text, at]) => {
      const all = ENTRIES.map((entry) => ({
        ...entry,
        comm,
        text: entry.text.replace('"vmbind-lab"', () => `"${vm}"`),
      }));
      const like = ENTRIES[at] as Entry;
      all.splice(at, 0, { ...like, comm, name: 'print', text });
      expect(understood(checked(perfScriptOf(all)))).toEqual(known);
    },
    RUNS / 4,
  );
});

it('bpftrace’s JSON, markers', () => {
  const known = identities(on(bpftraceJsonOf(BASE.slice(12).join('\n'))));
  property(
    fc.tuple(hostileText(true), place),
    ([text, at]) => {
      const before = bpftraceJsonOf(BASE.slice(12, 12 + at).join('\n'));
      const after = bpftraceJsonOf(BASE.slice(12 + at).join('\n')).replace(/^.*\n/, '');
      const marker = `   ${TASK}-231     [001] .....    48.000001: tracing_mark_write: ${text}\n`;
      const done = checked(
        `${before}{"type": "printf", "data": ${JSON.stringify(marker).replace(/[\u0080-\uffff]/g, '?')}}\n${after}`,
      );
      expectNothingNew(done, known);
    },
    RUNS / 2,
  );
});

it('JUnit’s XML is what a validating reader takes', async () => {
  const texts: string[] = [];
  property(
    fc.tuple(hostileText(true), hostilePath, place),
    ([text, file, at]) => {
      const vm = withMarker(text, at).replace('"vmbind-lab"', () => `"${text.replace(/[\n\r]/g, '')}"`);
      texts.push(rendered(on(vm, file)).get('check junit') ?? '');
    },
    XML_SAMPLE * DEPTH,
  );
  const xml = texts.map((contents, i) => ({ fileName: `${i}.xml`, contents }));
  const schema = readFileSync(path.join(FIXTURES, 'ci/schemas/junit-4.xsd'), 'utf8');
  const { errors } = await validateXML({ xml, schema });
  expect(errors.map(({ message }) => message)).toEqual([]);
});

it('a forged entry is told where a line is cut off in its stead', () => {
  const lines = [...BASE.slice(0, -1)];
  lines.splice(20, 0, FORGED_EVENTS[2] ?? '');
  const { report } = on(lines.join('\n'));
  expect(report.doubts[0]).toBe(
    'a line is cut off, and yet the file has as many entries as counted, by its own header (entries-in-buffer)',
  );
  expect(report.findings.filter(({ confidence }) => confidence !== 'inconclusive')).toEqual([]);
});

it('what would be forged is an event where it is none', () => {
  const lines = [...BASE];
  lines.splice(60, 0, ...FORGED_EVENTS.slice(0, 3));
  expect(identities(on(counted(lines, ENTRIES_KEPT + 3).join('\n')))).not.toEqual(TRUTH);
});
