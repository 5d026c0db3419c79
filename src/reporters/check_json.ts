// The JSON of `check`: a report that stands for its traces wherever it is read again.

import { findingColumns } from './columns.ts';
import { printable } from './escape.ts';
import { toObject } from './table.ts';
import type { FoundInVm, RunResult, TraceResult, VmName } from './trace_result.ts';

type Json = Readonly<Record<string, unknown>>;

/** What the report says that it is. */
export const REPORT = 'gpuvm-trace check';

/** Findings in the order of the traces, each of which tells how many are its own. */
export function reportObject(run: RunResult, verdict: string): Json {
  const { traces, unread, rules, failOn, version } = run;
  return {
    report: REPORT,
    versions: version.split(', '),
    fail_on: failOn,
    rules: rules.map(({ id }) => id),
    verdict,
    traces: traces.map(traceObject),
    unread,
    findings: traces.flatMap(({ findings }) => findings.map(findingObject)),
  };
}

export function findingObject(finding: FoundInVm): Json {
  const { evidence, of, line, order } = finding;
  const place = order === line ? {} : { order };
  return { ...toObject(findingColumns, finding), ...place, of: vmObject(of), evidence };
}

function traceObject({
  file,
  stats,
  kernel: _,
  drivers,
  vms,
  heard,
  findings,
  known,
  doubts,
  more,
}: TraceResult): Json {
  const { jobs, losses, kernel, diagnostics } = more;
  return {
    file,
    ...stats,
    jobs,
    findings: findings.length,
    known,
    losses,
    kernel,
    drivers,
    vms: vms.map(vmObject),
    rules: heard,
    doubts,
    diagnostics,
  };
}

function vmObject({ ordinal, name }: VmName): Json {
  return { ordinal, name: printable(name) };
}
