// From facts to findings: what the checks say of each fact, and in the end how far that can be trusted.
import { hexDigits, type Ptr } from './base/u64.ts';
import type { Check } from './checks/check.ts';
import { checkOf } from './checks/index.ts';
import type { Confidence, Finding, Severity } from './findings/finding.ts';
import { FindingLog } from './findings/finding_log.ts';
import { Fingerprints } from './findings/fingerprint.ts';
import { StandingFinding } from './findings/standing_finding.ts';
import type { Absence, Fact, Shown } from './replay/fact.ts';
import type { VmFate } from './replay/vm_state.ts';
import type { Misfit, World } from './replay/world.ts';

/** What the whole trace says about its parts. VMs are named by their ordinals. */
export interface Trust {
  /** Lost lines would have been noticed. */
  readonly counted: boolean;
  /** Something is wrong with the trace as a whole. */
  readonly none: boolean;
  /** A job of theirs was not seen to end. */
  readonly unended: ReadonlySet<number>;
  /** May the tracer have lost events between these lines, both included? */
  readonly touched: (first: number, last: number) => boolean;
  /** They were not as the user said. */
  readonly misfits: ReadonlyMap<number, Misfit>;
}

/** A finding, and what decides in the end how far it can be trusted. */
interface Told {
  readonly check: Check;
  readonly rule: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** Of the rest, in the log. */
  readonly place: number;
  readonly order: number;
  readonly job: number | undefined;
  /** What it is about, in lines: a whole job, or one event. */
  readonly first: number;
  readonly last: number;
  readonly vm: VmFate | undefined;
  readonly absences: readonly Absence[];
  readonly needs: readonly Shown[] | undefined;
}

/** Findings kept. Whoever has more of them needs no more of them. */
const MAX_FINDINGS = 50_000;

/** Most findings have one of these. */
const NONE: readonly Absence[] = [];
const FRAME: readonly Absence[] = ['frame'];

export class Judge {
  readonly #world: World;
  readonly #told: Told[] = [];
  readonly #log = new FindingLog();
  readonly #fingerprints = new Fingerprints();
  /** Findings beyond those that are kept. */
  omitted = 0;

  constructor(world: World) {
    this.#world = world;
  }

  judge(fact: Fact): void {
    const check = checkOf(fact);
    const judged = check?.judge(fact);
    if (check === undefined || judged === undefined) return;
    if (this.#told.length >= MAX_FINDINGS) {
      this.omitted++;
      return;
    }
    const { job, vm, op, step, obj, resv, span } = fact;
    const unsure = job !== undefined && job.unknown.size > 0;
    const place = this.#log.add({
      order: fact.line,
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
        span && hexDigits(span.addr),
        span && hexDigits(span.range),
        this.#objRole(obj),
        judged.role,
      ]),
    });
    const absence = job?.locksUnchecked && check.grounds.locks === 'drm_exec' ? 'call' : fact.absence;
    const implicit = job?.implicit === true;
    this.#told.push({
      check,
      rule: check.doc.id,
      severity: judged.severity,
      confidence: unsure ? 'inconclusive' : judged.confidence,
      place,
      order: fact.line,
      job: job?.id,
      first: Math.min(job?.line ?? fact.line, fact.line),
      last: Math.max(job?.endLine ?? 0, fact.line),
      vm: vm?.fate,
      absences: absence === undefined ? (implicit ? FRAME : NONE) : implicit ? ['frame', absence] : [absence],
      needs: fact.needs,
    });
  }

  #objRole(obj: Ptr): number | undefined {
    return this.#world.objs.get(obj)?.ordinal;
  }

  /** How many findings were made, whether they stand or not. */
  get made(): number {
    return this.#told.length;
  }

  /** The findings from the given one on that stand with what is known of the trace now, each with its confidence. */
  findings(trust: Trust, from = 0): Finding[] {
    const source = { log: this.#log, lines: this.#world.lines };
    const standing = this.#told.slice(from).filter((told) => this.#stands(told));
    return standing.map((told) => new StandingFinding(source, told, this.#confidence(told, trust)));
  }

  /** Does the trace show at all what it speaks of? */
  #stands({ check: { grounds }, needs }: Told): boolean {
    const { locksShown, resvLocksShown, seen } = this.#world;
    if (grounds.locks === 'drm_exec' && !locksShown) return false;
    if (grounds.locks === 'dma_resv' && !resvLocksShown) return false;
    return needs?.every((kind) => seen.has(kind)) !== false;
  }

  #confidence(told: Told, { counted, none, unended, misfits, touched }: Trust): Confidence {
    const { confidence, first, last, vm, absences } = told;
    const { grounds } = told.check;
    const of = vm?.ordinal ?? 0;
    const isMisfit = last >= (misfits.get(of)?.since ?? Number.POSITIVE_INFINITY);
    if (none || touched(first, last) || isMisfit || (grounds.atRest && unended.has(of))) return 'inconclusive';
    // What may vouch for the lines that the finding misses: the header's count, or how the VM ended.
    const vouched = (absence: Absence) =>
      absence === 'frame' ? !this.#world.frameProbed : counted || (absence === 'tree' && vm?.ended === true);
    const missing = absences.filter((absence) => !vouched(absence));
    if (missing.length === 0 || confidence === 'inconclusive') return confidence;
    return missing.includes('frame') || grounds.withheld ? 'inconclusive' : 'likely';
  }
}
