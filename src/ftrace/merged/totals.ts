// What several files are together: their counts, and what is odd about each.
import type { Diagnostic } from '../../events/diagnostic.ts';
import { entryCount, isCounted } from '../entry_count.ts';
import { emptyStats, type TraceStats } from '../text_decoder.ts';
import type { TraceReader } from '../trace_reader.ts';

export function totalStats(readers: readonly TraceReader[]): TraceStats {
  const total = emptyStats();
  for (const { stats } of readers) {
    total.lines += stats.lines;
    total.entries += stats.entries;
    total.events += stats.events;
    total.lost += stats.lost;
    total.functionLines += stats.functionLines;
    total.tracer ??= stats.tracer;
    total.release ??= stats.release;
    for (const layout of stats.layouts) total.layouts.add(layout);
  }
  total.headerEntries = promised(
    readers.map(({ stats }) => stats),
    total.entries,
  );
  return total;
}

/**
 * The entries that the headers promise of all files. The first piece of a trace that was cut has the header of all of
 * them. Undefined where some file has no header of its own, and nothing promises its entries.
 */
function promised(all: readonly TraceStats[], entries: number): number | undefined {
  const known = all.filter(({ headerEntries }) => headerEntries !== undefined);
  const sum = known.reduce((n, { headerEntries = 0 }) => n + headerEntries, 0);
  if (sum === entries && known.length > 0) return sum;
  return known.every(isCounted) ? undefined : sum;
}

/** With the file that each is of. */
export function totalDiagnostics(readers: readonly TraceReader[]): Diagnostic[] {
  const own = readers.flatMap(({ file, diagnostics }) => diagnostics.map((one) => ({ ...one, file })));
  const count = entryCount(totalStats(readers), own);
  return count === undefined ? own : [...own, count];
}
