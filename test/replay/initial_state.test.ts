// A trace that starts late, with the state before it: judged as in the full trace, and nothing invented.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { ptrFromU64 } from '../../src/base/u64.ts';
import { parseDump } from '../../src/dumps/index.ts';
import type { VmDump } from '../../src/events/vm_dump.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { matchDumps } from '../../src/replay/match_dumps.ts';
import { fixture } from '../support/captures.ts';
import { cutBefore, type StateFormat, stateText } from '../support/late.ts';
import { reportOn, reportWith } from '../support/report.ts';

interface Late {
  readonly cut: number;
  readonly full: Report;
  readonly late: Report;
  readonly without: Report;
}

/** change: what is done to the dump before it is used. */
function lateStart(name: string, share: number, format: StateFormat, change = (text: string) => text): Late {
  const text = cutBefore(fixture(name).read(), 0);
  const full = reportOn(text);
  const cut = Math.floor(full.stats.lines * share);
  const then = reportWith(text, { until: ({ line }) => line <= cut });
  const rest = cutBefore(text, cut);
  const without = reportOn(rest);
  const dumps = parseDump(change(stateText(then, format)), 'dump');
  const { byVm } = matchDumps(dumps, without.world.unseen);
  return { cut, full, without, late: reportWith(rest, { initial: byVm }) };
}

/** A finding as it is the same in both. */
const keyOf = ({ rule, line, message }: Finding) => `${rule} ${line} ${message.slice(0, 60)}`;
/** The page tables at the start are in no dump. */
const ofTables = ({ rule }: Finding) => /^(pte|partial|transient|tlb|pt)-/.test(rule);

const TRACES = [
  ...['correct', 'missing', 'redundant', 'fuzz-correct', 'contention-threads', 'deferred-relock', 'lose-next'],
  ...['immediate', 'nodup', 'bad-next-offset', 'correct-ops', 'unreserved', 'kprobe-correct'],
  ...['msm/correct', 'msm/remap-much', 'nouveau/correct', 'nouveau/lock-mapped', 'xe/correct', 'panthor/correct'],
  ...['pvr/correct'],
];

describe.each(TRACES)('%s', (name) => {
  it.each([0.3, 0.7])('from %d on: as in the full trace', (share) => {
    const { cut, full, late, without } = lateStart(name, share, 'json');
    expect([...late.world.misfits.values()]).toEqual([]);
    const known = new Set(full.findings.map(keyOf));
    const invented = late.findings.filter((one) => one.confidence !== 'inconclusive' && !known.has(keyOf(one)));
    expect(invented.map(keyOf)).toEqual([]);
    // Jobs that begin behind the cut are judged as they were, or say why not.
    const rows = new Map(full.jobs.map((row) => [row.line, row]));
    const unknown = (row: Report['jobs'][number]) => row.unknown.length > 0;
    for (const row of late.jobs) {
      const whole = rows.get(row.line);
      if (row.line > cut && whole !== undefined && !unknown(row))
        expect(row.counts).toMatchObject(shown(row.counts, whole.counts));
    }
    const judged = (report: Report) => report.jobs.filter((row) => row.line > cut && !unknown(row)).length;
    expect(judged(late)).toBeGreaterThanOrEqual(judged(without));
    // Whatever a job that is judged whole had to be told is told again.
    const told = new Set(late.findings.map(keyOf));
    const lost = (row: Report['jobs'][number]) =>
      Object.values(row.counts).filter((count) => count === undefined).length !==
      Object.values(rows.get(row.line)?.counts ?? {}).filter((count) => count === undefined).length;
    const judgedWhole = late.jobs.filter((row) => row.line > cut && !unknown(row) && !lost(row));
    const whole = new Set(judgedWhole.map((row) => row.job));
    const lacking = full.findings.filter(
      (one) => one.job !== undefined && whole.has(one.job) && one.confidence !== 'inconclusive' && !ofTables(one),
    );
    expect(lacking.map(keyOf).filter((key) => !told.has(key))).toEqual([]);
  });

  it('debugfs shows less, and nothing is invented from it', () => {
    const { full, late } = lateStart(name, 0.45, 'gpuvas');
    const known = new Set(full.findings.map(keyOf));
    const invented = late.findings.filter((one) => one.confidence !== 'inconclusive' && !known.has(keyOf(one)));
    expect(invented.map(keyOf)).toEqual([]);
    expect(late.world.misfits.size).toBe(0);
  });
});

