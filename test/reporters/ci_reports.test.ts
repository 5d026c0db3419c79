// Reports for CI: each format against its schema or a strict reader, with real captures and with hostile text.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import draft4 from 'ajv-draft-04';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { Analysis } from '../../src/analyze.ts';
import { rules } from '../../src/checks/index.ts';
import { printable, printablePath } from '../../src/reporters/escape.ts';
import { github } from '../../src/reporters/github.ts';
import { gitlab } from '../../src/reporters/gitlab.ts';
import { junit } from '../../src/reporters/junit.ts';
import { ktap } from '../../src/reporters/ktap.ts';
import { sarif } from '../../src/reporters/sarif.ts';
import { type FoundInVm, type RunResult, runResult } from '../../src/reporters/trace_result.ts';
import { FIXTURES } from '../support/run.ts';
import { type KtapTest, ktapTree } from './ktap_tree.ts';

const FORMATS = { sarif, junit, gitlab, github, ktap };

function runOn(text: Uint8Array, file = 'trace.txt'): RunResult {
  const analysis = new Analysis({ file });
  analysis.push(text);
  const report = analysis.finish();
  const { findings, doubts, jobs } = report;
  return runResult({
    traces: [{ report, findings, known: 0, doubts, jobs }],
    unread: [],
    rules,
    failOn: 'error',
    version: '0.0.0',
  });
}

const missing = gunzipSync(readFileSync(new URL('data/missing.txt.gz', import.meta.url)));
const labMissing = readFileSync(path.join(FIXTURES, 'lab/missing/trace.txt'));
const lost = readFileSync(path.join(FIXTURES, 'lab/lost-pipe-overwrite1/trace.txt'));

/** What someone might call a file, a task, a VM. */
const HOSTILE =
  'a"b\'c<d>&e]]>f::g,h%0A#1\n::error::i\r\u001b[31m\u0000\\j\u0085k\uffffl # SKIP m TAP version 1 reboot: System halted';

/** One trace with findings of each sort, every text of it hostile, and one that could not be read. */
function hostileRun(): RunResult {
  const name = ['\n', '\r', '"', '\u0000', '\uffff'].reduce((text, char) => text.replaceAll(char, ''), HOSTILE);
  const text = labMissing.toString('latin1').replace('name="vmbind-lab"', `name="${name}"`);
  const run = runOn(Buffer.from(text, 'latin1'), HOSTILE);
  const [trace] = run.traces;
  if (trace === undefined) throw new Error('no trace');
  const findings = trace.findings.map((finding, i): FoundInVm => {
    const confidence = (['certain', 'likely', 'inconclusive'] as const)[i % 3] ?? 'certain';
    const evidence = finding.evidence.map(({ line }) => ({ line, text: HOSTILE }));
    return { ...finding, confidence, message: `${i} ${HOSTILE}`, evidence };
  });
  return { ...run, traces: [{ ...trace, findings, doubts: [HOSTILE] }], unread: [{ file: HOSTILE, message: HOSTILE }] };
}

const RUNS: readonly (readonly [string, () => RunResult])[] = [
  ['missing', () => runOn(missing)],
  ['lost', () => runOn(lost)],
  ['hostile', hostileRun],
];

const SOME = new Set(['missing-lock', 'missing-vm-lock', 'redundant-lock', 'lock-step-divergence', 'pte-stale']);

/** A few rules and findings are enough to look at. */
function few(run: RunResult): RunResult {
  const traces = run.traces.map((trace) => {
    return { ...trace, findings: trace.findings.filter(({ rule }) => SOME.has(rule)).slice(0, 4) };
  });
  return { ...run, traces, rules: rules.filter(({ id }) => SOME.has(id)) };
}

describe('whole reports', () => {
  it.each(RUNS)('%s', async (name, run) => {
    for (const [format, write] of Object.entries(FORMATS))
      await expect(write(few(run()))).toMatchFileSnapshot(`data/ci/${name}.${format}`);
  });
});

