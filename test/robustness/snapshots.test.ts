// A snapshot behind lost events: what is judged because of it is judged as in the whole trace, and more of it than without.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { parseDump } from '../../src/dumps/index.ts';
import type { JobRow } from '../../src/replay/job_row.ts';
import { type Capture, driverFixtures, labFixtures } from '../support/captures.ts';
import { type StateFormat, stateText } from '../support/late.ts';
import { reportOn, reportWith } from '../support/report.ts';
import { droppedInPlace, identity, inventedBeside, random, uncounted } from './damage.ts';

const RUNS = 2 * Number(process.env['ROBUSTNESS'] ?? 1);
const LONGEST = 200;

interface Behind {
  /** Jobs that begin behind the moment, and those of them that are held against the VM as their lock pass met it. */
  jobs: number;
  planned: number;
  /** The same without the snapshot. */
  before: number;
}

const isPlanned = ({ unknown, counts }: JobRow) => unknown.length === 0 && counts.diverged !== undefined;

function compare(whole: Report, report: Report, without: Report, moment: number, behind: Behind): void {
  const invented = (of: Report) => inventedBeside(whole, of).map((one) => `line ${one.line}: ${identity(one)}`);
  // What losses alone bring about is not asked here.
  const before = new Set(invented(without));
  expect(invented(report).filter((one) => !before.has(one))).toEqual([]);
  const rows = new Map(whole.jobs.map((row) => [row.line, row]));
  for (const row of report.jobs) {
    const own = rows.get(row.line);
    if (own === undefined || row.line <= moment || !isPlanned(own)) continue;
    behind.jobs++;
    const { counts } = row;
    if (row.unknown.length === 0) expect(counts, `job ${row.job}`).toMatchObject(asFarAs(counts, own.counts));
    if (!isPlanned(row)) continue;
    behind.planned++;
    const told = ({ findings }: Report) =>
      findings
        .filter((one) => one.job === row.job && OF_MAPPINGS.test(one.rule))
        .map(({ rule, line, message }) => `${rule} ${line} ${message}`);
    expect(told(report), `job ${row.job}`).toEqual(told(whole));
  }
  behind.before += without.jobs.filter(
    (row) => row.line > moment && isPlanned(row) && rows.get(row.line)?.counts.diverged !== undefined,
  ).length;
}

/** What is told of locks and mappings; page tables and vm_bos are in no dump. */
const OF_MAPPINGS =
  /^(missing-lock|redundant-lock|misapplied-step|step-divergence|lock-step-divergence|lock-pass-mismatch|stale-lock-set|va-conflict)$/;

/** Of the whole trace’s counts those that the other has. */
function asFarAs(counts: object, whole: object): object {
  const has = new Map(Object.entries(counts));
  return Object.fromEntries(
    Object.entries(whole).map(([key, value]) => [key, has.get(key) === undefined ? undefined : value]),
  );
}

function snapshots(capture: Capture, format: StateFormat, seed: number): Behind {
  const bytes = uncounted(capture.read());
  const whole = reportOn(bytes);
  const draw = random(seed);
  const behind: Behind = { jobs: 0, planned: 0, before: 0 };
  for (let run = 0; run < RUNS; run++) {
    const { damaged, told } = droppedInPlace(bytes, LONGEST, draw);
    if (told === 0) continue; // at the end
    const moment = told + Math.floor(draw() * 0.7 * (whole.stats.lines - told));
    const until = ({ line }: { readonly line: number }) => line <= moment;
    const then = reportWith(bytes, { until });
    const vms = [...then.world.vms.values()];
    if (vms.length === 0 || vms.some((vm) => !vm.complete)) continue;
    const dumps = parseDump(stateText(then, format), 'dump');
    const report = reportWith(damaged, { snapshots: [{ file: 'dump', dumps, until }] });
    const without = reportOn(damaged);
    if (without.world.contradictions === 0) expect([...report.world.misfits.values()]).toEqual([]);
    compare(whole, report, without, moment, behind);
  }
  return behind;
}

describe.each(['json', 'gpuvas'] as const)('snapshots behind generated losses, as %s', (format) => {
  const all: Behind = { jobs: 0, planned: 0, before: 0 };
  const captures = [...labFixtures, ...driverFixtures].filter((capture) => capture.read().length < 500_000);
  captures.forEach((capture, i) => {
    it(capture.name, () => {
      const { jobs, planned, before } = snapshots(capture, format, 1 + i);
      all.jobs += jobs;
      all.planned += planned;
      all.before += before;
    });
  });

  it('make the VMs known again', () => {
    expect(all.jobs).toBeGreaterThan(200);
    expect(all.planned).toBeGreaterThan(0.9 * all.jobs);
    expect(all.before).toBeLessThan(0.75 * all.planned);
  });
});
