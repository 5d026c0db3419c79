// KTAP, as the kernel's tools/testing/kunit/kunit.py parse reads it: trace, VM, rule as nested subtests.
import { printable, printablePath } from './escape.ts';
import { findingText } from './finding_text.ts';
import { type RuleCase, ruleCases, type VmCases } from './rule_cases.ts';
import { plainStyle } from './style.ts';
import type { RunResult, TraceResult } from './trace_result.ts';

/** A test's lines, its result last; one without lines of its own is a result alone. */
interface Test {
  readonly name: string;
  readonly ok: boolean;
  readonly skip?: string;
  /** What is said of it ahead of its result. */
  readonly notes: readonly string[];
  readonly subtests: readonly Test[];
}

export function ktap(run: RunResult): string {
  const traces = run.traces.map((trace) => traceTest(trace, run));
  const unread = run.unread.map(({ file, message }): Test => {
    return { name: printablePath(file), ok: false, notes: [`error: ${printablePath(message)}`], subtests: [] };
  });
  return `${planned([...traces, ...unread], []).join('\n')}\n`;
}

function traceTest(trace: TraceResult, run: RunResult): Test {
  const subtests = ruleCases(trace, run).map(vmTest);
  const [doubt] = trace.doubts;
  return {
    name: printablePath(trace.file),
    ok: subtests.every(({ ok }) => ok),
    ...(subtests.length === 0 && doubt !== undefined ? { skip: `inconclusive: ${printable(doubt)}` } : {}),
    notes: trace.doubts.map((text) => `inconclusive: ${printable(text)}`),
    subtests,
  };
}

function vmTest({ vm, cases }: VmCases): Test {
  return { name: vm, ok: cases.every(({ outcome }) => outcome !== 'fail'), notes: [], subtests: cases.map(caseTest) };
}

function caseTest({ rule, outcome, why, findings }: RuleCase): Test {
  return {
    name: rule,
    ok: outcome !== 'fail',
    ...(outcome === 'skip' ? { skip: why } : {}),
    notes: findings.flatMap((finding) => findingText(finding, plainStyle)),
    subtests: [],
  };
}

/** A version line, what it is of, the plan, and each test in its turn. */
function planned(tests: readonly Test[], subtest: readonly string[]): string[] {
  return ['KTAP version 1', ...subtest, `1..${tests.length}`, ...tests.flatMap(lines)];
}

function lines({ name, ok, skip, notes, subtests }: Test, i: number): string[] {
  const safe = plain(name);
  const nested = subtests.length === 0 ? [] : planned(subtests, [`# Subtest: ${safe}`]);
  const result = `${ok ? 'ok' : 'not ok'} ${i + 1} ${safe}${skip === undefined ? '' : ` # SKIP ${plain(skip)}`}`;
  // Two blanks: a note must not pass for the head of a subtest.
  return [...nested.map((line) => `  ${line}`), ...notes.map((note) => `#  ${plain(note)}`), result];
}

/** # begins a directive; the others, wherever they stand in a line, begin or end the part of a log that is read. */
const MEANS_SOMETHING = /#|TAP version|List of all partitions|Kernel panic|reboot/g;

function plain(text: string): string {
  return text.replace(MEANS_SOMETHING, (found) => `\\x${found.charCodeAt(0).toString(16)}${found.slice(1)}`);
}
