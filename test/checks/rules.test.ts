// Every rule fires on a trace that has its mistake, in the right place, and is silent on one that has not.
import { describe, expect, it } from 'vitest';
import { rules } from '../../src/checks/index.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { labFixture } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';

interface Case {
  readonly fires: string;
  /** How often, and in which jobs, counted from the first of the trace. */
  readonly count: number;
  readonly jobs: readonly number[];
  /** In the first finding's message. */
  readonly says: RegExp;
  /** Traces with other mistakes, or none. */
  readonly silent: readonly string[];
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'missing-lock': [
    {
      fires: 'missing',
      count: 10,
      jobs: [3, 4, 5, 6, 8],
      says: /^REMAP step 0 of op 0 \(MAP\) touches object 0x\w+ \(dma_resv 0x\w+\) of 0x110000\+0x10000 without/,
      silent: ['correct', 'correct-ops', 'redundant', 'immediate-nolock', 'resv-protected', 'interrupt', 'contention-threads'],
    },
    { fires: 'nolock', count: 26, jobs: [1, 2, 3, 4, 5, 6, 7, 8], says: /^MAP step 0 of op 0/, silent: ['novmresv'] },
    { fires: 'deferred', count: 10, jobs: [1, 2, 3], says: /without holding its dma_resv/, silent: ['immediate'] },
  ],
  'redundant-lock': [
    {
      fires: 'redundant',
      count: 7,
      jobs: [1, 3, 4, 5, 7, 8],
      says: /whole-VM sweep/,
      silent: ['correct', 'missing', 'contention-threads', 'interrupt', 'zero-fences'],
    },
    { fires: 'fail-step-6.12', count: 1, jobs: [3], says: /failed batch/, silent: ['nodup'] },
  ],
  'lock-pass-mismatch': [
    {
      fires: 'edited-unmap-range',
      count: 1,
      jobs: [5],
      says: /was given range 0x0 instead of 0x8000/,
      silent: ['correct', 'missing', 'deferred', 'fuzz-mixed', 'misc'],
    },
  ],
  'stale-lock-set': [
    { fires: 'deferred', count: 3, jobs: [1, 2, 3], says: /were dropped before/, silent: ['correct', 'immediate', 'misc'] },
    { fires: 'deferred-relock', count: 2, jobs: [2, 3], says: /changed by others/, silent: ['redundant'] },
  ],
  'unreserved-fence': [
    { fires: 'unreserved', count: 3, jobs: [1, 2], says: /without a reserved slot/, silent: ['correct', 'misc', 'fuzz-mixed'] },
  ],
  'exec-misuse': [
    { fires: 'nodup', count: 5, jobs: [1, 3, 4, 5, 6], says: /returned -EALREADY/, silent: ['correct', 'contention-threads'] },
    { fires: 'zero-fences', count: 7, jobs: [1, 2, 3, 4, 6, 7, 8], says: /num_fences 0/, silent: ['interrupt', 'misc'] },
  ],
  'step-divergence': [
    {
      fires: 'edited-keep',
      count: 2,
      jobs: [7],
      says: /^the request: in the lock pass, drm_gpuvm gives UNMAP .* keep, the trace shows UNMAP/,
      silent: ['correct', 'missing', 'skip-unmap', 'fuzz-mixed', 'fail-step-6.12', 'ignore-keep'],
    },
  ],
  'lock-step-divergence': [
    { fires: 'correct', count: 4, jobs: [8, 9], says: /safe case 1/, silent: ['interrupt', 'unreserved', 'nodup'] },
    { fires: 'deferred', count: 3, jobs: [2, 3], says: /nothing in the job explains it/, silent: [] },
  ],
  'misapplied-step': [
    { fires: 'lose-next', count: 5, jobs: [3, 4, 5, 8, 9], says: /next lost/, silent: ['correct', 'missing', 'misc'] },
    { fires: 'lose-prev', count: 6, jobs: [3, 5, 8, 9], says: /prev lost/, silent: ['nolock'] },
    { fires: 'bad-next-offset', count: 6, jobs: [3, 4, 5, 8, 9], says: /wrong next/, silent: ['deferred'] },
    { fires: 'skip-unmap', count: 19, jobs: [3, 4, 5, 6, 7, 8, 9], says: /unmap skipped/, silent: ['fail-step-6.12'] },
  ],
  'va-conflict': [
    { fires: 'skip-unmap', count: 3, jobs: [6, 7], says: /-EEXIST: 0x\w+\+0x\w+ of 0x\w+ is mapped there/, silent: ['correct', 'lose-next', 'misc'] },
  ],
  'link-imbalance': [
    { fires: 'edited-unlink', count: 1, jobs: [5], says: /never unlinked/, silent: ['correct', 'skip-unmap', 'fail-step-6.12', 'misc'] },
  ],
};

function run(name: string): { findings: readonly Finding[]; ids: readonly number[] } {
  const { findings, jobs } = reportOn(labFixture(name).read());
  return { findings, ids: jobs.map((row) => row.job) };
}

describe.each(rules.map((rule) => rule.id))('%s', (rule) => {
  const cases = CASES[rule] ?? [];

  it('has a trace on which it fires and one on which it is silent', () => {
    expect(cases.length).toBeGreaterThan(0);
    expect(cases.flatMap((one) => one.silent).length).toBeGreaterThan(0);
  });

  it.each(cases)('fires on $fires', ({ fires, count, jobs, says }) => {
    const { findings, ids } = run(fires);
    const mine = findings.filter((finding) => finding.rule === rule);
    expect({
      count: mine.length,
      jobs: [...new Set(mine.map((one) => ids.indexOf(one.job ?? 0) + 1))].sort((a, b) => a - b),
      confidence: [...new Set(mine.map((one) => one.confidence))],
    }).toEqual({ count, jobs, confidence: ['certain'] });
    expect(mine[0]?.message).toMatch(says);
  });

  it.each([...new Set(cases.flatMap((one) => one.silent))])('is silent on %s', (name) => {
    const errors = run(name).findings.filter((finding) => finding.rule === rule && finding.severity !== 'note');
    expect(errors.map((one) => `${one.line}: ${one.message}`)).toEqual([]);
  });
});

it('correct locking gives no finding but notes', () => {
  for (const name of ['correct', 'correct-ops', 'resv-protected', 'immediate', 'novmresv', 'interrupt', 'contention-threads', 'misc']) {
    const loud = run(name).findings.filter((finding) => finding.severity !== 'note');
    expect({ name, loud: loud.map((one) => one.message) }).toEqual({ name, loud: [] });
  }
});

it('fingerprints are the same in two runs of one workload on two kernels, and differ within a run', () => {
  const prints = (name: string) => run(name).findings.map((finding) => finding.fingerprint);
  const once = prints('missing');
  expect(new Set(once).size).toBe(once.length);
  expect(new Set(prints('var-with-markers')).size).toBeGreaterThan(0);
});
