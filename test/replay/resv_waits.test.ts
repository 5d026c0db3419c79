// contention_begin and contention_end around a lock call: how they are read, and what `show` says of them.
import { expect, it } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import type { Job } from '../../src/replay/job.ts';
import { showJob } from '../../src/reporters/show.ts';
import { decode, plain } from '../ftrace/text_events.ts';
import { fixture } from '../support/captures.ts';
import { withWaits } from '../support/resv_waits.ts';

it('the events, whatever the mutex', () => {
  const begin = (flags: string, lock = 'ffff8968b1a4e900') =>
    plain('t', 7, `contention_begin: ${lock} (flags=${flags})`);
  const one = decode(begin('MUTEX')).events[0];
  expect(one?.kind).toBe('lock_wait');
  expect(decode(begin('SPIN|MUTEX')).events).toEqual([one]);
  expect(decode(begin('SPIN') + begin('READ') + begin('SPIN|READ') + begin('RT|MUTEX') + begin('0x40')).events).toEqual(
    [],
  );
  expect(decode(begin('MUTEX', '00000000deadbeef')).events).toEqual([{ kind: 'lock_wait', lock: 0 }]);
  const end = (text: string) => decode(plain('t', 7, `contention_end: ffff8968b1a4e900 (ret=${text})`));
  expect(end('0').events).toEqual([{ ...one, kind: 'lock_wait_end', ret: 0 }]);
  expect(end('-35').events).toEqual([{ ...one, kind: 'lock_wait_end', ret: -35 }]);
  expect(end('x').diagnostics).toMatchObject([{ kind: 'damaged' }]);
});

function analyzed(text: string) {
  const jobs: Job[] = [];
  const analysis = new Analysis({ file: 'trace.txt', onJob: (job) => jobs.push(job) });
  analysis.push(Buffer.from(text, 'latin1'));
  return { report: analysis.finish(), jobs };
}

it('show says how long, from where on, and who had it', () => {
  const plainText = Buffer.from(fixture('contention-threads').read()).toString('latin1');
  const { text, waits } = withWaits(plainText);
  expect(waits).toBeGreaterThan(3);
  const { report, jobs } = analyzed(text);
  const shown = jobs.map((job) => {
    const row = report.jobs.find((one) => one.job === job.id);
    return row === undefined ? '' : showJob(job, row, report.findings, { file: report.file, lines: report.lines });
  });
  const lines = shown.flatMap((one) => one.split('\n')).filter((line) => line.includes('contended'));
  expect(lines.length).toBe(waits);
  const told = /-EDEADLK, waited 0\.000007 s from line \d+ on, held by task \d+ since line \d+$/;
  expect(lines.filter((line) => !told.test(line) && !line.endsWith('its holder is not in the trace'))).toEqual([]);
  expect(lines.filter((line) => told.test(line)).length).toBeGreaterThan(0);
  // Nothing else is judged otherwise.
  const before = analyzed(plainText.replace(/# entries-in-buffer.*\n/, ''));
  expect(report.findings.map((one) => one.message)).toEqual(before.report.findings.map((one) => one.message));
  expect(report.jobs.map((row) => row.counts)).toEqual(before.report.jobs.map((row) => row.counts));
});
