// Several files of one run as one trace.
export type { MergeInput } from './file_events.ts';
export { MergedLosses } from './merged_losses.ts';
export { MergedTrace } from './merged_trace.ts';
export { totalDiagnostics, totalStats } from './totals.ts';
