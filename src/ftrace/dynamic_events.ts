// A saved tracefs `dynamic_events` (or kprobe_events) file: which probes were installed, and what they probed.
// Source: Documentation/trace/kprobetrace.rst, fprobetrace.rst.

export interface ProbeDefinition {
  readonly event: string;
  readonly symbol: string;
  readonly at: 'entry' | 'return';
  /** Names that its arguments are fetched by: of parameters (`req`), of members, of registers. */
  readonly fetched: readonly string[];
}

const DEFINITION = /^([fpr])\d*:(?:[\w.]+\/)?([\w.]+)\s+(?:[\w.-]+:)?([\w.$]+)(%return)?(?:\+0x?\w+)?(?:\s|$)/;

/** Definitions in file order. Lines of other kinds (events, synthetic, uprobes, comments) are left out. */
export function parseDynamicEvents(text: string): ProbeDefinition[] {
  const definitions: ProbeDefinition[] = [];
  for (const line of text.split('\n')) {
    const [, type, event, symbol, percent] = DEFINITION.exec(line) ?? [];
    if (event === undefined || symbol === undefined) continue;
    const at = type === 'r' || percent !== undefined ? 'return' : 'entry';
    const fetched = [...line.matchAll(/=(?:[+-]\w+\()?([A-Za-z_]\w*)|\s([A-Za-z_]\w*)(?=\s|$)/g)].map(
      ([, source, bare]) => source ?? bare ?? '',
    );
    definitions.push({ event, symbol, at, fetched });
  }
  return definitions;
}
