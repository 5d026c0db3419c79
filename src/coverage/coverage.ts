// What captures exercised: of the split and merge algorithm, of lock passes, of the rules, and of a patch's functions.
import type { Finding } from '../findings/finding.ts';
import type { TouchedFunction } from '../patch/effects.ts';
import type { Job } from '../replay/job.ts';
import type { World } from '../replay/world.ts';
import { CASES, type Case } from './cases.ts';
import { RULE_NEEDS } from './rule_needs.ts';
import { Tally } from './tally.ts';

/**
 * covered: it happened, or a rule fired. silent: a rule could have fired. idle: a function is probed and was never
 * called. never: none of these. not known: of a rule, whether it could have fired.
 */
export type CoverageState = 'covered' | 'silent' | 'idle' | 'never' | 'not known';

export interface CoverageRow extends Case {
  /** Undefined: it happened, how often is not counted. */
  readonly count: number | undefined;
  readonly state: CoverageState;
}

/** What is asked of a trace's report. */
export interface Covered {
  readonly findings: readonly Finding[];
  readonly world: World;
  /** Events by probed function; 0: a probe that never fired; undefined: a function that means nothing to us. */
  readonly probed: ReadonlyMap<string, number | undefined>;
}

/** Takes any number of traces. */
export class Coverage {
  readonly #tally = new Tally();
  readonly #heard = new Set<string>();
  readonly #probed = new Map<string, number | undefined>();

  /** A job of a trace, when it is over. */
  job(job: Job): void {
    this.#tally.job(job);
  }

  /** A trace is over. */
  trace({ findings, world, probed }: Covered): void {
    for (const { rule, confidence } of findings) if (confidence !== 'inconclusive') this.#tally.add('rule', rule);
    for (const [rule, isHeard] of Object.entries(RULE_NEEDS)) if (isHeard(world)) this.#heard.add(rule);
    for (const [symbol, count] of probed) {
      const known = this.#probed.has(symbol) ? this.#probed.get(symbol) : 0;
      this.#probed.set(symbol, count === undefined || known === undefined ? undefined : known + count);
    }
  }

  /** `rules`: ids with their summaries. `touched`: the functions of a patch. */
  rows(
    rules: readonly { readonly id: string; readonly summary: string }[],
    touched: readonly TouchedFunction[] = [],
  ): CoverageRow[] {
    const cases = CASES.map((one): CoverageRow => {
      const count = this.#tally.count(one.group, one.name);
      return { ...one, count, state: count > 0 ? 'covered' : 'never' };
    });
    return [...cases, ...rules.map((rule) => this.#rule(rule)), ...touched.map((one) => this.#function(one))];
  }

  #rule({ id, summary }: { readonly id: string; readonly summary: string }): CoverageRow {
    const count = this.#tally.count('rule', id);
    const silent = this.#heard.has(id) ? 'silent' : RULE_NEEDS[id] === undefined ? 'not known' : 'never';
    return { group: 'rule', name: id, text: summary, count, state: count > 0 ? 'covered' : silent };
  }

  #function({ function: name, file }: TouchedFunction): CoverageRow {
    const probed = this.#probed.has(name);
    const count = probed ? this.#probed.get(name) : 0;
    const state = !probed ? 'never' : count === 0 ? 'idle' : 'covered';
    return { group: 'function', name, text: file, count, state };
  }
}

/** Of the rows that are known, those that were covered; a rule that could have fired counts as covered. */
export function coverageOf(rows: readonly CoverageRow[]): { readonly covered: number; readonly cases: number } {
  const known = rows.filter(({ state }) => state !== 'not known');
  const covered = known.filter(({ state }) => state === 'covered' || state === 'silent');
  return { covered: covered.length, cases: known.length };
}
