// A driver that locks in one of the ways must come out of `what-if` as the kernel module counted it.
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { type Locking, lockingPass, type OtherPass } from '../../src/whatif/other_pass.ts';
import { WhatIf, type WhatIfRow } from '../../src/whatif/what_if.ts';
import {
  type Capture,
  driverFixtures,
  labFixtures,
  moreCaptures,
  moreDriverCaptures,
  truthOf,
} from '../support/captures.ts';

function rowsOf(capture: Capture, pass: OtherPass): WhatIfRow[] {
  const replayed = new WhatIf(pass);
  const analysis = new Analysis({ file: capture.name, mmu: 'off', passes: true, onJob: (job) => replayed.job(job) });
  analysis.push(capture.read());
  return replayed.rows(analysis.finish().jobs);
}

/** The pass that the driver of these captures really made. */
const REALLY: readonly (readonly [RegExp, Locking])[] = [
  [/^(6\.1[28]\/)?(missing|fuzz-listed)$/, 'listed'],
  [/^(6\.1[28]\/)?(redundant|fuzz-all)$/, 'sweep'],
  [
    /^(6\.1[28]\/)?(correct|correct-ops|fuzz-correct|fuzz-ops-apply|resv-protected|contention-\w+(-6\.12)?)$/,
    'exec-lock',
  ],
  [/^(msm\/correct|xe\/correct)$|^6\.18-drivers\/(msm|xe)-(fuzz|foreign|bounds)-correct$/, 'exec-lock'],
];

const all = [...labFixtures, ...driverFixtures, ...moreCaptures, ...moreDriverCaptures];
const cases = all.flatMap((capture) =>
  REALLY.filter(([names]) => names.test(capture.name)).map(([, locking]) => [capture.name, locking, capture] as const),
);

describe.each(cases)('%s, which locks as %s', (_name, locking, capture) => {
  const truth = truthOf(capture.beside('truth') ?? '');
  const rows = rowsOf(capture, lockingPass(locking));

  it('is recorded as the module counted, and the same under its own pass', () => {
    expect(truth.size).toBeGreaterThan(0);
    expect(rows.filter(({ row }) => truth.has(row.job))).toHaveLength(truth.size);
    for (const { row, recorded, other, verdict } of rows) {
      const want = truth.get(row.job);
      if (want === undefined || other.locks === undefined) {
        expect(row.ret).not.toBe(0);
        continue;
      }
      const { missing, redundant } = recorded;
      expect({ job: row.job, missing, redundant }).toEqual({
        job: row.job,
        missing: Number(want['missing']),
        redundant: Number(want['redundant']),
      });
      expect({ job: row.job, ...other, verdict }).toEqual({ job: row.job, ...recorded, verdict: 'same' });
    }
  });
});

const wrong = all.filter(({ name }) => /(^|\/)(missing|nolock|fuzz-listed)$/.test(name));
const wasteful = all.filter(({ name }) => /(^|\/)(redundant|fuzz-all)$/.test(name));

describe('the exec-lock pass', () => {
  it.each(wrong.map((capture) => [capture.name, capture] as const))('fixes %s', (_name, capture) => {
    for (const { recorded, other, verdict } of rowsOf(capture, lockingPass('exec-lock'))) {
      expect(other).toMatchObject({ missing: 0, redundant: 0 });
      if ((recorded.missing ?? 0) > 0) expect(verdict).toBe('fixed');
    }
  });

  it.each(wasteful.map((capture) => [capture.name, capture] as const))(
    'takes %s for no lock too many',
    (_name, capture) => {
      for (const { recorded, other, verdict } of rowsOf(capture, lockingPass('exec-lock'))) {
        expect(other).toMatchObject({ missing: 0, redundant: 0 });
        expect((recorded.locks ?? 0) - (other.locks ?? 0)).toBe(recorded.redundant);
        if ((recorded.redundant ?? 0) > 0) expect(verdict).toBe('cheaper');
      }
    },
  );

  it('helps nothing where the locks are dropped before the apply', () => {
    const deferred = labFixtures.filter(({ name }) => name === 'deferred');
    expect(deferred).toHaveLength(1);
    for (const capture of deferred)
      for (const { recorded, other } of rowsOf(capture, lockingPass('exec-lock')))
        expect(other.missing).toBe(recorded.missing);
  });
});

it('says nothing of a job whose VM is not known whole', () => {
  const late = labFixtures.filter(({ name }) => /^(part-core-only|lost-trace-overwrite1)$/.test(name));
  expect(late).toHaveLength(2);
  for (const capture of late)
    for (const { row, other, verdict } of rowsOf(capture, lockingPass('exec-lock')))
      if (row.unknown.length > 0)
        expect({ other: other.missing, verdict }).toEqual({ other: undefined, verdict: 'unknown' });
});