describe('SARIF', () => {
  const ajv = new draft4.default({ strict: false, allErrors: true, unicodeRegExp: false });
  formats.default(ajv);
  const schema: object = JSON.parse(readFileSync(path.join(FIXTURES, 'ci/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'));
  const valid = ajv.compile(schema);

  it.each(RUNS)('%s is valid', (_, run) => {
    valid(JSON.parse(sarif(run())));
    expect(valid.errors).toBeNull();
  });

  it('what is not valid is refused', () => {
    const text = sarif(runOn(missing));
    expect(valid(JSON.parse(text.replace('"kind": "fail"', '"kind": "broken"')))).toBe(false);
    expect(valid(JSON.parse(text.replace('"startLine": 141', '"startLine": 0')))).toBe(false);
    expect(valid(JSON.parse(text.replaceAll('"driver"', '"pilot"')))).toBe(false);
  });

  it('a finding has its place, its VM, job, op and step, and how the lock pass led there', () => {
    const { runs } = JSON.parse(sarif(runOn(missing)));
    const result = runs[0].results[0];
    const { findings } = runOn(missing).traces[0] ?? { findings: [] };
    const [finding] = findings;
    expect(runs[0].tool.driver.rules[result.ruleIndex].id).toBe('missing-lock');
    expect(result.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'trace.txt' },
      region: { startLine: finding?.line },
    });
    const last = result.locations[0].logicalLocations.at(-1);
    expect(last.fullyQualifiedName).toBe(`vm 1/job ${finding?.job}/op ${finding?.op}/step ${finding?.step}`);
    const flow = result.codeFlows[0].threadFlows[0].locations.map(
      ({ location }: { location: { physicalLocation: { region: { startLine: number } } } }) =>
        location.physicalLocation.region.startLine,
    );
    const lines = [...(finding?.evidence ?? []), { line: finding?.line ?? 0 }].map(({ line }) => line);
    expect(flow).toEqual(lines.sort((a, b) => a - b));
    expect(result.relatedLocations).toHaveLength(finding?.evidence.length ?? 0);
    expect(result.partialFingerprints).toEqual({ 'gpuvmTrace/v1': finding?.fingerprint });
  });

  it('an inconclusive finding is for review, and never an error', () => {
    const run = runOn(lost);
    const { results, invocations } = JSON.parse(sarif(run)).runs[0];
    const unsure = run.traces[0]?.findings.map(({ confidence }) => confidence === 'inconclusive');
    expect(unsure).toContain(true);
    expect(
      results.map(({ kind, level }: { kind: string; level: string }) => kind === 'review' && level === 'none'),
    ).toEqual(unsure);
    const told = invocations[0].toolExecutionNotifications.map(
      ({ message }: { message: { text: string } }) => message.text,
    );
    expect(told).toEqual(run.traces[0]?.doubts);
  });

  it('what could not be read is an invocation that failed', () => {
    const { invocations } = JSON.parse(sarif(hostileRun())).runs[0];
    expect(invocations.map((one: { executionSuccessful: boolean }) => one.executionSuccessful)).toEqual([true, false]);
  });
});

describe('JUnit', () => {
  const schema = readFileSync(path.join(FIXTURES, 'ci/schemas/junit-4.xsd'), 'utf8');
  const errorsOf = async (contents: string) =>
    (await validateXML({ xml: { fileName: 'junit.xml', contents }, schema })).errors.map(({ message }) => message);
  const count = (text: string, part: RegExp) => [...text.matchAll(part)].length;

  it.each(RUNS)('%s is valid, and its counts are those of its cases', async (_, run) => {
    const text = junit(run());
    expect(await errorsOf(text)).toEqual([]);
    const total = (name: string) =>
      [...text.matchAll(new RegExp(` ${name}="(\\d+)"`, 'g'))].reduce((sum, [, number]) => sum + Number(number), 0);
    expect(total('tests')).toBe(count(text, /<testcase /g));
    expect(total('failures')).toBe(count(text, /<failure /g));
    expect(total('errors')).toBe(count(text, /<error /g));
    expect(total('skipped')).toBe(count(text, /<skipped>/g));
  });

  it('what is not valid is refused', async () => {
    const text = junit(runOn(missing));
    expect(await errorsOf(text.replace('name="missing-lock"', ''))).not.toEqual([]);
    expect(await errorsOf(text.replace('</testsuite>', '<b/></testsuite>'))).not.toEqual([]);
    expect(await errorsOf(text.replace('REMAP', '&'))).not.toEqual([]);
  });

  it('a trace with events missing passes in nothing', () => {
    const text = junit(runOn(lost));
    expect(count(text, /<skipped>/g)).toBe(count(text, /<testcase /g));
  });
});

