// The scheduler's events tell when a job runs as the probe on the driver's run function does: same tables, same findings.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { ptrHex } from '../../src/base/u64.ts';
import { compare } from '../../src/mmu/compare.ts';
import { driverFixtures, moreDriverCaptures } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';
import { type SchedulerForm, schedulerEvents } from '../support/scheduler_events.ts';

/** Where a job's run is shown by nothing else than the driver's function. */
const captures = [...driverFixtures, ...moreDriverCaptures]
  .filter(({ name }) => /(?:^|\/)(?:PERS-)?(?:msm|nouveau)[/-]/.test(name) && !/generic|(?:edited|written)-/.test(name))
  .map((capture) => [capture.name, capture] as const);

/** Each VM's table, as far as it is known, and what is told of it. */
function tables({ world }: Report): string[] {
  return [...world.vms.values()].map((vm) => {
    const { table, complete, clock } = vm.tables;
    if (table === undefined) return `${ptrHex(vm.id)} none`;
    const { used, bad, stray } = compare(world.mappingsOf(vm), table, world.placeOf);
    return `${ptrHex(vm.id)} ${clock} ${complete} ${used} ${bad} ${stray} awaited ${vm.tables.jobs.size}`;
  });
}

function findings({ findings: all }: Report): string[] {
  return all.map(({ rule, severity, confidence, job, message }) => {
    return `${rule} ${severity} ${confidence} ${job} ${message.replace(/lines? \d+/g, 'line')}`;
  });
}

function ran({ jobs }: Report): string[] {
  return jobs.filter((row) => row.ranLine > 0).map((row) => `${row.job}`);
}

describe.each(captures)('%s', (_, capture) => {
  const bytes = capture.read();
  const probed = reportOn(bytes);

  it.each(['ids', 'pointers'] as const)('%s', (form: SchedulerForm) => {
    const report = reportOn(schedulerEvents(bytes, form));
    expect(tables(report)).toEqual(tables(probed));
    expect(findings(report).sort()).toEqual(findings(probed).sort());
    expect(ran(report)).toEqual(ran(probed));
  });

  it('and without them no table is judged', () => {
    const report = reportOn(schedulerEvents(bytes, undefined));
    expect(ran(report)).toEqual([]);
    expect(report.findings.filter(({ rule }) => /^pte-(stale|missing|wrong)$/.test(rule))).toEqual([]);
  });
});
