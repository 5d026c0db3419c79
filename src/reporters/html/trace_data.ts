// One checked trace as the page is given it.
import { ptrHex, type U64 } from '../../base/u64.ts';
import type { LineNames } from '../../events/lines.ts';
import type { Finding } from '../../findings/finding.ts';
import { SEVERITIES } from '../../findings/finding.ts';
import { FindingJobs } from '../../findings/finding_job.ts';
import type { JobRow } from '../../replay/job_row.ts';
import type { VmState } from '../../replay/vm_state.ts';
import { argumentsOf, notProbed, reasons, verdictOf } from '../check_text.ts';
import type { CheckedTrace, CheckRun } from '../checked_trace.ts';
import { printable, printablePath } from '../escape.ts';
import { driverLine, kernelLine } from '../kernel_text.ts';
import { lossLines } from '../loss_text.ts';
import { plainStyle } from '../style.ts';
import { jobColumns, type ListedJob } from './job_columns.ts';
import { jobData } from './job_data.ts';
import { momentColumns } from './moments.ts';
import { num } from './number_column.ts';
import { ObjNames } from './obj_names.ts';
import type { FindingData, JobData, TraceData, VmData } from './page_data.ts';
import { TraceRecording } from './recording.ts';
import { chosenStays, stayColumns } from './stay_data.ts';

/** Findings shown, the worst first, and lines of evidence of one. */
const MAX_FINDINGS = 20_000;
const MAX_EVIDENCE = 24;
const MANY_REASONS = 20;
const MANY_ODDITIES = 20;

export function traceData(trace: CheckedTrace, { failOn }: CheckRun): TraceData {
  const { report, doubts } = trace;
  const recording = trace.recording ?? new TraceRecording();
  const { history } = report.world;
  const names = new ObjNames();
  const tasks = new Names();
  const vms = history?.vms ?? [];
  const vmRows = new Map(vms.map((vm, i) => [vm, i]));
  const vmByOrdinal = new Map(vms.map((vm, i) => [vm.ordinal, i]));
  const wanted = new Set(trace.jobs);
  const listed = report.jobs.flatMap((row, i): (ListedJob & { readonly at: number })[] => {
    const places = recording.places[i];
    if (!wanted.has(row) || places === undefined) return [];
    const task = tasks.row(taskName(row));
    const applier = recording.appliers[i];
    const applyTask = applier === undefined ? task : tasks.row(taskName(applier));
    return [{ row, places, task, applyTask, vm: vmByOrdinal.get(row.vmOrdinal) ?? -1, at: i }];
  });
  const rowOfJob = new Map(listed.map(({ row }, i) => [row, i]));
  const rowOfLine = new Map(listed.map(({ row }, i) => [row.line, i]));
  const findingJobs = new FindingJobs(report.jobs, trace.findings);
  const jobOf = (finding: Finding) => findingJobs.of(finding);
  const shown = worstFirst(trace.findings).slice(0, MAX_FINDINGS);
  const byJob = new Map<JobRow | undefined, Finding[]>();
  for (const finding of trace.findings) {
    const own = byJob.get(jobOf(finding));
    if (own === undefined) byJob.set(jobOf(finding), [finding]);
    else own.push(finding);
  }
  const times = new Map(recording.times);
  for (const { order, time } of shown) times.set(order, time);
  const broken = new Set<number>();
  for (const [row, own] of byJob)
    if (row !== undefined && own.some(({ severity }) => severity !== 'note')) broken.add(row.line);
  const stays = history?.stays ?? [];
  const chosen = chosenStays(stays, broken);
  for (const { from, since, to, until } of chosen) times.set(from, since).set(to, until);
  times.delete(0);
  const details: Record<number, JobData> = {};
  listed.forEach(({ row, at }, i) => {
    const job = recording.kept.get(at);
    if (job?.detail === undefined) return;
    const findings = byJob.get(row) ?? [];
    const view = { job, detail: job.detail, row, findings, lines: report.lines, style: plainStyle, letters: names };
    details[i] = jobData({ ...view, file: '', width: 80 });
  });
  const vmOf = (finding: Finding) => vmRow(finding, jobOf(finding), vms, vmByOrdinal);
  const findings = shown.map((finding) =>
    findingData(finding, rowOfJob.get(jobOf(finding) as JobRow) ?? -1, vmOf(finding), names, report.lines),
  );
  const staysLeftOut = stays.length - chosen.length + (history?.dropped ?? 0);
  return {
    file: printablePath(report.file),
    shellFile: report.file === 'stdin' ? '' : argumentsOf(report),
    verdict: verdictData(trace, failOn),
    kernel: kernelLine(report.kernel).replace(/^kernel /, ''),
    driver: driverLine(report.world.drivers).replace(/^driver /, ''),
    lines: report.stats.lines,
    events: report.stats.events,
    known: trace.known,
    doubts: doubts.map(printable),
    losses: lossLines(report.losses),
    reasons: reasons({ ...report, jobs: trace.jobs })
      .slice(0, MANY_REASONS)
      .map(([text, rows]) => ({
        text: printable(text),
        jobs: rows.length,
        first: rows.slice(0, 8).flatMap((row) => rowOfJob.get(row) ?? []),
      })),
    notProbed: notProbed(report),
    oddities: report.diagnostics
      .slice(0, MANY_ODDITIES)
      .map(
        ({ line, message, count }) =>
          `${line === 0 ? '' : `${printable(report.lines.name(line))}: `}${printable(message)}${count > 1 ? ` (${count} times)` : ''}`,
      ),
    lineNames: report.lines.isMerged ? namesOf(report.lines, [...times.keys()]) : {},
    moments: momentColumns(times),
    tasks: tasks.all.map(printable),
    vms: vms.map((vm) => vmData(vm, history?.freedAt.get(vm) ?? 0)),
    jobs: jobColumns(listed),
    findings,
    stays: stayColumns(chosen, names, {
      job: (line) => rowOfLine.get(line) ?? -1,
      vm: ({ vm }) => vmRows.get(vm) ?? -1,
    }),
    details,
    objs: names.objs,
    leftOut: {
      findings: trace.findings.length - findings.length,
      details: listed.length - Object.keys(details).length,
      stays: staysLeftOut,
    },
  };
}

