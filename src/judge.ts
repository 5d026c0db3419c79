// From facts to findings: what the checks say of each fact, and in the end how far that can be trusted.
import type { Ptr } from './base/u64.ts';
import { checkOf } from './checks/index.ts';
import type { Confidence, Finding } from './findings/finding.ts';
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
  readonly #absences = new Map<Finding, readonly Absence[]>();
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
    const absences: Absence[] = job?.implicit ? ['frame'] : [];
    if (absence !== undefined) absences.push(absence);
    if (absences.length > 0) this.#absences.set(finding, absences);
    if (fact.needs !== undefined) this.#needs.set(finding, fact.needs);
  }

  #objRole(obj: Ptr): number | undefined {
    return this.#world.objs.get(obj)?.ordinal;
  }

  /** How many findings were made, whether they stand or not. */
  get made(): number {
    return this.#findings.length;
  }

  /** The findings from the given one on that stand with what is known of the trace now, each with its confidence. */
  findings(trust: Trust, from = 0): Finding[] {
    const standing = this.#findings.slice(from).filter((finding) => this.#stands(finding));
    return standing.map((finding) => {
      const confidence = this.#confidence(finding, trust);
      return confidence === finding.confidence ? finding : { ...finding, confidence };
    });
  }

  #stands(finding: Finding): boolean {
    const { locksShown, resvLocksShown, seen } = this.#world;
    const { rule } = finding;
    if ((!locksShown && LOCK_RULES.has(rule)) || (!resvLocksShown && rule === 'missing-vm-lock')) return false;
    return this.#needs.get(finding)?.every((kind) => seen.has(kind)) !== false;
  }

  #confidence(finding: Finding, { counted, none, unended, misfits }: Trust): Confidence {
    const { frameProbed } = this.#world;
    const { rule, confidence } = finding;
    const vm = this.#vmOf.get(finding);
    const ordinal = vm?.ordinal ?? 0;
    // A job that is not seen to end may have changed what a dump shows.
    const open = rule === 'state-mismatch' && unended.has(ordinal);
    if (confidence === 'inconclusive' || none || open || misfits.has(ordinal)) return 'inconclusive';
    // What may vouch for the lines that it misses: the header's count, or how the VM ended.
    const vouched = (absence: Absence) =>
      absence === 'frame' ? !frameProbed : counted || (absence === 'tree' && vm?.ended === true);
    const lacking = (this.#absences.get(finding) ?? []).filter((absence) => !vouched(absence));
    if (lacking.length === 0) return confidence;
    return lacking.includes('frame') || WITHHELD.has(rule) ? 'inconclusive' : 'likely';
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
