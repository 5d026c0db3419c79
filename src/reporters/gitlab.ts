// GitLab's Code Quality report: a JSON array, a subset of Code Climate's issues.
import type { Finding } from '../findings/finding.ts';
import { hash } from '../findings/fingerprint.ts';
import { json, printable, printablePath } from './escape.ts';
import type { RunResult } from './trace_result.ts';

type GitlabSeverity = 'info' | 'minor' | 'major' | 'critical' | 'blocker';

export function gitlab({ traces, unread }: RunResult): string {
  const found = traces.flatMap(({ findings }) => findings.map(issueOf));
  const failed = unread.map(({ file, message }) =>
    issue(file, 1, { check: 'unreadable', severity: 'blocker', text: printablePath(message), print: '' }),
  );
  return `${json([...found, ...failed], 2)}\n`;
}

function issueOf(finding: Finding): Readonly<Record<string, unknown>> {
  const { rule, confidence, message, fingerprint } = finding;
  const sure = confidence === 'certain' ? '' : ` (${confidence})`;
  const text = `${printable(message)}${sure}`;
  const severity = severityOf(finding);
  return issue(finding.file, finding.line, { check: rule, severity, text, print: fingerprint });
}

function severityOf({ severity, confidence }: Finding): GitlabSeverity {
  if (confidence === 'inconclusive' || severity === 'note') return 'info';
  if (severity === 'warning') return 'minor';
  return confidence === 'certain' ? 'critical' : 'major';
}

interface Issue {
  readonly check: string;
  readonly severity: GitlabSeverity;
  readonly text: string;
  readonly print: string;
}

/** Of issues with one fingerprint GitLab shows the first: that of a trace's finding is joined with the trace's name. */
function issue(file: string, line: number, { check, severity, text, print }: Issue): Readonly<Record<string, unknown>> {
  return {
    description: text,
    check_name: check,
    fingerprint: hash([check, file, print].join('\u0000')),
    severity,
    location: { path: printablePath(file).replace(/^(\.\/+)+/, ''), lines: { begin: Math.max(line, 1) } },
  };
}
