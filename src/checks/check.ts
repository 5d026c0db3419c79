// What a check is: its documentation, which is the only source of every text about the rule, and how it judges a fact.
import type { Confidence, Severity } from '../findings/finding.ts';
import type { Fact, FactKind, FactOf } from '../replay/fact.ts';

export interface Judgement {
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly message: string;
  /** What tells this finding from another of the rule at the same place; part of the fingerprint. */
  readonly role?: string;
}

export interface RuleDoc {
  readonly id: string;
  /** The severest that it reports. */
  readonly severity: Severity;
  /** One line for lists. */
  readonly summary: string;
  /** What a finding of this rule says. */
  readonly meaning: string;
  readonly why: string;
  /** The kernel code behind the rule. */
  readonly kernel: string;
  readonly example: string;
  /** What a driver should do. */
  readonly advice: string;
}

/** What findings of a rule stand on beyond the facts, where a trace may not show everything. */
export interface Grounds {
  /** The trace must show all locks of this kind: those through drm_exec, or those of every dma_resv. */
  readonly locks?: 'drm_exec' | 'dma_resv';
  /** Lines that are lost unnoticed give such findings easily: one is then inconclusive, not likely. */
  readonly withheld?: boolean;
  /** It speaks of a moment at which no job of the VM may be under way. */
  readonly atRest?: boolean;
}

export interface Check {
  readonly doc: RuleDoc;
  readonly on: FactKind;
  readonly grounds: Grounds;
  judge(fact: Fact): Judgement | undefined;
}

/** A check of one kind of fact. */
export function check<K extends FactKind>(
  on: K,
  doc: RuleDoc,
  judge: (fact: FactOf<K>) => Judgement | undefined,
  grounds: Grounds = {},
): Check {
  return { doc, on, grounds, judge: (fact) => judge(fact as FactOf<K>) };
}
