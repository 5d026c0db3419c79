// The analysis sees in the text what the kernel module saw from inside: per job, and in the VM that is left.
import { describe, expect, it } from 'vitest';
import { Analysis, type Report } from '../../src/analyze.ts';
import type { JobRow } from '../../src/replay/job_row.ts';
import { type Capture, labFixtures, moreCaptures, truthOf, vmsOf } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';

/** Column of `jobs` = word of the truth. */
const COUNTS = {
  steps: 'steps',
  map: 'map',
  unmap: 'unmap',
  remap: 'remap',
  keep: 'keep',
  missing: 'missing',
  redundant: 'redundant',
  diverged: 'diverged',
  misapplied: 'lost',
  unreserved: 'unreserved',
} as const;

type Column = keyof typeof COUNTS;

/** Traces that do not show all there is: they must only never claim more than the truth. */
const PARTIAL = /(^|\/)(lost|part|argstar|kprobe|fgraph-(plain|args|proc)|var-late-start|var-nocontext)/;
const NEVER_MORE: readonly Column[] = ['missing', 'redundant', 'misapplied', 'unreserved'];

function counted(row: JobRow | undefined): Record<string, number | undefined> {
  return { attempts: row?.attempts, ret: row?.ret, ...row?.counts };
}

function checkWhole(report: Report, truth: ReturnType<typeof truthOf>): void {
  const rows = new Map(report.jobs.map((row) => [row.job, row]));
  for (const [job, want] of truth) {
    const wanted = Object.entries(COUNTS).map(([column, word]) => [column, Number(want[word])]);
    const row = rows.get(job);
    expect({ job, ...counted(row) }).toMatchObject({ job, ...Object.fromEntries(wanted), ret: Number(want['ret']) });
    expect(row?.unknown).toEqual([]);
    expect(row?.vm === 0).toBe(false);
    if (want['wretries'] === '0' && want['rounds'] !== '0') expect(row?.attempts).toBe(Number(want['rounds']));
  }
  expect(report.doubts).toEqual([]);
}

function checkPartial(report: Report, truth: ReturnType<typeof truthOf>): void {
  for (const row of report.jobs) {
    const want = truth.get(row.job);
    if (want === undefined) continue;
    const over = NEVER_MORE.filter((column) => (row.counts[column] ?? 0) > Number(want[COUNTS[column]]));
    expect({ job: row.job, over }).toEqual({ job: row.job, over: [] });
  }
}

/** The VMs as they were when the last job had ended. */
function checkState(capture: Capture, report: Report, dump: string): void {
  const last = Math.max(...report.jobs.map((row) => row.endLine));
  const analysis = new Analysis({ file: capture.name, until: (where) => where.line <= last });
  analysis.push(capture.read());
  const { vms } = analysis.finish().world;
  for (const [gpuvm, mappings] of vmsOf(dump)) {
    const got = [...(vms.get(gpuvm)?.tree ?? [])].map(({ addr, range, obj, offset }) => ({ addr, range, obj, offset }));
    // The offset of a mapping without object means nothing.
    const plain = (va: (typeof mappings)[number]) => ({ ...va, offset: va.obj === 0 ? 0 : va.offset });
    expect(got.map(plain)).toEqual(mappings.map(plain));
  }
}

describe.each([...labFixtures, ...moreCaptures].map((capture) => [capture.name, capture] as const))(
  '%s',
  (name, capture) => {
    const truth = truthOf(capture.beside('truth') ?? '');
    const dump = capture.beside('vmstate-after');
    const report = reportOn(capture.read());
    const partial = PARTIAL.test(name);

    if (truth.size > 0 && partial) it('claims no more than the module counted', () => checkPartial(report, truth));
    if (truth.size > 0 && !partial) it('counts what the module counted', () => checkWhole(report, truth));
    if (dump !== undefined && !partial)
      it('ends in the state that the kernel dumped', () => checkState(capture, report, dump));
    if (truth.size === 0) it('has jobs', () => expect(report.jobs.length).toBeGreaterThan(0));
  },
);
