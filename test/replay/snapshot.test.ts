// What a snapshot is taken for, and what is said where it is not.
import { describe, expect, it } from 'vitest';
import { parseDump } from '../../src/dumps/index.ts';
import type { VmDump } from '../../src/events/vm_dump.ts';
import { plainFinding } from '../../src/findings/finding.ts';
import { fixture } from '../support/captures.ts';
import { cutBefore, type StateFormat, stateText } from '../support/late.ts';
import { reportOn, reportWith } from '../support/report.ts';

type Change = (dumps: readonly VmDump[]) => readonly VmDump[];

const upTo = (moment: number) => (where: { readonly line: number }) => where.line <= moment;

/** A trace whose events are lost from 30 to 45 hundredths of it, with its state in its middle. */
function lossy(name: string, format: StateFormat, change: Change = (dumps) => dumps, share = 0.5) {
  const text = cutBefore(fixture(name).read(), 0);
  const whole = reportOn(text);
  const { lines } = whole.stats;
  const moment = Math.floor(share * lines);
  const dumps = change(parseDump(stateText(reportWith(text, { until: upTo(moment) }), format), 'dump'));
  const told = Math.floor(0.45 * lines);
  const early = Buffer.from(text).toString('latin1').split('\n').slice(0, told).join('\n');
  const cpus = [0, 1].filter((cpu) => early.includes(` [00${cpu}] `));
  const damaged = Buffer.from(text)
    .toString('latin1')
    .split('\n')
    .map((line, i) => {
      if (i >= told && i < told + cpus.length) return `CPU:${cpus[i - told]} [LOST EVENTS]`;
      return i > 0.3 * lines && i < told ? '#' : line;
    })
    .join('\n');
  const bytes = Buffer.from(damaged, 'latin1');
  const snapshot = { file: 'snapshot.txt', dumps, until: upTo(moment) };
  return { whole, moment, without: reportOn(bytes), report: reportWith(bytes, { snapshots: [snapshot] }) };
}

type Report = ReturnType<typeof lossy>['report'];

const notes = ({ doubts }: Report) => doubts.filter((one) => /snapshot/.test(one));
const judged = ({ jobs }: Report, from: number) =>
  jobs.filter((row) => row.line > from && row.unknown.length === 0 && row.counts.diverged !== undefined).length;

describe.each(['json', 'gpuvas'] as const)('as %s', (format) => {
  it.each(['fuzz-correct', 'missing', 'msm/correct', 'msm/remap-much'])(
    '%s: what comes behind it is judged as if nothing were lost',
    (name) => {
      const { whole, moment, without, report } = lossy(name, format);
      expect(notes(report)).toEqual([]);
      expect(judged(report, moment)).toBe(judged(whole, moment));
      expect(judged(without, moment)).toBeLessThan(judged(whole, moment));
      expect(report.losses.vms.count).toBe(0);
      expect(without.losses.vms.count).toBeGreaterThan(0);
    },
  );

  it('VMs of one name and of the same bounds are told apart by what is known of them', () => {
    const { report } = lossy('contention-threads', format, (dumps) => dumps.toReversed());
    expect([...report.world.misfits]).toEqual([]);
    expect(notes(report)).toEqual([]);
    expect([...report.world.vms.values()].every((vm) => vm.complete)).toBe(true);
  });
});

it('mappings that were known before it stay what they are, whatever it says of them', () => {
  const wrong: Change = (dumps) =>
    dumps.map((dump) => ({ ...dump, mappings: dump.mappings.map((va) => ({ ...va, offset: 0x123000 })) }));
  const { report, without, moment } = lossy('fuzz-correct', 'json', wrong, 0.8);
  expect(notes(report)).toEqual([
    expect.stringMatching(
      /^snapshot.txt: VM "[^"]+" is not VM 0x\w+ as the trace shows it: the trace maps .*, the dump /,
    ),
  ]);
  expect(judged(report, moment)).toBe(judged(without, moment));
});

