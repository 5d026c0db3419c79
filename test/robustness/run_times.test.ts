// When the scheduler runs a job is chance, before its ioctl returns or after many more, and no verdict may depend on it.
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/findings/finding.ts';
import { driverFixtures, moreDriverCaptures } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';
import { runTimes } from '../support/run_times.ts';
import { schedulerEvents } from '../support/scheduler_events.ts';
import { identity } from './damage.ts';

/** Rules about what the tables show between two jobs: that is another VA space at another time. */
const MOMENTARY = /^pte-(missing|stale|wrong)$/;

type Shown = readonly [how: string, shown: (bytes: Uint8Array) => Uint8Array];
const BY_RUN: Shown = ['by the run function', (bytes) => bytes];
const BY_SCHEDULER: Shown = ['by the scheduler’s events', (bytes) => schedulerEvents(bytes, 'ids')];

function findingsOf(bytes: Uint8Array): Finding[] {
  return reportOn(bytes).findings.filter(({ severity }) => severity !== 'note');
}

function isLasting({ rule }: Finding): boolean {
  return !MOMENTARY.test(rule);
}

function rulesOf(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(findings.map(({ rule }) => rule));
}

function identities(findings: readonly Finding[]): string[] {
  return findings.map((finding) => identity(finding)).sort();
}

describe('the time of a run changes no verdict', () => {
  for (const { name, read } of [...driverFixtures, ...moreDriverCaptures]) {
    const bytes = read();
    const early = runTimes(bytes, 'early');
    if (early.moved === 0) continue;
    const begun = runTimes(bytes, 'begun').bytes;
    const late = runTimes(bytes, 'late').bytes;
    // panthor's apply is the run.
    it.each(name.includes('panthor') ? [BY_RUN] : [BY_RUN, BY_SCHEDULER])(`${name}, %s`, (_, shown) => {
      const now = findingsOf(shown(bytes));
      // Before its ioctl returns.
      expect(identities(findingsOf(shown(early.bytes)))).toEqual(identities(now));
      expect(identities(findingsOf(shown(begun)))).toEqual(identities(now));
      // After many more.
      const after = findingsOf(shown(late));
      expect(identities(after.filter(isLasting))).toEqual(identities(now.filter(isLasting)));
      expect(rulesOf(after)).toEqual(rulesOf(now));
    });
  }
});
