// Findings that a user knows of: counted by rule and fingerprint, so that only new ones fail a run.
import type { Finding } from './finding.ts';

type Named = Pick<Finding, 'rule' | 'fingerprint'>;

export interface BaselineEntry extends Named {
  readonly count: number;
}

export class Baseline {
  /** By rule, then fingerprint. */
  readonly #left = new Map<string, Map<string, number>>();

  constructor(entries: Iterable<BaselineEntry>) {
    for (const { rule, fingerprint, count } of entries) this.#add(rule, fingerprint, count);
  }

  /** One entry a finding; several traces may have the same one. */
  static of(findings: readonly Named[]): Baseline {
    return new Baseline(findings.map(({ rule, fingerprint }) => ({ rule, fingerprint, count: 1 })));
  }

  #add(rule: string, fingerprint: string, count: number): void {
    const counts = this.#left.get(rule) ?? new Map<string, number>();
    this.#left.set(rule, counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + count));
  }

  /** Is it a known one? Each entry answers as often as it counts. */
  takes({ rule, fingerprint }: Named): boolean {
    const left = this.#left.get(rule)?.get(fingerprint) ?? 0;
    if (left > 0) this.#left.get(rule)?.set(fingerprint, left - 1);
    return left > 0;
  }

  /** What was not taken, sorted. */
  get entries(): BaselineEntry[] {
    const key = ({ rule, fingerprint }: Named) => `${rule} ${fingerprint}`;
    return [...this.#left]
      .flatMap(([rule, counts]) => [...counts].map(([fingerprint, count]) => ({ rule, fingerprint, count })))
      .filter(({ count }) => count > 0)
      .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}
