// A trace as tests: one case a rule and VM. What JUnit and KTAP tell.
import type { Finding } from '../findings/finding.ts';
import { fails, isSevere } from './checked_trace.ts';
import { printable } from './escape.ts';
import type { RunResult, TraceResult, VmName } from './trace_result.ts';

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
export function ruleCases(trace: TraceResult, { rules, failOn }: RunResult): VmCases[] {
  const byVm = findingsByVm(trace);
  return [...byVm]
    .sort(([a], [b]) => a - b)
    .map(([, { vm, findings }]) => {
      const cases = rules.flatMap(({ id }) => {
        const own = findings.filter((finding) => finding.rule === id);
        return own.length > 0 || trace.heard.includes(id) ? [ruleCase(id, own, trace.doubts, failOn)] : [];
      });
      return { vm, cases };
    })
    .filter(({ cases }) => cases.length > 0);
}

function ruleCase(
  rule: string,
  findings: readonly Finding[],
  doubts: readonly string[],
  failOn: RunResult['failOn'],
): RuleCase {
  if (findings.some((finding) => fails(finding, failOn))) return { rule, outcome: 'fail', why: '', findings };
  const unsure = findings.find((finding) => isSevere(finding, failOn));
  if (unsure !== undefined)
    return { rule, outcome: 'skip', why: `inconclusive: ${printable(unsure.message)}`, findings };
  const [doubt] = doubts;
  if (doubt !== undefined) return { rule, outcome: 'skip', why: `inconclusive: ${printable(doubt)}`, findings };
  return { rule, outcome: 'pass', why: '', findings };
}

/** By the VM's ordinal; 0: not known. */
function findingsByVm({ vms, findings }: TraceResult): Map<number, { vm: string; findings: Finding[] }> {
  const byVm = new Map<number, { vm: string; findings: Finding[] }>();
  const listOf = ({ ordinal, name }: VmName) => {
    const known = byVm.get(ordinal);
    if (known !== undefined) return known.findings;
    const vm = ordinal === 0 ? 'VM unknown' : `VM ${ordinal}${name === '' ? '' : ` "${printable(name)}"`}`;
    const made = { vm, findings: [] };
    byVm.set(ordinal, made);
    return made.findings;
  };
  for (const vm of vms) listOf(vm);
  for (const finding of findings) listOf(finding.of).push(finding);
  return byVm;
}
