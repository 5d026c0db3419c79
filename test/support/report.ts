// Runs the analysis over a text held in memory.
import { Analysis, type AnalyzeOptions, type Report } from '../../src/analyze.ts';

/** The report on these bytes, handed over in pieces of `chunk` bytes. */
export function reportOn(text: Uint8Array, chunk = text.length, options: Omit<AnalyzeOptions, 'file'> = {}): Report {
  const analysis = new Analysis({ ...options, file: 'trace.txt' });
  for (let at = 0; at < text.length; at += chunk) analysis.push(text.subarray(at, at + chunk));
  return analysis.finish();
}

/** The same with options, in one piece. */
export function reportWith(text: Uint8Array, options: Omit<AnalyzeOptions, 'file'>): Report {
  const analysis = new Analysis({ file: 'trace.txt', ...options });
  analysis.push(text);
  return analysis.finish();
}
