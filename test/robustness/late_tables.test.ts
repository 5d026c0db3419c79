// Page tables of a trace that begins in the middle, or that lost events: what is told of them is told of the whole trace too,
// and much of that is told again.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { SpanSet } from '../../src/mmu/span_map.ts';
import { driverFixtures, fixture, labFixtures } from '../support/captures.ts';
import { cutBefore } from '../support/late.ts';
import { reportOn } from '../support/report.ts';
import { droppedInPlace, Lines, random, uncounted } from './damage.ts';

const RUNS = Number(process.env['ROBUSTNESS'] ?? 1);
const LONGEST = 200;

const RULE = /^pte-(stale|missing|wrong)$/;

function faults({ findings }: Report, from = 0): Finding[] {
  return findings.filter(({ rule, line }) => RULE.test(rule) && line > from);
}

/** Told of the same job, or of jobs before by which it was so already; in part, or in parts. */
function isTold(whole: readonly Finding[], one: Finding): boolean {
  const places = new SpanSet();
  for (const { rule, job, line, addr, range } of whole) {
    const isBefore = job === one.job ? line === one.line : line < one.line;
    if (rule === one.rule && isBefore) places.add(Number(addr), Number(addr) + Number(range));
  }
  const [addr, size] = [Number(one.addr), Number(one.range)];
  return places.covered(addr, addr + size) === size;
}

function invented(whole: readonly Finding[], report: Report, from: number): string[] {
  const more = faults(report, from).filter((one) => !isTold(whole, one));
  return more.map(({ rule, line, job, message }) => `${rule} line ${line} job ${job}: ${message}`);
}

describe('nothing is told that the whole trace does not tell', () => {
  [...labFixtures, ...driverFixtures].forEach((capture, i) => {
    it(capture.name, () => {
      const bytes = uncounted(capture.read());
      const { count } = new Lines(bytes);
      const whole = faults(reportOn(bytes));
      const draw = random(1 + i);
      for (let run = 0; run < RUNS; run++) {
        const line = Math.floor((count * (run + draw())) / RUNS);
        expect(invented(whole, reportOn(cutBefore(bytes, line)), 0), `begins behind line ${line}`).toEqual([]);
        const damaged = reportOn(droppedInPlace(bytes, LONGEST, draw).damaged);
        // What was found before the loss was told is inconclusive; where nothing tells of it, all is.
        const told = damaged.losses.windows[0]?.line ?? count;
        expect(invented(whole, damaged, told), `events are lost up to line ${told}`).toEqual([]);
      }
    });
  });
});

/** Traces whose tables are wrong: so much the whole trace tells of jobs, and so much of it the trace without the VM's making. */
const WRONG: readonly [string, number, number][] = [
  ['bad-next-offset', 4, 4],
  ['lose-next', 4, 4],
  ['lose-prev', 5, 5],
  ['no-mmu-unmap', 4, 4],
  // The others lead to another object, which may be what was there before, or reach further than the tree is known.
  ['skip-unmap', 13, 7],
  ['panthor/overmap', 3, 1],
  // The others are of jobs that fail.
  ['panthor/no-widen', 6, 3],
  // These are known by the physical addresses of earlier mappings, or of a job that fails.
  ['panthor/sg-offset', 4, 0],
  ['fail-step-6.12', 1, 0],
  // Tables are written when jobs run.
  ['msm/remap-much', 5, 0],
];

describe('what jobs wrote is known to a trace that begins behind its VM', () => {
  it.each(WRONG)('%s: of %d faults %d', (name, all, again) => {
    const bytes = fixture(name).read();
    const lines = new Lines(bytes);
    const made = Array.from({ length: lines.count }, (_, i) => i).filter((i) => / vm_init: /.test(lines.text(i)));
    const whole = faults(reportOn(bytes));
    const late = faults(reportOn(cutBefore(bytes, Math.max(...made) + 1)));
    expect(whole).toHaveLength(all);
    expect(late).toHaveLength(again);
    for (const one of late) expect(whole.map(keyOf)).toContain(keyOf(one));
  });
});

function keyOf({ rule, line, job, message }: Finding): string {
  return `${rule} ${line} ${job} ${message}`;
}
