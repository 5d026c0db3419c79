// Are all entries there that the headers of a text promise? Lines that were taken out of it are noticed so.
import type { Diagnostic } from '../events/diagnostic.ts';
import type { TraceStats } from './text_decoder.ts';

export function isCounted({ headerEntries, entries }: TraceStats): boolean {
  return headerEntries !== undefined && headerEntries === entries;
}

/** What entries-in-buffer of the headers says that the entries do not; function_graph has lines that are none. */
export function entryCount(stats: TraceStats, diagnostics: readonly Diagnostic[]): Diagnostic | undefined {
  const { headerEntries, entries, tracer } = stats;
  if (headerEntries === undefined || tracer === 'function_graph') return undefined;
  const missing = headerEntries - entries;
  if (missing > 0) return note(`${missing} of ${headerEntries} entries are missing from the file, by ${HEADER}`);
  if (missing < 0) return note(`${-missing} entries too many are in the file, by ${HEADER}`);
  // What stood in the line that is cut off was counted too.
  if (!diagnostics.some(({ kind }) => kind === 'cut')) return undefined;
  return note(`a line is cut off, and yet the file has as many entries as counted, by ${HEADER}`);
}

const HEADER = 'its own header (entries-in-buffer)';

function note(message: string): Diagnostic {
  return { kind: 'entry-count', line: 0, message, count: 1 };
}
