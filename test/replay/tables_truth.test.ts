// The page tables as the trace shows them written are those of the kernel module: what they hold after the last job, and
// how many pages each job left wrong.
import { describe, expect, it } from 'vitest';
import { Analysis, type Report } from '../../src/analyze.ts';
import { hex, ptrHex } from '../../src/base/u64.ts';
import { compare } from '../../src/mmu/compare.ts';
import type { PageTable } from '../../src/mmu/pgtable.ts';
import { SpanSet } from '../../src/mmu/span_map.ts';
import type { MmuMode } from '../../src/replay/world.ts';
import {
  type Capture,
  driverFixtures,
  labFixtures,
  moreCaptures,
  moreDriverCaptures,
  truthOf,
} from '../support/captures.ts';

function run(capture: Capture, mmu: MmuMode, last = Number.POSITIVE_INFINITY): Report {
  const analysis = new Analysis({ file: capture.name, mmu, until: (where) => where.line <= last });
  analysis.push(capture.read());
  return analysis.finish();
}

function lastLine({ jobs }: Report): number {
  return Math.max(...jobs.map((row) => Math.max(row.endLine, row.ranLine)));
}

/** `gpuvm used bad stray` of each VM, as the `end` lines of the dump have them. */
function dumped(dump: string): string[] {
  const vms: string[] = [];
  let gpuvm = '';
  for (const line of dump.split('\n')) {
    const word = (key: string) => new RegExp(`\\b${key}=(\\w+)`).exec(line)?.[1] ?? '?';
    if (line.startsWith('vm ')) gpuvm = `0x${word('gpuvm')}`;
    if (line.startsWith('end ')) vms.push(`${gpuvm} ${word('pt_used')} ${word('pt_bad')} ${word('pt_stray')}`);
  }
  return vms.sort();
}

function held({ world }: Report): string[] {
  const vms: string[] = [];
  for (const vm of world.vms.values()) {
    const { table } = vm.tables;
    if (!vm.initKnown) continue; // used after it was freed
    if (table === undefined) {
      vms.push(`${ptrHex(vm.id)} 0 0 0`);
      continue;
    }
    const counts = compare(world.mappingsOf(vm), table, world.placeOf);
    vms.push(`${ptrHex(vm.id)} ${counts.used} ${counts.bad} ${counts.stray}`);
  }
  return vms.sort();
}

const isWhole = ({ name }: Capture) =>
  !/(^|\/)(edited|written|lost|part|argstar|kprobe|fgraph|function|var-late|var-nocontext|PERS-generic|probes)/.test(
    name,
  );

const captures = [...labFixtures, ...driverFixtures, ...moreCaptures, ...moreDriverCaptures]
  .filter((capture) => isWhole(capture) && capture.beside('vmstate-after') !== undefined)
  .map((capture) => [capture.name, capture] as const);

describe.each(captures)('%s', (name, capture) => {
  const whole = run(capture, 'trace');

  it('leaves the tables that the module counted', () => {
    const report = run(capture, 'trace', lastLine(whole));
    expect(held(report)).toEqual(dumped(capture.beside('vmstate-after') ?? ''));
  });

  if (/(^|\/)(panthor|pvr|xe)/.test(name)) {
    it('finds the pages that each job leaves wrong', () => {
      const wanted = wrongByTruth(truthOf(capture.beside('truth') ?? ''));
      const found = wrongByFindings(whole);
      // Where memory was never mapped before, nothing tells whose it is.
      if (name.includes('sg-offset')) {
        expect(Object.keys(found)).toEqual(Object.keys(wanted));
        for (const [job, pages] of Object.entries(found)) expect(pages).toBeLessThanOrEqual(wanted[Number(job)] ?? 0);
      } else {
        expect(found).toEqual(wanted);
      }
    });
  }

  // What is mapped outside of any job no step tells.
  if (/correct/.test(name) && !/kprobe|argstar|kernel-bo/.test(name)) {
    it('derives the same tables from the steps', () => {
      const last = lastLine(whole);
      const derived = run(capture, 'derive', last).world;
      for (const vm of run(capture, 'trace', last).world.vms.values()) {
        expect(covered(derived.vms.get(vm.id)?.tables.table)).toEqual(covered(vm.tables.table));
      }
    });
  }
});

/** Pages of the tables that are newly not what the tree calls for, by job. */
function wrongByTruth(truth: ReturnType<typeof truthOf>): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const [job, row] of truth) {
    if (row['mmu_new'] !== undefined && row['mmu_new'] !== '0') counts[job] = Number(row['mmu_new']);
  }
  return counts;
}

function wrongByFindings({ findings }: Report): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { rule, job = 0, message } of findings) {
    if (!/^pte-(stale|missing|wrong)$/.test(rule)) continue;
    counts[job] = (counts[job] ?? 0) + Number(/\((\d+) pages?\)/.exec(message)?.[1]);
  }
  return counts;
}

/** What is translated, however it is cut into leaves. */
function covered(table: PageTable | undefined): string[] {
  const spans = new SpanSet();
  for (const { addr, end } of table?.runs() ?? []) spans.add(addr, end);
  return [...spans].map(({ addr, end }) => `${hex(addr)}-${hex(end)}`);
}
