// Damaged traces say what is wrong with them, and no finding of theirs is stated as certain.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { reportOn } from '../support/report.ts';
import { FIXTURES } from '../support/run.ts';

const CASES: readonly (readonly [name: string, doubt: RegExp])[] = [
  ['cut', /line \d+: the line is cut off/],
  ['wrong-count', /^\d+ of \d+ entries are missing/],
  ['lone-return', /^calls and returns do not pair/],
  ['spoilt-argument', /the arguments of drm_gpuva_insert\(\) cannot be read/],
  ['not-a-trace', /^the trace holds no event/],
];

it.each(CASES)('%s', (name, doubt) => {
  const report = reportOn(readFileSync(path.join(FIXTURES, 'malformed', name, 'trace.txt')));
  expect(report.doubts.filter((one) => doubt.test(one))).toHaveLength(1);
  expect(report.findings.filter((finding) => finding.confidence !== 'inconclusive')).toEqual([]);
});

it.each([
  '# entries-in-buffer/entries-written: 1/1   #P:2',
  '# tracer: function_graph',
  '# latency: 0 us, #1/1, CPU#0 | (M:desktop VP:0, KP:0, SP:0 HP:0 #P:2)',
])('a marker cannot vouch for the entry that it forges by "%s"', (header) => {
  const lines = readFileSync(path.join(FIXTURES, 'lab/missing/trace.txt'), 'latin1').split('\n');
  const at = lines.findIndex((line) => line.includes(' lock_pass: '));
  const entry = lines[at] ?? '';
  const marker = entry.replace(/ lock_pass: .*/, ' tracing_mark_write: hello');
  const counted = lines.map((line) =>
    line.replace(
      /^(# entries-in-buffer\/entries-written: )(\d+)\/(\d+)/,
      (_, head, a, b) => `${head}${+a + 1}/${+b + 1}`,
    ),
  );
  counted.splice(at, 0, marker, header, entry);
  const report = reportOn(Buffer.from(counted.join('\n'), 'latin1'));
  expect(report.doubts[0]).toBe('1 entries too many are in the file, by its own header (entries-in-buffer)');
  expect(report.findings.filter((finding) => finding.confidence !== 'inconclusive')).toEqual([]);
});
