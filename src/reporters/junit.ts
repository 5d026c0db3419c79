// JUnit XML, as Jenkins and GitLab read it: a suite per trace, a case per rule and VM.
import type { UnreadTrace } from './checked_trace.ts';
import { printable, printablePath } from './escape.ts';
import { findingText } from './finding_text.ts';
import { type RuleCase, ruleCases } from './rule_cases.ts';
import { plainStyle } from './style.ts';
import type { RunResult, TraceResult } from './trace_result.ts';

export function junit(run: RunResult): string {
  const suites = [...run.traces.map((trace) => suiteOf(trace, run)), ...run.unread.map(unreadSuite)];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="gpuvm-trace">\n${suites.join('')}</testsuites>\n`;
}

function suiteOf(trace: TraceResult, run: RunResult): string {
  const file = printablePath(trace.file);
  const vms = ruleCases(trace, run);
  const all = vms.flatMap(({ cases }) => cases);
  const count = (outcome: RuleCase['outcome']) => all.filter((one) => one.outcome === outcome).length;
  const counts = { tests: all.length, failures: count('fail'), errors: 0, skipped: count('skip') };
  const cases = vms.flatMap((of) => of.cases.map((one) => caseOf(file, of.vm, one)));
  const doubts = trace.doubts.length === 0 ? '' : `<system-err>${escaped(trace.doubts.map(printable))}</system-err>\n`;
  return `<testsuite${attributes({ name: file, ...counts })}>\n${cases.join('')}${doubts}</testsuite>\n`;
}

function caseOf(file: string, vm: string, { rule, outcome, why, findings }: RuleCase): string {
  const head = `<testcase${attributes({ classname: `${file}: ${vm}`, name: rule })}`;
  const lines = escaped(findings.flatMap((finding) => findingText(finding, plainStyle)));
  const output = lines === '' ? '' : `<system-out>${lines}</system-out>`;
  switch (outcome) {
    case 'fail': {
      const message = printable(findings[0]?.message ?? '');
      return `${head}><failure${attributes({ type: rule, message })}>${lines}</failure></testcase>\n`;
    }
    case 'skip':
      return `${head}><skipped>${escaped([why])}</skipped>${output}</testcase>\n`;
    case 'pass':
      return output === '' ? `${head}/>\n` : `${head}>${output}</testcase>\n`;
  }
}

function unreadSuite({ file, message }: UnreadTrace): string {
  const name = printablePath(file);
  const error = `<error${attributes({ type: 'unreadable', message: printablePath(message) })}/>`;
  const one = `<testcase${attributes({ classname: name, name: 'read' })}>${error}</testcase>`;
  return `<testsuite${attributes({ name, tests: 1, failures: 0, errors: 1, skipped: 0 })}>\n${one}\n</testsuite>\n`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped([String(value)])}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Lines that are printable, which leaves two characters that XML cannot hold at all. */
function escaped(lines: readonly string[]): string {
  return lines
    .join('\n')
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
}
