// Every known bug of a real driver is caught by its rule, and the same flow without the bug gives nothing.
import { describe, expect, it } from 'vitest';
import { bugs, isCaught } from '../../src/checks/bugs.ts';
import { rules } from '../../src/checks/index.ts';
import { fixture } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';

const NUMBERS = Array.from({ length: 37 }, (_, i) => i + 1);
const caught = bugs.filter(isCaught);

it('lists all of them in order, and at least 30 are caught', () => {
  expect([...new Set(bugs.map((bug) => bug.number))]).toEqual(NUMBERS);
  expect(new Set(caught.map((bug) => bug.number)).size).toBeGreaterThanOrEqual(30);
});

it('says of each of the others why no trace can show it', () => {
  for (const bug of bugs) if (!isCaught(bug)) expect(bug.why).toMatch(/^[A-Z].{20,}\.$/);
});

describe.each(caught)('$number: $driver, $subject', ({ rule, fires, silent }) => {
  it('names a rule', () => {
    expect(rules.map((one) => one.id)).toContain(rule);
  });

  it(`fires on ${fires}`, () => {
    const mine = reportOn(fixture(fires).read()).findings.filter((finding) => finding.rule === rule);
    expect(mine.length).toBeGreaterThan(0);
    expect(mine.map((one) => one.confidence)).not.toContain('inconclusive');
  });

  it(`is silent on ${silent}`, () => {
    const { findings } = reportOn(fixture(silent).read());
    const wrong = findings.filter((finding) => finding.rule === rule || finding.severity !== 'note');
    expect(wrong.map((one) => `${one.line}: ${one.rule}: ${one.message}`)).toEqual([]);
  });
});
