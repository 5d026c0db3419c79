// The mappings of msm's devcoredump as the state that a trace begins with, and as the one that it should lead to.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { parseDump } from '../../src/dumps/index.ts';
import type { VmDump } from '../../src/events/vm_dump.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { matchDumps } from '../../src/replay/match_dumps.ts';
import { driverFixtures, fixture, moreDriverCaptures } from '../support/captures.ts';
import { cutBefore } from '../support/late.ts';
import { devcoredump } from '../support/msm_crash.ts';
import { reportOn, reportWith } from '../support/report.ts';

const captures = [...driverFixtures, ...moreDriverCaptures]
  .filter(({ name }) => /(?:^|\/)(?:PERS-)?msm[/-]/.test(name) && !/generic|edited-/.test(name))
  .map((capture) => [capture.name, capture] as const);

function dumpAt(bytes: Uint8Array, line: number): VmDump[] {
  return parseDump(devcoredump(bytes, { line, shift: 4 }), 'dump');
}

/** Differences between the trace up to `line` and the dumps. */
function compared(bytes: Uint8Array, line: number, dumps: readonly VmDump[]): Report {
  return reportWith(bytes, { expect: { dumps, until: (where) => where.line <= line } });
}

const mismatches = ({ findings }: Report) =>
  findings.filter(({ rule }) => rule === 'state-mismatch').map(({ message }) => message);

/** One VM, and no other before or behind it. */
const single = captures.filter(([, { read }]) => vmCount(read()) === 1);

function vmCount(bytes: Uint8Array): number {
  return Array.from(
    Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/ vm_init: /g),
  ).length;
}

describe.each(single)('%s', (_, capture) => {
  const bytes = capture.read();
  const full = reportOn(cutBefore(bytes, 0));
  const ends = full.jobs.map((row) => row.endLine).filter((line) => line > 0);

  it('a dump of the moment says what the trace says', () => {
    for (const line of ends.filter((_end, index) => index % 5 === 0)) {
      const report = compared(bytes, line, dumpAt(bytes, line));
      expect([line, mismatches(report)]).toEqual([line, []]);
      expect(report.doubts.filter((doubt) => /the VM at line|no VM of the trace/.test(doubt))).toEqual([]);
    }
  });

  it('as the state before a late start nothing is invented from it', () => {
    const known = new Set(full.findings.map(keyOf));
    for (const share of [0.3, 0.7]) {
      const cut = Math.floor(full.stats.lines * share);
      const rest = cutBefore(bytes, cut);
      const { byVm } = matchDumps(dumpAt(bytes, cut), reportOn(rest).world.unseen);
      const late = reportWith(rest, { initial: byVm });
      expect([...late.world.misfits.values()]).toEqual([]);
      const invented = late.findings.filter((one) => one.confidence !== 'inconclusive' && !known.has(keyOf(one)));
      expect(invented.map(keyOf)).toEqual([]);
    }
  });
});

/** Which of several objects with one dma_resv is named, and how a shortage of pages shows first, depends on what was seen. */
const keyOf = ({ rule, message }: Finding) =>
  rule === 'pt-prealloc-short' ? rule : `${rule} ${message.replace(/object 0x\w+ /, '').slice(0, 60)}`;

describe('what differs', () => {
  const bytes = fixture('msm/correct').read();
  const line = reportOn(bytes).jobs[6]?.endLine ?? 0;
  const [whole] = dumpAt(bytes, line);
  if (whole === undefined) throw new Error('no dump');
  const [first, second, ...others] = whole.mappings;
  if (first === undefined || second === undefined || others.length === 0) throw new Error('too few mappings');
  const told = (mappings: VmDump['mappings']) => mismatches(compared(bytes, line, [{ ...whole, mappings }]));

  it('what the dump lacks is no difference', () => {
    expect(told(whole.mappings)).toEqual([]);
    expect(told(whole.mappings.slice(1))).toEqual([]);
    expect(told([])).toEqual([]);
  });

  it('another range, and what the trace does not map, are', () => {
    expect(told([{ ...first, range: 0x1000 }, second])).toEqual([
      expect.stringMatching(/, the dump 0x\w+-0x\w+ to some object$/),
    ]);
    const more = { ...first, addr: 0xf00000, range: 0x1000 };
    expect(told([...whole.mappings, more])).toEqual([
      expect.stringMatching(/^the dump maps 0xf00000-0xf01000 to some object, the trace nothing that begins there/),
    ]);
  });

  it('NULL where the dump has an object is one', () => {
    const { world } = reportWith(bytes, { until: (where) => where.line <= line });
    const empty = [...world.vms.values()].flatMap((vm) => [...vm.tree]).find((va) => va.obj === 0);
    if (empty === undefined) throw new Error('no NULL mapping');
    expect(told([{ ...first, addr: empty.addr, range: empty.range }])).toEqual([
      expect.stringMatching(/ to NULL, the dump /),
    ]);
  });
});

describe('whose it is', () => {
  const [name, capture] = captures.find(([, { read }]) => vmCount(read()) > 1 && hasTwo(read())) ?? [];
  if (capture === undefined) throw new Error('no capture with two VMs at once');
  const bytes = capture.read();
  const line = twoAt(bytes);

  it(`is told by what is mapped, or left open (${name})`, () => {
    const { world } = reportWith(bytes, { until: (where) => where.line <= line });
    const [vm] = [...world.vms.values()].filter(({ tree }) => tree.size > 0);
    const mappings = [...(vm?.tree ?? [])].filter(({ obj }) => obj !== 0);
    const dump = (change: number): VmDump => ({
      ...{ line: 9, gpuvm: 0, name: '', bounds: undefined, flags: undefined, resv: 0, whole: false },
      mappings: mappings.map(({ addr, range }) => {
        return { addr, range: Number(range) + change, obj: undefined, offset: undefined, flags: 0, va: 0, resv: 0 };
      }),
    });
    expect(mismatches(compared(bytes, line, [dump(0)]))).toEqual([]);
    const open = compared(bytes, line, [dump(0x1000)]);
    expect(mismatches(open)).toEqual([]);
    expect(open.doubts.join('\n')).toMatch(/the VM at line 9 is no VM of the trace at that moment, or can be several/);
  });
});

function twoAt(bytes: Uint8Array): number {
  const { jobs } = reportOn(bytes);
  const rows = jobs.filter((row) => row.endLine > 0);
  return (
    rows.find(({ endLine }) => {
      const { world } = reportWith(bytes, { until: (where) => where.line <= endLine, mmu: 'off' });
      const vms = [...world.vms.values()];
      return vms.length > 1 && vms.some(({ tree }) => [...tree].some(({ obj }) => obj !== 0));
    })?.endLine ?? 0
  );
}

function hasTwo(bytes: Uint8Array): boolean {
  return twoAt(bytes) > 0;
}
