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

export interface Check {
  readonly doc: RuleDoc;
  readonly on: FactKind;
  judge(fact: Fact): Judgement | undefined;
}

/** A check of one kind of fact. */
export function check<K extends FactKind>(
  on: K,
  doc: RuleDoc,
  judge: (fact: FactOf<K>) => Judgement | undefined,
): Check {
  return { doc, on, judge: (fact) => judge(fact as FactOf<K>) };
}