it('a VM that is known whole is left alone, and a difference is told', () => {
  const text = cutBefore(fixture('fuzz-correct').read(), 0);
  const moment = Math.floor(0.5 * reportOn(text).stats.lines);
  const then = reportWith(text, { until: upTo(moment) });
  const [dump] = parseDump(stateText(then, 'json'), 'dump');
  if (dump === undefined) throw new Error('no VM');
  const with_ = (one: VmDump) => reportWith(text, { snapshots: [{ file: 'f', dumps: [one], until: upTo(moment) }] });
  const without = reportOn(text).findings.map(plainFinding);
  const right = with_(dump);
  expect(right.doubts).toEqual([]);
  expect(right.findings.map(plainFinding)).toEqual(without);
  const report = with_({ ...dump, mappings: dump.mappings.slice(1) });
  expect(report.doubts).toEqual([
    expect.stringMatching(/^f: VM .*: the trace maps .*, the dump nothing that begins there$/),
  ]);
  expect(report.findings.map(plainFinding)).toEqual(without);
  expect(report.world.misfits.size).toBe(0);
});

it('one that the trace contradicts later is blamed for it, and for nothing that was before', () => {
  const more: Change = (dumps) =>
    dumps.map((dump) => ({ ...dump, mappings: dump.mappings.filter((_, i) => i % 2 === 0) }));
  const { report, moment, without } = lossy('fuzz-correct', 'json', more, 0.4502);
  expect(report.doubts.join('\n')).toMatch(/the snapshot of VM 0x\w+ does not fit the trace, line \d+: /);
  expect(report.findings.filter((one) => one.line > moment && one.confidence !== 'inconclusive')).toEqual([]);
  const early = ({ jobs }: Report) => jobs.filter((row) => row.endLine < moment && row.unknown.length === 0).length;
  expect(early(report)).toBe(early(without));
  expect(early(report)).toBeGreaterThan(0);
});

it('a VM from before the trace is known from there on', () => {
  const text = cutBefore(fixture('missing').read(), 0);
  const { lines } = reportOn(text).stats;
  const [cut, moment] = [Math.floor(0.3 * lines), Math.floor(0.5 * lines)];
  const late = cutBefore(text, cut);
  for (const format of ['json', 'gpuvas'] as const) {
    const dumps = parseDump(stateText(reportWith(text, { until: upTo(moment) }), format), 'dump');
    const report = reportWith(late, { snapshots: [{ file: 'f', dumps, until: upTo(moment) }] });
    // debugfs does not show the VM's flags: where a lock is not held, it may be one that need not be.
    if (format === 'json') expect(judged(report, moment)).toBe(judged(reportOn(text), moment));
    expect(judged(reportOn(late), moment)).toBeLessThan(judged(report, moment));
  }
});

describe('what is said', () => {
  const text = cutBefore(fixture('fuzz-correct').read(), 0);
  const bounds = { mmStart: 0, mmRange: 0x10000, kernelStart: 0, kernelRange: 0 };
  const dump: VmDump = { line: 3, gpuvm: 0, name: 'x', bounds, flags: 0, resv: 0, whole: true, mappings: [] };
  const doubts = (one: VmDump, moment: number, trace = text) =>
    reportWith(trace, { snapshots: [{ file: 'f', dumps: [one], until: upTo(moment) }] }).doubts;

  it.each([
    ['where it comes too early', dump, 1, 'f: the trace shows no VM before that moment'],
    ['where it comes too late', dump, 1e9, 'f: no event comes after the moment of this snapshot'],
    ['where it is not whole', { ...dump, whole: false }, 300, 'f: VM "x" at line 3: not all of it is shown there'],
  ])('%s', (_, one, moment, want) => {
    expect(doubts(one, moment)).toEqual([want]);
  });

  it('where no VM there is the one that is not known', () => {
    const two = [dump, { ...dump, line: 9 }];
    const late = cutBefore(text, 200);
    const report = reportWith(late, { snapshots: [{ file: 'f', dumps: two, until: upTo(300) }] });
    expect(report.doubts).toContainEqual(
      expect.stringMatching(/^f: VM 0x\w+: none of the VMs there, or one of several$/),
    );
  });
});
