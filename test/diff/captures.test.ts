// Real captures against themselves made again, against those with a bug, and against those that lost events.
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/diff/change.ts';
import { type Diff, diffOf } from '../../src/diff/diff.ts';
import { Texts } from '../../src/diff/texts.ts';
import type { TraceDigest } from '../../src/diff/trace_digest.ts';
import { driverFixtures, fixture, labFixtures } from '../support/captures.ts';
import { diffBytes, digestBytes } from '../support/diffed.ts';
import { rewritten } from '../support/rewritten.ts';
import { runTimes } from '../support/run_times.ts';
import { bytesOf } from '../support/scheduler_events.ts';

const told = ({ changes }: Diff) => changes.map(({ kind, how, what, was, is }) => ({ kind, how, what, was, is }));

function findings(diff: Diff, how: Change['how']): string[] {
  return diff.changes.filter((one) => one.kind === 'finding' && one.how === how).map(({ what }) => what);
}

describe('a capture and the same with other pointers, pids, numbers and times', () => {
  it.each([...labFixtures, ...driverFixtures])('$name', ({ read }) => {
    const bytes = read();
    const diff = diffBytes(bytes, rewritten(bytes, 3));
    expect(told(diff)).toEqual([]);
    expect(diff.matched.jobs).toBe(diff.before.jobs.length);
    expect(diff.matched.findings).toBe(diff.before.findings.length);
  });

  it('another order of tasks and workers that the kernel could have chosen', () => {
    let moved = 0;
    for (const { name, read } of driverFixtures) {
      if (!/^(msm|nouveau|panthor)\/correct$/.test(name)) continue;
      for (const time of ['early', 'late'] as const) {
        const other = runTimes(read(), time);
        moved += other.moved;
        expect(told(diffBytes(read(), rewritten(other.bytes))), `${name} ${time}`).toEqual([]);
      }
    }
    expect(moved).toBeGreaterThan(0);
  });
});

describe('a driver without and with a bug', () => {
  it('msm’s UNMAPs that are locked with range 0: the locks that are left out, the findings, and nothing else', () => {
    const [good, bad] = [fixture('msm/correct').read(), fixture('msm/unmap-offset').read()];
    const diff = diffBytes(good, bad);
    const mismatches = new Array<string>(6).fill('lock-pass-mismatch');
    expect(findings(diff, 'new').sort()).toEqual([...mismatches, 'missing-lock']);
    expect(told(diff).filter(({ kind }) => kind !== 'finding')).toEqual([
      { kind: 'locks', how: 'changed', what: 'held', was: 'obj 4 (external, 0x40000)', is: '' },
      { kind: 'locks', how: 'changed', what: 'missing', was: '', is: 'obj 4 (external, 0x40000)' },
    ]);
    const [held] = diff.changes.filter(({ kind }) => kind === 'locks');
    expect(diff.changes.find(({ what }) => what === 'missing-lock')?.after).toBe(held?.after);
    const back = diffBytes(bad, good);
    expect(findings(back, 'gone').sort()).toEqual([...mismatches, 'missing-lock']);
    expect(findings(back, 'new')).toEqual([]);
    expect(back.changes.length).toBe(diff.changes.length);
  });

  it.each([
    ['msm', 'lock-in-run', ['lock-in-signalling-path']],
    ['msm', 'no-inplace', ['transient-unmap']],
    ['msm', 'remap-much', ['pte-missing', 'pte-overrun']],
    ['nouveau', 'lock-mapped', ['missing-lock']],
    ['panthor', 'no-gpuva-lock', ['gpuva-lock']],
    ['panthor', 'prealloc-unlocked', ['missing-vm-lock']],
    ['pvr', 'no-unmap-lock', ['missing-lock']],
    ['xe', 'unwind-shrunk', ['bad-rollback', 'pte-stale', 'pte-wrong']],
  ])('%s %s', (driver, bug, rules) => {
    const [good, bad] = [fixture(`${driver}/correct`).read(), fixture(`${driver}/${bug}`).read()];
    const diff = diffBytes(good, bad);
    expect([...new Set(findings(diff, 'new'))].sort()).toEqual(rules);
    expect(findings(diff, 'gone')).toEqual([]);
    expect(diff.matched.jobs).toBe(diff.before.jobs.length);
    expect(findings(diffBytes(bad, good), 'gone').sort()).toEqual(findings(diff, 'new').sort());
  });

  it('two kernels differ in nothing but in what each of them can show', () => {
    for (const name of ['msm/correct', 'msm/bounds', 'msm/foreign', 'msm/unmap-offset', 'pvr/overlap']) {
      const diff = diffBytes(fixture(`${name}-6.12`).read(), fixture(name).read());
      expect(
        told(diff).filter(({ kind }) => kind !== 'coverage'),
        name,
      ).toEqual([]);
    }
  });
});

describe('events that are missing', () => {
  const bad = fixture('missing').read();
  const lines = Buffer.from(bad).toString('latin1').split('\n');

  function withLoss(): Uint8Array {
    const at = lines.findIndex((line) => line.includes(' step_remap: '));
    const cpu = /\[(\d+)\]/.exec(lines[at] ?? '')?.[1];
    const kept = lines.filter((line, i) => i < at || i > at + 200 || !line.includes(`[${cpu}]`));
    kept.splice(at, 0, `CPU:${Number(cpu)} [LOST ${lines.length - kept.length} EVENTS]`);
    return bytesOf(kept);
  }

  it('no finding is gone, none is new that they could have hidden', () => {
    const diff = diffBytes(bad, withLoss());
    expect(findings(diff, 'unclear').length).toBeGreaterThan(0);
    expect(findings(diff, 'gone')).toEqual([]);
    expect(diff.changes.every(({ how, why }) => (how === 'unclear') === (why !== ''))).toBe(true);
    const back = diffBytes(withLoss(), bad);
    expect(findings(back, 'new')).toEqual([]);
    expect(findings(back, 'unclear').length).toBeGreaterThan(0);
  });

  it('a trace without the probes for a rule takes nothing away', () => {
    const blind = bytesOf(
      lines.filter((line) => !/ (lock_obj|lock_obj_ret|exec_fini|prepare_obj\w*|ww_\w+): /.test(line)),
    );
    const diff = diffBytes(bad, blind);
    expect(diff.before.findings.length).toBeGreaterThan(0);
    expect(findings(diff, 'gone')).toEqual([]);
    expect(diff.changes.filter(({ kind }) => kind === 'locks')).toEqual([]);
  });
});

describe('jobs that are there in one of the two only', () => {
  const bytes = fixture('fuzz-correct').read();

  /** Every `n`th job left out of what is compared. */
  function without(digest: TraceDigest, n: number): TraceDigest {
    return { ...digest, jobs: digest.jobs.filter((_, i) => i % n !== 0) };
  }

  it.each([3, 17, 100])('every %ith: the others stay where they are', (n) => {
    const texts = new Texts();
    const whole = digestBytes('before', bytes, texts);
    const part = without(digestBytes('after', rewritten(bytes), texts), n);
    const left = whole.jobs.length - part.jobs.length;
    const removed = diffOf(whole, part, texts);
    expect(told(removed).map(({ kind, how }) => `${kind} ${how}`)).toEqual(new Array(left).fill('job gone'));
    const added = diffOf(part, whole, texts);
    expect(told(added).map(({ kind, how }) => `${kind} ${how}`)).toEqual(new Array(left).fill('job new'));
  });
});
