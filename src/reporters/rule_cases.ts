// A trace as tests: one case a rule and VM. What JUnit and KTAP tell.
import { RULE_NEEDS } from '../coverage/rule_needs.ts';
import type { Finding } from '../findings/finding.ts';
import { FindingJobs } from '../findings/finding_job.ts';
import type { JobRow } from '../replay/job_row.ts';
import type { VmState } from '../replay/vm_state.ts';
import { type CheckedTrace, type CheckRun, fails, isSevere } from './checked_trace.ts';
import { printable } from './escape.ts';

/** skip: events that could excuse the findings, or show more of them, are missing. */
export type Outcome = 'pass' | 'fail' | 'skip';

export interface RuleCase {
  readonly rule: string;
  readonly outcome: Outcome;
  /** Why it is skipped. */
  readonly why: string;
  readonly findings: readonly Finding[];
}

export interface VmCases {
  /** The same in every run of one workload; printable. */
  readonly vm: string;
  readonly cases: readonly RuleCase[];
}

/** Cases of rules that could fire, and of those that did; VMs in the order of the trace. */
export function ruleCases(trace: CheckedTrace, { rules, failOn }: CheckRun): VmCases[] {
  const byVm = findingsByVm(trace);
  const ran = (id: string) => RULE_NEEDS[id]?.(trace.report.world) === true;
  return [...byVm]
    .sort(([a], [b]) => a - b)
    .map(([, { vm, findings }]) => {
      const cases = rules.flatMap(({ id }) => {
        const own = findings.filter((finding) => finding.rule === id);
        return own.length > 0 || ran(id) ? [ruleCase(id, own, trace.doubts, failOn)] : [];
      });
      return { vm, cases };
    })
    .filter(({ cases }) => cases.length > 0);
}

function ruleCase(
  rule: string,
  findings: readonly Finding[],
  doubts: readonly string[],
  failOn: CheckRun['failOn'],
): RuleCase {
  if (findings.some((finding) => fails(finding, failOn))) return { rule, outcome: 'fail', why: '', findings };
  const unsure = findings.find((finding) => isSevere(finding, failOn));
  if (unsure !== undefined)
    return { rule, outcome: 'skip', why: `inconclusive: ${printable(unsure.message)}`, findings };
  const [doubt] = doubts;
  if (doubt !== undefined) return { rule, outcome: 'skip', why: `inconclusive: ${printable(doubt)}`, findings };
  return { rule, outcome: 'pass', why: '', findings };
}

type VmName = Pick<VmState, 'name' | 'ordinal'>;

/** By the VM's ordinal; 0: not known. */
function findingsByVm({ report, jobs, findings }: CheckedTrace): Map<number, { vm: string; findings: Finding[] }> {
  const byVm = new Map<number, { vm: string; findings: Finding[] }>();
  const listOf = ({ ordinal, name }: VmName) => {
    const known = byVm.get(ordinal);
    if (known !== undefined) return known.findings;
    const vm = ordinal === 0 ? 'VM unknown' : `VM ${ordinal}${name === '' ? '' : ` "${printable(name)}"`}`;
    const made = { vm, findings: [] };
    byVm.set(ordinal, made);
    return made.findings;
  };
  const rows = new FindingJobs(report.jobs);
  for (const { vmOrdinal, vmName } of jobs) listOf({ ordinal: vmOrdinal, name: vmName });
  for (const finding of findings) listOf(vmOf(report, rows, finding)).push(finding);
  return byVm;
}

/** A pointer may be that of several VMs, one after another: a job says which. */
export function vmOf({ world }: CheckedTrace['report'], rows: FindingJobs<JobRow>, finding: Finding): VmName {
  const row = rows.of(finding);
  if (row !== undefined && row.vm === finding.vm) return { ordinal: row.vmOrdinal, name: row.vmName };
  return world.vmIdentity(finding.vm) ?? { ordinal: 0, name: '' };
}
