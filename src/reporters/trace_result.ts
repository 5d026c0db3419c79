// What a report for CI says of one trace, as data alone: a trace of this run, or one of a report that was written before.
import { RULE_NEEDS } from '../coverage/rule_needs.ts';
import { type Finding, plainFinding } from '../findings/finding.ts';
import { FindingJobs } from '../findings/finding_job.ts';
import type { JobRow } from '../replay/job_row.ts';
import type { VmState } from '../replay/vm_state.ts';
import type { CheckedTrace, CheckRun } from './checked_trace.ts';
import { printable } from './escape.ts';
import { kernelObject } from './kernel_text.ts';

export type VmName = Pick<VmState, 'name' | 'ordinal'>;

/** With its VM; the ordinal is 0 where that is not known. */
export interface FoundInVm extends Finding {
  readonly of: VmName;
}

export interface TraceResult {
  readonly file: string;
  readonly stats: { readonly lines: number; readonly events: number; readonly lost: number };
  /** As JSON names it. */
  readonly kernel: string;
  readonly drivers: readonly string[];
  /** Of the jobs that were asked for, in the order of their ordinals. */
  readonly vms: readonly VmName[];
  /** Rules that could fire. */
  readonly heard: readonly string[];
  readonly findings: readonly FoundInVm[];
  readonly known: number;
  readonly doubts: readonly string[];
  /** What JSON tells beside all this. */
  readonly more: Readonly<Record<string, unknown>>;
}

/** A run, or what several runs came to together. */
export type RunResult = Omit<CheckRun, 'traces'> & { readonly traces: readonly TraceResult[] };

export function runResult(run: CheckRun): RunResult {
  return { ...run, traces: run.traces.map(traceResult) };
}

export function traceResult({ report, jobs, findings, known, doubts }: CheckedTrace): TraceResult {
  const { file, stats, kernel, world, losses, diagnostics } = report;
  const rows = new FindingJobs(report.jobs, findings);
  const vms = new Map<number, VmName>();
  for (const { vmOrdinal, vmName } of jobs) vms.set(vmOrdinal, { ordinal: vmOrdinal, name: vmName });
  return {
    file,
    stats: { lines: stats.lines, events: stats.events, lost: stats.lost },
    kernel: printable(kernel.name),
    drivers: [...world.drivers],
    vms: [...vms.values()].sort((a, b) => a.ordinal - b.ordinal),
    heard: Object.keys(RULE_NEEDS).filter((rule) => RULE_NEEDS[rule]?.(world) === true),
    findings: findings.map((finding) => ({ ...plainFinding(finding), of: vmOf(report, rows, finding) })),
    known,
    doubts,
    more: {
      jobs: report.jobs.length,
      losses,
      kernel: kernelObject(kernel),
      diagnostics: diagnostics.map(({ kind, line, message, count }) => ({ kind, line, message, count })),
    },
  };
}

/** A pointer may be that of several VMs, one after another: a job says which. */
function vmOf({ world }: CheckedTrace['report'], rows: FindingJobs<JobRow>, finding: Finding): VmName {
  const row = rows.of(finding);
  if (row !== undefined && row.vm === finding.vm) return { ordinal: row.vmOrdinal, name: row.vmName };
  const { ordinal = 0, name = '' } = world.vmIdentity(finding.vm) ?? {};
  return { ordinal, name };
}
