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
