// Every rule fires on a trace that has its mistake, in the right place, and is silent on one that has not.
import { describe, expect, it } from 'vitest';
import { rules } from '../../src/checks/index.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { labFixture, truthOf } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';

interface Case {
  readonly fires: string;
  /** How often in which job, counted from the first of the trace; or the column of the module's own count. */
  readonly where: Readonly<Record<number, number>> | 'missing' | 'redundant' | 'diverged' | 'lost' | 'unreserved';
  /** In the first finding's message. */
  readonly says: RegExp;
  /** Traces with other mistakes, or none. */
  readonly silent: readonly string[];
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'missing-lock': [
    {
      fires: 'missing',
      where: 'missing',
      says: /^REMAP step 0 of op 0 \(MAP\) touches object 0x\w+ \(dma_resv 0x\w+\) of 0x110000\+0x10000 without/,
      silent: [
        'correct',
        'correct-ops',
        'redundant',
        'immediate-nolock',
        'resv-protected',
        'interrupt',
        'contention-threads',
      ],
    },
    { fires: 'nolock', where: 'missing', says: /^MAP step 0 of op 0/, silent: ['novmresv'] },
    { fires: 'deferred', where: 'missing', says: /without holding its dma_resv/, silent: ['immediate'] },
  ],
  'redundant-lock': [
    {
      fires: 'redundant',
      where: 'redundant',
      says: /whole-VM sweep/,
      silent: ['correct', 'missing', 'contention-threads', 'interrupt', 'zero-fences'],
    },
    { fires: 'fail-step-6.12', where: { 3: 1 }, says: /failed batch/, silent: ['nodup'] },
  ],
  'lock-pass-mismatch': [
    {
      fires: 'edited-unmap-range',
      where: { 5: 1 },
      says: /was given range 0x0 instead of 0x8000/,
      silent: ['correct', 'missing', 'deferred', 'fuzz-mixed', 'misc'],
    },
  ],
  'stale-lock-set': [
    {
      fires: 'deferred',
      where: { 3: 1, 5: 1, 6: 1 },
      says: /were dropped before/,
      silent: ['correct', 'immediate', 'misc'],
    },
    { fires: 'deferred-relock', where: { 3: 1, 5: 1 }, says: /changed by others/, silent: ['redundant'] },
  ],
  'unreserved-fence': [
    {
      fires: 'unreserved',
      where: 'unreserved',
      says: /without a reserved slot/,
      silent: ['correct', 'misc', 'fuzz-mixed'],
    },
  ],
  'exec-misuse': [
    {
      fires: 'nodup',
      where: { 1: 1, 4: 1, 7: 1, 8: 1, 9: 1 },
      says: /returned -EALREADY/,
      silent: ['correct', 'contention-threads'],
    },
    {
      fires: 'zero-fences',
      where: { 1: 1, 2: 1, 3: 1, 4: 1, 6: 1, 7: 1, 8: 1 },
      says: /num_fences 0/,
      silent: ['interrupt', 'misc'],
    },
  ],
  'step-divergence': [
    {
      fires: 'edited-keep',
      where: { 7: 2 },
      says: /^the request: in the lock pass, drm_gpuvm gives UNMAP .* keep, the trace shows UNMAP/,
      silent: ['correct', 'missing', 'skip-unmap', 'fuzz-mixed', 'fail-step-6.12', 'ignore-keep'],
    },
  ],
  'lock-step-divergence': [
    { fires: 'correct', where: 'diverged', says: /safe case 1/, silent: ['interrupt', 'unreserved', 'nodup'] },
    { fires: 'deferred', where: 'diverged', says: /nothing in the job explains it/, silent: [] },
  ],
  'misapplied-step': [
    { fires: 'lose-next', where: 'lost', says: /next lost/, silent: ['correct', 'missing', 'misc'] },
    { fires: 'lose-prev', where: 'lost', says: /prev lost/, silent: ['nolock'] },
    { fires: 'bad-next-offset', where: 'lost', says: /wrong next/, silent: ['deferred'] },
    { fires: 'skip-unmap', where: 'lost', says: /unmap skipped/, silent: ['fail-step-6.12'] },
  ],
  'va-conflict': [
    {
      fires: 'skip-unmap',
      where: { 6: 1, 7: 1, 8: 1 },
      says: /-EEXIST: 0x\w+\+0x\w+ of 0x\w+ is mapped there/,
      silent: ['correct', 'lose-next', 'misc'],
    },
  ],
  'link-imbalance': [
    {
      fires: 'edited-unlink',
      where: { 5: 1 },
      says: /never unlinked/,
      silent: ['correct', 'skip-unmap', 'fail-step-6.12', 'misc'],
    },
  ],
};

function run(name: string): { findings: readonly Finding[]; ids: readonly number[] } {
  const { findings, jobs } = reportOn(labFixture(name).read());
  return { findings, ids: jobs.map((row) => row.job) };
}

/** What the kernel module counted, by the job's place in the trace. */
function truthCounts(name: string, column: string, ids: readonly number[]): Record<number, number> {
  const truth = truthOf(labFixture(name).beside('truth') ?? '');
  const counts = [...truth].map(([job, row]) => [ids.indexOf(job) + 1, Number(row[column])] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe.each(rules.map((rule) => rule.id))('%s', (rule) => {
  const cases = CASES[rule] ?? [];

  it('has a trace on which it fires and one on which it is silent', () => {
    expect(cases.length).toBeGreaterThan(0);
    expect(cases.flatMap((one) => one.silent).length).toBeGreaterThan(0);
  });

  it.each(cases)('fires on $fires', ({ fires, where, says }) => {
    const { findings, ids } = run(fires);
    const mine = findings.filter((finding) => finding.rule === rule);
    const counts: Record<number, number> = {};
    for (const { job = 0 } of mine) counts[ids.indexOf(job) + 1] = (counts[ids.indexOf(job) + 1] ?? 0) + 1;
    expect(counts).toEqual(typeof where === 'string' ? truthCounts(fires, where, ids) : where);
    expect(new Set(mine.map((one) => one.confidence))).toEqual(new Set(['certain']));
    expect(mine[0]?.message).toMatch(says);
  });

  it.each([...new Set(cases.flatMap((one) => one.silent))])('is silent on %s', (name) => {
    const errors = run(name).findings.filter((finding) => finding.rule === rule && finding.severity !== 'note');
    expect(errors.map((one) => `${one.line}: ${one.message}`)).toEqual([]);
  });
});

it('correct locking gives no finding but notes', () => {
  for (const name of [
    'correct',
    'correct-ops',
    'resv-protected',
    'immediate',
    'novmresv',
    'interrupt',
    'contention-threads',
    'misc',
  ]) {
    const loud = run(name).findings.filter((finding) => finding.severity !== 'note');
    expect({ name, loud: loud.map((one) => one.message) }).toEqual({ name, loud: [] });
  }
});

it('no two findings of a trace have the same fingerprint', () => {
  for (const name of ['missing', 'skip-unmap', 'fuzz-mixed']) {
    const prints = run(name).findings.map((finding) => finding.fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
  }
});
