// The log of findings: each comes back as it was, whatever its numbers and texts are.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { u64FromBigInt } from '../../src/base/u64.ts';
import { FindingLog, type LoggedFinding } from '../../src/findings/finding_log.ts';

const number = fc.option(fc.maxSafeInteger(), { nil: undefined });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n }).map(u64FromBigInt);
const anU64 = fc.option(u64, { nil: undefined });
const text = fc.string({ unit: fc.constantFrom('a', '"', '\n', '\0', '\x1b', 'ÿ', '’') });

const anyFinding: fc.Arbitrary<LoggedFinding> = fc.record({
  order: fc.nat(),
  time: text,
  pid: number,
  job: number,
  op: number,
  step: number,
  vm: u64,
  addr: anU64,
  range: anU64,
  obj: u64,
  resv: fc.constantFrom(0, -131387181308672, -(2n ** 63n) + 1n),
  message: text,
  fingerprint: text,
  evidence: fc.array(fc.record({ line: fc.nat(), text })),
});

it('gives back what was kept', () => {
  fc.assert(
    fc.property(fc.array(anyFinding), (findings) => {
      const log = new FindingLog();
      const places = findings.map((finding) => log.add(finding));
      expect(places.map((place) => log.at(place))).toEqual(findings);
    }),
  );
});