/** The counts of the full trace, as far as the late one has them. */
function shown(late: object, full: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(late).map(([key, value]) => [key, value === undefined ? value : full[key]]));
}

it('all of the jobs of a late start are judged, and without a state some are not', () => {
  const { cut, full, late, without } = lateStart('missing', 0.2, 'json');
  const starts = new Set(full.jobs.map((row) => row.line));
  const open = (report: Report) =>
    report.jobs.filter((row) => row.line > cut && starts.has(row.line) && row.unknown.length > 0).length;
  expect(open(without)).toBeGreaterThan(0);
  expect(open(late)).toBe(0);
  expect(late.findings.filter((one) => one.rule === 'missing-lock').length).toBeGreaterThan(0);
});

it.each(['csv', 'json', 'ndjson', 'gpuvas'] as const)('%s gives the mappings back', (format) => {
  const text = fixture('misc').read();
  const last = Math.max(...reportOn(text).jobs.map((row) => row.endLine));
  const full = reportWith(text, { until: ({ line }) => line <= last });
  const dumps = parseDump(stateText(full, format), 'dump');
  const vms = [...full.world.vms.values()].filter(
    (vm) => format === 'gpuvas' || format.endsWith('json') || vm.tree.size > 0,
  );
  expect(dumps.map((dump) => dump.mappings.length)).toEqual(vms.map((vm) => vm.tree.size));
  for (const [i, vm] of vms.entries()) {
    const want = [...vm.tree].map(({ addr, range, obj, offset }) => ({ addr, range, obj, offset }));
    expect(dumps[i]?.mappings).toMatchObject(want);
    expect(dumps[i]?.name).toBe(vm.name);
  }
});

