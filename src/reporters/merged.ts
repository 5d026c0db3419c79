// Reports of several runs as one: in their order, with what any of them asked for.
import type { RuleDoc } from '../checks/check.ts';
import { FAIL_ON } from './checked_trace.ts';
import type { RunResult } from './trace_result.ts';

/** The same however the runs are put together first; what fails any of them fails the whole. */
export function mergedRuns(runs: readonly RunResult[], rules: readonly RuleDoc[]): RunResult {
  const asked = new Set(runs.flatMap((run) => run.rules.map(({ id }) => id)));
  const versions = new Set(runs.flatMap(({ version }) => version.split(', ')));
  const strictest = Math.min(...runs.map(({ failOn }) => FAIL_ON.indexOf(failOn)));
  return {
    traces: runs.flatMap(({ traces }) => traces),
    unread: runs.flatMap(({ unread }) => unread),
    rules: rules.filter(({ id }) => asked.has(id)),
    failOn: FAIL_ON[strictest] ?? 'error',
    version: [...versions].sort().join(', '),
  };
}
