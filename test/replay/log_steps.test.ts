// xe's debug messages: mappings, and no verdict.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { plain } from '../ftrace/text_events.ts';
import { fixture } from '../support/captures.ts';
import { reportOn, reportWith } from '../support/report.ts';
import { FIXTURES } from '../support/run.ts';

const LOG = readFileSync(path.join(FIXTURES, 'xe/written-debug-log/dmesg.txt'), 'latin1');

function mappings(text: string, until?: number): string[] {
  const stop = until === undefined ? {} : { until: ({ line }: { readonly line: number }) => line <= until };
  const { world } = reportWith(Buffer.from(text, 'latin1'), stop);
  return [...world.vms.values()].flatMap((vm) =>
    [...world.mappingsOf(vm)].map((va) => `${va.addr.toString(16)}+${va.range.toString(16)}`),
  );
}

/** The same messages in the forms that they are saved in. */
const FORMS: readonly [string, (line: string) => string][] = [
  ['dmesg', (line) => line],
  ['dmesg -t', (line) => line.replace(/^\[.*?\] /, '')],
  ['dmesg -x', (line) => `kern  :debug : ${line}`],
  ['journalctl -k', (line) => line.replace(/^\[.*?\] /, 'Nov 25 19:00:00 host kernel: ')],
  ['ftrace', (line) => plain('bind', 7, `console: ${line.replace(/^\[.*?\] /, '')}`).trimEnd()],
  ['ftrace with the log’s time', (line) => plain('bind', 7, `console: ${line}`).trimEnd()],
];

it.each(FORMS)('%s: the mappings after each bind', (_, form) => {
  const text = LOG.trimEnd().split('\n').map(form).join('\n').concat('\n');
  expect(mappings(text, 3)).toEqual(['100000+10000']);
  expect(mappings(text, 8)).toEqual(['100000+4000', '104000+4000', '108000+8000']);
  expect(mappings(text)).toEqual(['100000+4000', '104000+4000']);
});

it('nothing is judged by a log', () => {
  const { findings, jobs, doubts } = reportOn(Buffer.from(LOG, 'latin1'));
  expect(findings).toEqual([]);
  expect(jobs.map((row) => row.verdict)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(doubts.join('\n')).toMatch(/a log of the kernel/);
});

it('where the calls are probed, what the driver prints of them changes nothing', () => {
  const text = Buffer.from(fixture('xe/correct').read())
    .toString('latin1')
    .replace(/# entries-in-buffer.*\n/, '');
  const lines = text.trimEnd().split('\n');
  const log = LOG.trimEnd()
    .split('\n')
    .map((line) => plain('bind', 7, `console: ${line}`).trimEnd());
  const middle = Math.floor(lines.length / 2);
  const mixed = [...lines.slice(0, middle), ...log, ...lines.slice(middle)].join('\n').concat('\n');
  const both = [text, mixed].map((one) => reportOn(Buffer.from(one, 'latin1')));
  expect(both[1]?.jobs.map((row) => [row.job, row.counts])).toEqual(both[0]?.jobs.map((row) => [row.job, row.counts]));
  expect(both[1]?.findings.map((one) => one.message)).toEqual(both[0]?.findings.map((one) => one.message));
  expect(both[1]?.world.vms.size).toBe(both[0]?.world.vms.size);
});
