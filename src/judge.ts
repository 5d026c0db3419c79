// From facts to findings: what the checks say of each fact, and in the end how far that can be trusted.
import type { Ptr } from './base/u64.ts';
import { checkOf } from './checks/index.ts';
import type { Finding } from './findings/finding.ts';
import { Fingerprints } from './findings/fingerprint.ts';
import type { Absence, Fact, Shown } from './replay/fact.ts';
import type { VmState } from './replay/vm_state.ts';
import type { World } from './replay/world.ts';

/** What the whole trace says about its parts. VMs are named by their ordinals. */
export interface Trust {
  /** Lost lines would have been noticed. */
  readonly counted: boolean;
  /** Something is wrong with the trace as a whole. */
  readonly none: boolean;
  /** A job of theirs was not seen to end. */
  readonly unended: ReadonlySet<number>;
  /** They did not begin as the user said. */
  readonly misfits: ReadonlyMap<number, string>;
}

export class Judge {
  readonly #file: string;
  readonly #world: World;
  readonly #findings: Finding[] = [];
  readonly #absences: { finding: Finding; absence: Absence; vm: VmState | undefined }[] = [];
  readonly #needs = new Map<Finding, readonly Shown[]>();
  readonly #vmOf = new WeakMap<Finding, VmState>();
  readonly #fingerprints = new Fingerprints();

  constructor(file: string, world: World) {
    this.#file = file;
    this.#world = world;
  }

  judge(fact: Fact): void {
    const check = checkOf(fact);
    const judged = check?.judge(fact);
    if (check === undefined || judged === undefined) return;
    const { job, vm, op, step, obj, resv, span } = fact;
    const unsure = job !== undefined && job.unknown.size > 0;
    const finding: Finding = {
      rule: check.doc.id,
      severity: judged.severity,
      confidence: unsure ? 'inconclusive' : judged.confidence,
      file: this.#file,
      line: fact.line,
      time: fact.time,
      pid: job?.pid,
      job: job?.id,
      op: op?.index,
      step: step?.index,
      vm: vm?.id ?? 0,
      addr: span?.addr,
      range: span?.range,
      obj,
      resv,
      message: judged.message,
      evidence: fact.evidence,
      fingerprint: this.#fingerprints.of([
        check.doc.id,
        vm?.ordinal,
        op?.kind,
        step?.type,
        span?.addr.toString(16),
        span?.range.toString(16),
        this.#objRole(obj),
        judged.role,
      ]),
    };
    settle(finding);
    this.#findings.push(finding);
    if (vm !== undefined) this.#vmOf.set(finding, vm);
    const absence = job?.locksUnchecked && LOCK_RULES.has(finding.rule) ? 'call' : fact.absence;
    if (absence !== undefined) this.#absences.push({ finding, absence, vm });
    if (fact.needs !== undefined) this.#needs.set(finding, fact.needs);
    if (job?.implicit) this.#absences.push({ finding, absence: 'frame', vm });
  }

  #objRole(obj: Ptr): number | undefined {
    return this.#world.objs.get(obj)?.ordinal;
  }

  /** The findings that stand now that all of the trace is known, each with its last confidence. */
  findings({ counted, none, unended, misfits }: Trust): Finding[] {
    const { locksShown, resvLocksShown, seen } = this.#world;
    const findings = this.#findings.filter(
      ({ rule }) => (locksShown || !LOCK_RULES.has(rule)) && (resvLocksShown || rule !== 'missing-vm-lock'),
    );
    for (const finding of findings) {
      const vm = this.#vmOf.get(finding)?.ordinal ?? 0;
      // A job that is not seen to end may have changed what a dump shows.
      const open = finding.rule === 'state-mismatch' && unended.has(vm);
      if (none || open || misfits.has(vm)) finding.confidence = 'inconclusive';
    }
    this.#doubtAbsences(counted);
    return findings.filter((finding) => this.#needs.get(finding)?.every((kind) => seen.has(kind)) !== false);
  }

  /** What may vouch for the lines that these findings miss: the header's count, or how the VM ended. */
  #doubtAbsences(counted: boolean): void {
    const { frameProbed } = this.#world;
    for (const { finding, absence, vm } of this.#absences) {
      const vouched = absence === 'frame' ? !frameProbed : counted || (absence === 'tree' && vm?.ended === true);
      if (vouched || finding.confidence === 'inconclusive') continue;
      finding.confidence = absence === 'frame' || WITHHELD.has(finding.rule) ? 'inconclusive' : 'likely';
    }
  }
}

/** V8 keeps a text put together from pieces as a tree of them, three times its size, until one of its characters is read. */
function settle({ message, evidence }: Finding): void {
  message.charCodeAt(0);
  for (const { text } of evidence) text.charCodeAt(0);
}

/** Rules that cannot be judged where no lock is probed. */
const LOCK_RULES = new Set(['missing-lock', 'redundant-lock', 'stale-lock-set']);

/** Rules of which a trace with silent losses must not give a false finding. */
const WITHHELD = new Set([
  'extobj-mismatch',
  'wrong-vm-bo',
  'missing-lock',
  'missing-vm-lock',
  'freed-vm',
  'vm-race',
  'vm-bo-leak',
  'redundant-lock',
  'misapplied-step',
  'pte-stale',
  'pte-missing',
  'pte-wrong',
  'pte-overwrite',
  'pte-overrun',
  'pte-hole-unmap',
  'partial-block-unmap',
  'transient-unmap',
  'tlb-stale',
]);
