// Are all entries there that the headers of a text promise? Lines that were taken out of it are noticed so.
import type { Diagnostic } from '../events/diagnostic.ts';
import type { TraceStats } from './text_decoder.ts';

export function isCounted({ headerEntries, entries }: TraceStats): boolean {
  return headerEntries !== undefined && headerEntries === entries;
}

/** What entries-in-buffer of the headers says that the entries do not; function_graph has lines that are none. */
export function entryCount({ headerEntries, entries, tracer }: TraceStats): Diagnostic | undefined {
  if (headerEntries === undefined || tracer === 'function_graph' || headerEntries === entries) return undefined;
  const missing = headerEntries - entries;
  const what =
    missing > 0 ? `${missing} of ${headerEntries} entries are missing from` : `${-missing} entries too many are in`;
  const message = `${what} the file, by its own header (entries-in-buffer)`;
  return { kind: 'entry-count', line: 0, message, count: 1 };
}