it('a dump that the trace contradicts is told, and nothing rests on it', () => {
  const gone = (text: string) => text.replace(/ {5}\| 0x[^\n]*\n/, '');
  const moved = (text: string) => text.replace(/( {5}\| 0x\w+ \| 0x\w+ \| 0x\w+ \| 0x\w+ \|) 0x0000/g, '$1 0x0f00');
  for (const change of [gone, moved]) {
    const { late } = lateStart('fuzz-correct', 0.45, 'gpuvas', change);
    // Seen as another VM, or as this one and not as it was: either way nothing follows from it.
    expect(late.findings.filter((one) => one.confidence !== 'inconclusive' && one.severity !== 'note')).toEqual([]);
  }
  const wrong = (text: string) => text.replace(/"addr": "0x/, '"addr": "0xf0');
  const { late } = lateStart('fuzz-correct', 0.45, 'json', wrong);
  expect(late.doubts.join('\n')).toMatch(/the initial state of VM 0x\w+ does not fit the trace, line \d+: /);
  expect(late.jobs.every((row) => row.unknown.length > 0)).toBe(true);
});

it('a mapping that is in the dump only is no finding', () => {
  const dump = (mappings: VmDump['mappings']): VmDump => {
    const bounds = { mmStart: 0x10000, mmRange: 0xfff0000, kernelStart: 0xfe00000, kernelRange: 0x200000 };
    return { line: 1, gpuvm: 0, name: 'x', bounds, flags: 0, resv: 0, whole: true, mappings };
  };
  const text = cutBefore(fixture('correct').read(), 0);
  const cut = Math.floor(reportOn(text).stats.lines * 0.45);
  const rest = cutBefore(text, cut);
  const [vm] = reportOn(rest).world.unseen;
  if (vm === undefined) throw new Error('no VM');
  const obj = ptrFromU64(0xffff888100362200n);
  const one = { addr: 0x100000, range: 0x200000, obj, offset: 0, flags: 0, va: 0, resv: 0 };
  const late = reportWith(rest, { initial: new Map([[vm.id, dump([one])]]) });
  expect(late.world.misfits.size).toBe(1);
  expect(late.findings.filter((found) => found.confidence !== 'inconclusive')).toEqual([]);
});

describe('whose dump it is', () => {
  const two = (share: number) => {
    const text = cutBefore(fixture('contention-threads').read(), 0);
    const cut = Math.floor(reportOn(text).stats.lines * share);
    const dumps = parseDump(stateText(reportWith(text, { until: ({ line }) => line <= cut }), 'gpuvas'), 'dump');
    return { dumps, unseen: reportOn(cutBefore(text, cut)).world.unseen };
  };

  it('is told by what is mapped, where several VMs have one name', () => {
    const { dumps, unseen } = two(0.5);
    expect(dumps.length).toBe(2);
    const { byVm, notes } = matchDumps(dumps, unseen);
    expect(notes).toEqual([]);
    expect(byVm.size).toBe(2);
    expect(matchDumps(dumps.toReversed(), unseen).byVm).toEqual(byVm);
  });

  it('is left open where two could be meant', () => {
    const { dumps, unseen } = two(0.5);
    const [first] = dumps;
    if (first === undefined) throw new Error('no dump');
    const { byVm, notes } = matchDumps([first, { ...first, line: 90 }], unseen);
    expect(byVm.size).toBe(0);
    expect(notes.join('\n')).toMatch(/can be any of .* at line 1, .* at line 90/);
    expect(notes.join('\n')).toMatch(/had mappings that no VM there has/);
  });
});

describe('a file that is no dump', () => {
  const HEAD = 'DRM GPU VA space (x) [0x0000000000000000;0x0000000000100000]\n';
  const ROW = `     | 0x${'0'.repeat(12)}1000 | 0x${'0'.repeat(12)}2000 | 0x${'0'.repeat(12)}3000 | 0x${'0'.repeat(16)} | 0x${'0'.repeat(16)}\n`;
  it.each([
    ['text', 'hello', /^dump: shows no VA space; expected/],
    ['an empty file', '', /^dump: shows no VA space/],
    ['another line', `${HEAD}hello\n`, /^dump:2: not a line of a gpuvas dump: "hello"$/],
    ['a row cut off', HEAD + ROW.slice(0, 60), /^dump:2: not a line/],
    ['two mappings in one place', HEAD + ROW + ROW, /^dump:1: VM "x": 0x1000\+0x2000 and 0x1000\+0x2000 overlap$/],
    ['backwards', HEAD.replace('[0x00', '[0xff'), /^dump:1: a range that ends before it begins/],
    ['JSON of something else', '{"schema":1,"jobs":[]}', /^dump:1: neither a VM nor a mapping/],
    ['JSON that is none', '{"schema":', /^dump:1: not a row of a state$/],
    ['a cell that is no number', 'vm,addr,range,obj,offset\n0x1,x,0x1,0x0,0x0\n', /^dump:2: addr is no number: "x"$/],
    ['a column that is not there', 'vm,addr,range\n0x1,0x1,0x1\n', /^dump:2: a mapping without obj$/],
    [
      'a mapping at the end of all',
      'vm,addr,range,obj,offset\n0x1,0xfffffffffffff000,0x1000,0x0,0x0\n',
      /leaves 64 bits$/,
    ],
    ['a quote left open', 'vm,addr\n"0x1,0x1\n', /^dump: /],
  ])('%s', (_, text, message) => {
    expect(() => parseDump(text, 'dump')).toThrow(message);
  });
});
