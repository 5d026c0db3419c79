// Findings of a trace that was followed, which were shown while it grew, and what later losses made of them.
import type { Finding } from '../findings/finding.ts';
import { printablePath } from './escape.ts';
import { counted } from './style.ts';

const MANY = 20;

/** One of those that were shown; a loss that is told later may lie before it. */
export class ShownFindings {
  readonly #sure = new Set<string>();

  add(finding: Finding): void {
    if (finding.confidence !== 'inconclusive') this.#sure.add(keyOf(finding));
  }

  /** What is to be said of those that are not in the final report as they were shown; empty where all are. */
  withdrawn(findings: readonly Finding[]): string {
    const unsure = findings.filter((one) => one.confidence === 'inconclusive' && this.#sure.has(keyOf(one)));
    const kept = new Set(findings.map(keyOf));
    const gone = [...this.#sure].filter((key) => !kept.has(key)).length;
    const lines: string[] = [];
    if (unsure.length > 0)
      lines.push(`of the findings shown above, ${counted(unsure.length, 'finding')} turned out inconclusive:`);
    for (const { file, line, rule } of unsure.slice(0, MANY)) lines.push(`  ${printablePath(file)}:${line}: ${rule}`);
    if (unsure.length > MANY) lines.push(`  ... and ${unsure.length - MANY} more`);
    if (gone > 0) lines.push(`of the findings shown above, ${counted(gone, 'finding')} do not stand`);
    return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`;
  }
}

function keyOf({ order, rule, message }: Finding): string {
  return `${order} ${rule} ${message}`;
}
