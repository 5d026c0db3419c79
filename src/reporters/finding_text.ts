// One finding as people read it: `file:line: severity: message [rule]`, its evidence below.
import type { Finding } from '../findings/finding.ts';
import { printable, printablePath } from './escape.ts';
import { type Style, wrapped } from './style.ts';

/** Evidence lines shown of one finding. */
const MAX_EVIDENCE = 12;

export function findingText(finding: Finding, style: Style, width?: number): string[] {
  const file = printablePath(finding.file);
  const sure = finding.confidence === 'certain' ? '' : ` (${finding.confidence})`;
  const place = `${file}:${finding.line}:`;
  const severity = `${finding.severity}${sure}:`;
  const [first = '', ...more] = wrapped(
    `${place} ${severity} ${printable(finding.message)} [${finding.rule}]`,
    width,
    4,
  );
  const link = style.link ?? ((text: string) => text);
  const lines = [
    style.bold(link(place, finding.file, finding.line)) +
      first.slice(place.length).replace(severity, style[finding.severity](severity)),
    ...more,
  ];
  for (const { file: other = finding.file, line, text } of finding.evidence.slice(0, MAX_EVIDENCE)) {
    const where = `${printablePath(other)}:${line}:`;
    const [head = '', ...rest] = wrapped(`    ${where} ${printable(text)}`, width, 8);
    lines.push(...[head.replace(where, () => link(where, other, line)), ...rest].map(style.dim));
  }
  const left = finding.evidence.length - MAX_EVIDENCE;
  if (left > 0) lines.push(style.dim(`    ... and ${left} more places`));
  return lines;
}
