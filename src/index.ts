// The public API: analyze a trace, read the findings, list the rules.
export { Analysis, type AnalyzeOptions, type Expectation, type Report, type Snapshot } from './analyze.ts';
export { type AnonymizeOptions, Anonymizer } from './anonymize/anonymizer.ts';
export { hex, type Ptr, ptrHex, type U64 } from './base/u64.ts';
export { UserError } from './base/user_error.ts';
export { type Bug, bugs, isCaught } from './checks/bugs.ts';
export type { RuleDoc } from './checks/check.ts';
export { rules } from './checks/index.ts';
export { Coverage, type CoverageRow, coverageOf } from './coverage/coverage.ts';
export { drivers, functionsOf } from './dialects/index.ts';
export { CHANGE_KINDS, type Change, type ChangeHow, type ChangeKind } from './diff/change.ts';
export { type Diff, diffOf } from './diff/diff.ts';
export { Texts } from './diff/texts.ts';
export { type TraceDigest, TraceDigester } from './diff/trace_digest.ts';
export type { Topic } from './drivers/driver.ts';
export { DRIVERS, TOPICS } from './drivers/index.ts';
export { isDevcoredump } from './dumps/devcoredump_head.ts';
export { parseCrash, parseDump } from './dumps/index.ts';
export type { Diagnostic } from './events/diagnostic.ts';
export type { LineNames, Place } from './events/lines.ts';
export type { CrashLogEntry, CrashObject, VmCrash } from './events/vm_crash.ts';
export type { VmDump } from './events/vm_dump.ts';
export type { DriverName, Where } from './events/vm_event.ts';
export { Baseline, type BaselineEntry } from './findings/baseline.ts';
export { type Confidence, type Finding, plainFinding, SEVERITIES, type Severity } from './findings/finding.ts';
export { type ProbeDefinition, parseDynamicEvents } from './ftrace/dynamic_events.ts';
export {
  COLUMN_ROLES,
  type ColumnNames,
  type ColumnRole,
  formats,
  INPUT_NAMES,
  type InputName,
} from './ftrace/formats/index.ts';
export { isTraceDat } from './ftrace/trace_dat/index.ts';
export {
  backportsTo,
  type KernelProfile,
  type KernelReport,
  type KernelSwitches,
  kernels,
  type NamedKernel,
  parseKernel,
  type SwitchName,
  switches,
  switchTitle,
} from './kernels/index.ts';
export { LARGEST_PATCH, type PatchEffects, type PatchText, patchedSwitches, readPatches } from './patch/index.ts';
export { Recorder } from './reduce/recorder.ts';
export { REDUCIBLE, reduced } from './reduce/reduce.ts';
export { opsOf, type Scenario } from './reduce/scenario.ts';
export type { Job } from './replay/job.ts';
export type { JobRow, Verdict } from './replay/job_row.ts';
export { type Look, lookAt } from './replay/look.ts';
export { type MatchedDumps, matchDumps } from './replay/match_dumps.ts';
export type { VmState } from './replay/vm_state.ts';
export { coversAddress, type Watch, type WatchOptions } from './replay/watch.ts';
export { MMU_MODES, type MmuMode } from './replay/world.ts';
export { LOCKINGS, type Locking, lockingPass } from './whatif/other_pass.ts';
export { type PatchPass, passOfPatches } from './whatif/patch_pass.ts';
export { totalsOf, type WhatIfTotals } from './whatif/totals.ts';
export { WhatIf, type WhatIfRow } from './whatif/what_if.ts';
