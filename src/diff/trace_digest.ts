// One trace as it is compared with another: what remains of it when its report is let go.
import type { Report } from '../analyze.ts';
import { Coverage, type CoverageRow } from '../coverage/coverage.ts';
import { lossIsSilent } from '../doubts.ts';
import type { DriverName } from '../events/vm_event.ts';
import type { Finding } from '../findings/finding.ts';
import { FindingJobs } from '../findings/finding_job.ts';
import type { Job } from '../replay/job.ts';
import type { World } from '../replay/world.ts';
import { type DigestedJob, digested, digestOf, type JobDigest } from './job_digest.ts';
import { ObjectNumbers, type UsedObject } from './object_numbers.ts';
import type { Texts } from './texts.ts';

/** What is compared of a finding, and said of it. */
export type ComparedFinding = Pick<
  Finding,
  'rule' | 'severity' | 'confidence' | 'line' | 'op' | 'step' | 'addr' | 'range' | 'message'
>;

export interface DigestedFinding {
  readonly finding: ComparedFinding;
  /** Undefined: it is of none. */
  readonly job: DigestedJob | undefined;
  /** The ordinal of its VM; 0 where it has none. */
  readonly vm: number;
}

export interface DigestedVm {
  readonly ordinal: number;
  readonly name: string;
}

/** What the trace can tell at all. */
export interface Shows {
  readonly steps: boolean;
  readonly locks: boolean;
  /** When an object's life begins and ends: what is named alike is the same. */
  readonly lives: boolean;
}

export interface TraceDigest {
  readonly file: string;
  readonly drivers: readonly DriverName[];
  /** In the order in which they were over. */
  readonly jobs: readonly DigestedJob[];
  readonly vms: readonly DigestedVm[];
  readonly objects: readonly (UsedObject | undefined)[];
  /** Notes are left out: what they explain hangs on when things happened to be done. */
  readonly findings: readonly DigestedFinding[];
  readonly coverage: readonly CoverageRow[];
  readonly shows: Shows;
  readonly doubts: readonly string[];
  /** Events are missing and nothing tells where. */
  readonly isSilent: boolean;
}

export class TraceDigester {
  readonly #texts: Texts;
  readonly #numbers = new ObjectNumbers();
  readonly #jobs: JobDigest[] = [];
  readonly #coverage = new Coverage();

  /** `texts`: of both traces. */
  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** Takes a job when it is over, from an analysis with `passes`. */
  job(job: Job, world: World): void {
    this.#jobs.push(digestOf(job, world, this.#numbers, this.#texts));
    this.#coverage.job(job);
  }

  /** The trace is over. */
  finish(report: Report, rules: readonly { readonly id: string; readonly summary: string }[]): TraceDigest {
    const { file, world, findings, doubts, diagnostics } = report;
    const jobs = report.jobs.map((row, i) => digested(this.#jobs[i] as JobDigest, row, this.#texts));
    const vms = new Map<number, DigestedVm>();
    for (const { vmOrdinal, vmName } of report.jobs) vms.set(vmOrdinal, { ordinal: vmOrdinal, name: vmName });
    for (const vm of world.vms.values()) vms.set(vm.ordinal, { ordinal: vm.ordinal, name: vm.name });
    const jobOf = new FindingJobs(jobs, findings);
    this.#coverage.trace(report);
    return {
      file,
      drivers: [...world.drivers],
      jobs,
      vms: [...vms.values()].sort((a, b) => a.ordinal - b.ordinal),
      objects: this.#numbers.used,
      findings: findings.flatMap((finding) => {
        if (finding.severity === 'note') return [];
        const job = jobOf.of(finding);
        const { rule, severity, confidence, line, op, step, addr, range, message } = finding;
        const compared = { rule, severity, confidence, line, op, step, addr, range, message };
        return [{ finding: compared, job, vm: job?.vm ?? world.vmIdentity(finding.vm)?.ordinal ?? 0 }];
      }),
      coverage: this.#coverage.rows(rules),
      shows: {
        steps: world.stepsShown,
        locks: world.locksShown,
        lives: world.seen.has('obj_init') && world.seen.has('obj_free'),
      },
      doubts,
      isSilent: lossIsSilent(world, diagnostics),
    };
  }
}
