// What `check` prints for people.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Analysis, type Report } from '../../src/analyze.ts';
import { type Finding, plainFinding } from '../../src/findings/finding.ts';
import { type CheckTextOptions, checkText } from '../../src/reporters/check_text.ts';
import { printable, printablePath } from '../../src/reporters/escape.ts';
import { plainStyle, wrapped } from '../../src/reporters/style.ts';

const OPTIONS: CheckTextOptions = { style: plainStyle, failOn: 'error' };

function reportOn(name: string, file = 'trace.txt'): Report {
  const analysis = new Analysis({ file });
  analysis.push(gunzipSync(readFileSync(new URL(`data/${name}.txt.gz`, import.meta.url))));
  return analysis.finish();
}

describe('whole texts', () => {
  it.each(['missing', 'contention', 'lose-next', 'deferred-relock'])('%s', async (name) => {
    const report = reportOn(name);
    const text = checkText(report, report.findings, { ...OPTIONS, width: 100 });
    await expect(text).toMatchFileSnapshot(`data/${name}.check.txt`);
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });
});

/** A report with these findings only. */
function withFindings(findings: readonly Finding[], report = reportOn('missing')): Report {
  return { ...report, findings };
}

function variant(change: Partial<Finding>): Finding {
  const [first] = reportOn('missing').findings;
  if (first === undefined) throw new Error('no finding');
  return { ...plainFinding(first), order: change.line ?? first.order, ...change };
}

function lastLines(report: Report, options: Partial<CheckTextOptions> = {}): string {
  return checkText(report, report.findings, { ...OPTIONS, ...options });
}

describe('verdict', () => {
  it('clean', () => {
    expect(lastLines(withFindings([]))).toMatch(/\ntrace\.txt: clean\n$/);
  });

  it('what does not reach --fail-on is clean, and counted', () => {
    const report = withFindings([variant({ severity: 'warning' })]);
    expect(lastLines(report)).toContain('\ntrace.txt: clean (1 warning)\n');
    expect(lastLines(report, { failOn: 'warning' })).toContain('\ntrace.txt: 1 warning in 1 job\n');
    expect(lastLines(report, { failOn: 'never' })).toContain('\ntrace.txt: clean (1 warning)\n');
  });

  it('errors in jobs and outside of them', () => {
    expect(lastLines(withFindings([variant({}), variant({ job: 22 })]))).toContain('\ntrace.txt: 2 errors in 2 jobs\n');
    const text = lastLines(withFindings([variant({ job: undefined })]));
    expect(text).toContain('outside of any job\ntrace.txt:');
    expect(text).toContain('\ntrace.txt: 1 error outside of any job\n');
  });

  it('inconclusive, and why', () => {
    const report = withFindings([variant({ confidence: 'inconclusive' })]);
    expect(lastLines(report)).toContain('error (inconclusive): ');
    expect(lastLines(report)).toContain('\ntrace.txt: inconclusive: 1 finding that missing events could excuse\n');
    const doubtful = { ...withFindings([]), doubts: ['the tracer lost 7 events', 'and more'] };
    expect(lastLines(doubtful)).toContain('could not be judged\n  the tracer lost 7 events\n');
    expect(lastLines(doubtful)).toMatch(/: inconclusive: the tracer lost 7 events \(and 1 more reason\)\n$/);
  });
});

describe('very many notes', () => {
  const notes = Array.from({ length: 21 }, (_, i) => variant({ severity: 'note', rule: 'a-rule', line: 100 + i }));

  it('are counted instead of printed', () => {
    const text = lastLines(withFindings([...notes, variant({})]));
    expect(text).toContain('note: 21 notes of a-rule in 1 job not printed; the first is at line 100');
    expect(text).toContain('gpuvm-trace check trace.txt --rule a-rule');
    expect(text.match(/\[a-rule\]/g)).toBeNull();
    expect(text).toMatch(/a-rule +- +- +21 +- +1\n/);
  });

  it('are printed where they were asked for', () => {
    expect(lastLines(withFindings(notes), { allNotes: true }).match(/\[a-rule\]/g)).toHaveLength(21);
    expect(lastLines(withFindings(notes.slice(1))).match(/\[a-rule\]/g)).toHaveLength(20);
  });
});

it('counts diagnostics and tells the first', () => {
  const report: Report = {
    ...withFindings([]),
    diagnostics: [{ kind: 'unparsed', line: 12, message: 'no known layout', count: 3 }],
  };
  expect(lastLines(report)).toContain('odd in the trace\n  trace.txt:12: no known layout (3 times, here first)\n');
});

it('quotes a path for the shell, and makes it safe', () => {
  const text = lastLines(reportOn('missing', "my 'trace\u001b[1m.txt"));
  expect(text).toContain("gpuvm-trace show 'my '\\''trace\\x1b[1m.txt' --job 23");
  expect(text).not.toContain('\u001b');
});

describe('text from a trace', () => {
  it.each([
    ['plain', 'plain'],
    ['a\u001b[2Jb', 'a\\x1b[2Jb'],
    ['tab\tnl\ncr\r\u007f', 'tab\\x09nl\\x0acr\\x0d\\x7f'],
    ['caf\u00c3\u00a9', 'café'],
    ['caf\u00e9', 'caf\\xe9'],
    ['\u00ff\u00c3\u00a9\u00c3', '\\xffé\\xc3'],
    ['\u00c2\u009b', '\\u{9b}'],
    ['\u00e2\u0080\u00ae', '\\u{202e}'],
    ['\u00f0\u009f\u0098\u0080', '😀'],
    ['\u00ed\u00a0\u0080', '\\xed\\xa0\\x80'],
    ['\u00c0\u00af', '\\xc0\\xaf'],
    ['\\x1b', '\\\\x1b'],
  ])('%j', (text, safe) => {
    expect(printable(text)).toBe(safe);
  });

  it('paths are Unicode already', () => {
    expect(printablePath('é\u202e\\')).toBe('é\\u{202e}\\');
  });
});

it('wraps between words and keeps the indent of the first line', () => {
  expect(wrapped('  aaa bbb ccc', 9, 4)).toEqual(['  aaa bbb', '    ccc']);
  expect(wrapped('aaaaaaaaaaaa b', 5, 2)).toEqual(['aaaaaaaaaaaa', '  b']);
  expect(wrapped('as it is', undefined, 2)).toEqual(['as it is']);
});
