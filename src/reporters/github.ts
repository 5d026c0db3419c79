// GitHub's workflow commands: one line an annotation. A step shows ten of a level, so the worst come first.
import { type Finding, SEVERITIES } from '../findings/finding.ts';
import { printable, printablePath } from './escape.ts';
import type { RunResult } from './trace_result.ts';

type Level = 'error' | 'warning' | 'notice';

interface Annotation {
  readonly file: string;
  readonly line: number;
  readonly title: string;
  readonly text: string;
}

export function github({ traces, unread }: RunResult): string {
  const failed = unread.map(({ file, message }) =>
    command('error', { file, line: 0, title: 'unreadable', text: printablePath(message) }),
  );
  const found = traces
    .flatMap(({ findings }) => findings)
    .sort((a, b) => rank(b) - rank(a))
    .map((finding) => command(levelOf(finding), annotationOf(finding)));
  const unsure = traces.flatMap(({ file, doubts }) =>
    doubts.map((text) => command('warning', { file, line: 0, title: 'inconclusive', text: printable(text) })),
  );
  return [...failed, ...found, ...unsure].join('');
}

function rank({ severity, confidence }: Finding): number {
  return confidence === 'inconclusive' ? -1 : SEVERITIES.indexOf(severity);
}

function levelOf({ severity, confidence }: Finding): Level {
  return confidence === 'inconclusive' || severity === 'note' ? 'notice' : severity;
}

function annotationOf({ file, line, rule, confidence, message }: Finding): Annotation {
  const title = confidence === 'certain' ? rule : `${rule} (${confidence})`;
  return { file, line, title, text: printable(message) };
}

function command(level: Level, { file, line, title, text }: Annotation): string {
  const at = line > 0 ? `,line=${line}` : '';
  return `::${level} file=${property(printablePath(file))}${at},title=${property(title)}::${data(text)}\n`;
}

/** escapeData() of @actions/core. */
function data(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

/** escapeProperty() of @actions/core. */
function property(text: string): string {
  return data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
