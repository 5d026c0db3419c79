// A baseline in the form of drm-ci's xfails: `NAME,Fail` a line in DRIVER-GPU-fails.txt, beside those of other test programs.

import { UserError } from '../base/user_error.ts';
import { rules } from '../checks/index.ts';
import type { BaselineEntry } from '../findings/baseline.ts';

/** Ahead of a finding's name: lines without it are of other programs, and stay as they are. */
const OURS = 'gpuvm-trace@';

export function isXfails(file: string): boolean {
  return /(^|[-/])fails\.txt$/.test(file);
}

type Named = Pick<BaselineEntry, 'rule' | 'fingerprint'>;

export function xfailLine({ rule, fingerprint }: Named): string {
  return `${OURS}${rule}@${fingerprint},Fail`;
}

/**
 * A line says that something fails, not how often: an entry counts what is found, and 1 where nothing is; without findings,
 * more than there can be.
 */
export function readXfails(file: string, text: string, findings: readonly Named[] | undefined): BaselineEntry[] {
  const counts = new Map<string, number>();
  for (const line of findings?.map(xfailLine) ?? []) counts.set(line, (counts.get(line) ?? 0) + 1);
  const unseen = findings === undefined ? Number.MAX_SAFE_INTEGER : 1;
  const entries = new Map<string, BaselineEntry>();
  for (const [i, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (!trimmed.startsWith(OURS)) continue;
    const entry = parseLine(trimmed.slice(OURS.length));
    if (entry === undefined)
      throw new UserError(`${file}:${i + 1}: expected ${OURS}RULE@FINGERPRINT,Fail, with a rule that \`rules\` lists`);
    const key = xfailLine(entry);
    entries.set(key, { ...entry, count: counts.get(key) ?? unseen });
  }
  return [...entries.values()];
}

function parseLine(text: string): Named | undefined {
  const [, rule = '', fingerprint = ''] = /^([a-z-]+)@([^@,\s]+),Fail$/.exec(text) ?? [];
  return rules.some(({ id }) => id === rule) ? { rule, fingerprint } : undefined;
}

/** The file with what is found now: other lines and comments as they are, new lines at the end. */
export function updatedXfails(text: string, entries: readonly Named[]): string {
  const left = new Set(entries.map(xfailLine));
  const kept = text.split('\n').filter((line) => {
    const trimmed = line.trim();
    return !trimmed.startsWith(OURS) || left.delete(trimmed);
  });
  while (kept.at(-1) === '') kept.pop();
  return [...kept, ...[...left].sort(), ''].join('\n');
}