describe('GitLab', () => {
  it.each(RUNS)('%s: what GitLab needs of an issue, each with a fingerprint of its own', (_, run) => {
    const issues: Record<string, unknown>[] = JSON.parse(gitlab(run()));
    expect(issues.length).toBeGreaterThan(0);
    for (const issue of issues) {
      expect(Object.keys(issue)).toEqual(['description', 'check_name', 'fingerprint', 'severity', 'location']);
      expect(['info', 'minor', 'major', 'critical', 'blocker']).toContain(issue['severity']);
      expect(issue['location']).toEqual({ path: expect.any(String), lines: { begin: expect.any(Number) } });
    }
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(issues.length);
  });

  it('findings of one workload in two traces are two issues', () => {
    const [a, b] = ['a.txt', './b.txt'].map((file) => JSON.parse(gitlab(runOn(missing, file)))[0]);
    expect(a.fingerprint).not.toBe(b.fingerprint);
    expect(b.location.path).toBe('b.txt');
  });
});

describe('GitHub', () => {
  const LINE = /^::(error|warning|notice) file=([^,:\r]*)(?:,line=(\d+))?,title=([^,:\r]*)::([^\r]*)$/;
  const undo = (text: string) =>
    text.replace(/%(25|0D|0A|3A|2C)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

  it.each(RUNS)('%s: every line is one command, and gives back what was said', (_, make) => {
    const run = make();
    const lines = github(run).trimEnd().split('\n');
    const [trace] = run.traces;
    const told = lines
      .map((line) => LINE.exec(line))
      .map((match) => {
        const [, level, file = '', line, title = '', text = ''] = match ?? [];
        expect(level).toBeDefined();
        expect(undo(file)).toBe(printablePath(trace?.file ?? ''));
        return { level, line: Number(line), title: undo(title), text: undo(text) };
      });
    expect(told).toHaveLength((trace?.findings.length ?? 0) + (trace?.doubts.length ?? 0) + run.unread.length);
    for (const { line, rule, confidence, severity, message } of trace?.findings ?? []) {
      const level = confidence === 'inconclusive' || severity === 'note' ? 'notice' : severity;
      const title = confidence === 'certain' ? rule : `${rule} (${confidence})`;
      expect(told).toContainEqual({ level, line, title, text: printable(message) });
    }
  });
});

describe('KTAP', () => {
  const statuses = (tests: readonly KtapTest[]): string[] =>
    tests.flatMap(({ status, subtests }) => (subtests.length === 0 ? [status] : statuses(subtests)));

  it.each(RUNS)('%s is read', (_, run) => {
    const tests = ktapTree(ktap(run()));
    expect(tests).toHaveLength(run().traces.length + run().unread.length);
  });

  it('says of a rule what JUnit says', () => {
    for (const [, make] of RUNS) {
      const run = make();
      const text = junit(run);
      const tests = statuses(ktapTree(ktap(run)));
      expect(tests.filter((status) => status === 'skip').length).toBe([...text.matchAll(/<skipped>/g)].length);
      expect(tests.filter((status) => status === 'not ok').length).toBe(
        [...text.matchAll(/<(failure|error) /g)].length,
      );
    }
  });

  it('the reader refuses what kunit.py parse complains of', () => {
    const text = ktap(runOn(missing));
    expect(() => ktapTree(text.replace('1..1\n', '1..2\n'))).toThrow();
    expect(() => ktapTree(text.replace(/^ {2}not ok 1/m, '  ok 1'))).toThrow('a subtest failed');
    expect(() => ktapTree(text.replace(/^( *)ok 2 /m, '$1ok 3 '))).toThrow('expected number 2');
    expect(() => ktapTree(text.replace('#  trace', '# Subtest: trace'))).toThrow();
  });
});