function verdictData({ report, findings, doubts }: CheckedTrace, failOn: CheckRun['failOn']): TraceData['verdict'] {
  const { kind, text, beside } = verdictOf({ ...report, doubts }, findings, failOn);
  return { kind, text: text + beside };
}

function worstFirst(findings: readonly Finding[]): Finding[] {
  const weight = ({ severity, confidence }: Finding) =>
    2 * SEVERITIES.indexOf(severity) - (confidence === 'inconclusive' ? 1 : 0);
  return findings.toSorted((a, b) => weight(b) - weight(a) || a.order - b.order);
}

function taskName({ comm, pid }: { readonly comm: string; readonly pid: number }): string {
  return `${comm}-${pid}`;
}

/** Where a pointer was used again, the VM is the one of the job, or the last that had begun. */
function vmRow(
  { vm, order }: Finding,
  job: JobRow | undefined,
  vms: readonly VmState[],
  byOrdinal: ReadonlyMap<number, number>,
): number {
  if (job !== undefined && job.vm === vm) return byOrdinal.get(job.vmOrdinal) ?? -1;
  return vms.findLastIndex((one) => one.id === vm && one.line <= order);
}

function findingData(finding: Finding, job: number, vm: number, names: ObjNames, lines: LineNames): FindingData {
  const { rule, severity, confidence, order, op, step, addr, range, obj, resv, message, evidence, fingerprint } =
    finding;
  return {
    rule,
    severity,
    confidence,
    line: order,
    job,
    op: op ?? -1,
    step: step ?? -1,
    vm,
    ...(addr === undefined ? {} : { addr: num(addr) }),
    ...(range === undefined ? {} : { range: num(range) }),
    obj: names.row(obj),
    resv: resv === 0 ? '' : ptrHex(resv),
    message: printable(message),
    evidence: evidence
      .slice(0, MAX_EVIDENCE)
      .map((one) => [printable(lines.name(one.order ?? one.line)), printable(one.text)] as const),
    fingerprint,
  };
}

function vmData(vm: VmState, endLine: number): VmData {
  let mappings = 0;
  let bytes = 0n;
  for (const { range } of vm.space) {
    mappings++;
    bytes += BigInt(range);
  }
  return {
    ordinal: vm.ordinal,
    name: printable(vm.name),
    ptr: ptrHex(vm.id),
    driver: vm.driver ?? '',
    line: vm.line,
    endLine,
    isWhole: vm.complete,
    isImmediate: vm.tree.isImmediate,
    mappings,
    bytes: num(exact(bytes)),
  };
}

function exact(bytes: bigint): U64 {
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : bytes;
}

function namesOf(lines: LineNames, known: readonly number[]): Record<number, string> {
  return Object.fromEntries(known.map((line) => [line, printable(lines.name(line))]));
}

/** Rows by name. */
class Names {
  readonly #rows = new Map<string, number>();

  row(name: string): number {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    this.#rows.set(name, this.#rows.size);
    return this.#rows.size - 1;
  }

  get all(): string[] {
    return [...this.#rows.keys()];
  }
}
