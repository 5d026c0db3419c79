// However the bytes of a trace arrive, the report is the same.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { fixture } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';

/** All of the report but the state, as text. */
function printed(report: Report): string {
  const { file, findings, jobs, diagnostics, stats, doubts } = report;
  const all = { file, findings, jobs, diagnostics, stats: { ...stats, layouts: [...stats.layouts] }, doubts };
  return JSON.stringify(all, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value), 1);
}

const CASES = [
  'correct',
  'missing',
  'misc',
  'deferred',
  'interrupt',
  'var-latency-format',
  'var-fields',
  'var-with-markers',
  'fgraph-with-events',
  'lost-pipe-overwrite1',
  'report-misc',
];

describe.each(CASES)('%s', (name) => {
  const bytes = fixture(name).read();
  const whole = printed(reportOn(bytes));

  it.each([1, 7, 100, 4096])('in chunks of %i bytes', (size) => {
    expect(printed(reportOn(bytes, size)) === whole).toBe(true);
  });

  it('with CR LF line ends', () => {
    const text = Buffer.from(bytes).toString('latin1').replaceAll('\n', '\r\n');
    expect(printed(reportOn(Buffer.from(text, 'latin1'), 100))).toBe(whole);
  });
});
