// When the scheduler runs a job is chance, before its ioctl returns or after many more, and no verdict may depend on it.
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/findings/finding.ts';
import { driverFixtures, moreDriverCaptures } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';
import { type RunTime, runTimes } from '../support/run_times.ts';
import { schedulerEvents } from '../support/scheduler_events.ts';
import { identity } from './damage.ts';

/** Rules about what the tables show between two jobs: that is another VA space at another time. */
const MOMENTARY = /^pte-(missing|stale|wrong)$/;

const captures = [...driverFixtures, ...moreDriverCaptures].filter(({ read }) => runTimes(read(), 'early').moved > 0);

const show = {
  'the run function': { shown: (bytes: Uint8Array) => bytes, of: captures },
  "the scheduler's events": {
    shown: (bytes: Uint8Array) => schedulerEvents(bytes, 'ids'),
    of: captures.filter(({ name }) => !name.includes('panthor')), // whose apply is the run
  },
};

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

describe.each(Object.entries(show))('the time of a job by %s changes no verdict', (_, { shown, of }) => {
  for (const { name, read } of of) {
    it(name, () => {
      const bytes = read();
      const now = findingsOf(shown(bytes));
      const at = (time: RunTime) => findingsOf(shown(runTimes(bytes, time).bytes));
      // Before its ioctl returns.
      expect(identities(at('early'))).toEqual(identities(now));
      expect(identities(at('begun'))).toEqual(identities(now));
      // After many more.
      const late = at('late');
      expect(identities(late.filter(isLasting))).toEqual(identities(now.filter(isLasting)));
      expect(rulesOf(late)).toEqual(rulesOf(now));
    });
  }
});
