// The scheduler's events tell when a job runs as the probe on the driver's run function does: same tables, same findings.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { ptrHex } from '../../src/base/u64.ts';
import { linesOf } from '../../src/events/lines.ts';
import { compare } from '../../src/mmu/compare.ts';
import type { Job } from '../../src/replay/job.ts';
import { timeRows } from '../../src/reporters/job_times.ts';
import { decode, plain } from '../ftrace/text_events.ts';
import { driverFixtures, fixture, moreDriverCaptures } from '../support/captures.ts';
import { reportOn, reportWith } from '../support/report.ts';
import { bytesOf, type SchedulerForm, schedulerEvents, signalled, timeOf } from '../support/scheduler_events.ts';

/** What is judged when a job's writes are over. */
const JUDGED = /^pte-(stale|missing|wrong)$/;

/** Where a job's run is shown by nothing else than the driver's function. */
const captures = [...driverFixtures, ...moreDriverCaptures]
  .filter(({ name }) => /(?:^|\/)(?:PERS-)?(?:msm|nouveau)[/-]/.test(name) && !/generic|(?:edited|written)-/.test(name))
  .map((capture) => [capture.name, capture] as const);

/** Each VM's table after the last job, as far as it is known, and what is wrong with it. */
function tables(bytes: Uint8Array, whole: Report): string[] {
  const last = Math.max(...whole.jobs.map((row) => Math.max(row.endLine, row.ranLine)));
  const { world } = reportWith(bytes, { until: ({ line }) => line <= last });
  return [...world.vms.values()].map((vm) => {
    const { table, complete, clock } = vm.tables;
    if (table === undefined) return `${ptrHex(vm.id)} none`;
    const { used, bad, stray } = compare(world.mappingsOf(vm), table, world.placeOf);
    return `${ptrHex(vm.id)} ${clock} ${complete} ${used} ${bad} ${stray} awaited ${vm.tables.jobs.size}`;
  });
}

function findings({ findings: all }: Report): string[] {
  return all.map(({ rule, severity, confidence, job, message }) => {
    return `${rule} ${severity} ${confidence} ${job} ${message.replace(/lines? \d+/g, 'line')}`;
  });
}

function ran({ jobs }: Report): string[] {
  return jobs.filter((row) => row.ranLine > 0).map((row) => `${row.job}`);
}

describe.each(captures)('%s', (_, capture) => {
  const bytes = capture.read();
  const text = Buffer.from(bytes).toString('latin1');
  const probed = reportOn(bytes);

  it.each(['ids', 'pointers', 'signals'] as const)('%s', (form: SchedulerForm) => {
    const edited = schedulerEvents(bytes, form);
    const report = reportOn(edited);
    expect(tables(edited, report)).toEqual(tables(bytes, probed));
    expect(findings(report).sort()).toEqual(findings(probed).sort());
    // Also the jobs that had nothing to write.
    const run = new Set(Array.from(text.matchAll(/ work: .* id=(\d+)/g), ([, id]) => id));
    expect(ran(report)).toEqual(report.jobs.map((row) => `${row.job}`).filter((id) => run.has(id)));
  });

  it('and without them no table is judged', () => {
    const report = reportOn(schedulerEvents(bytes, undefined));
    expect(ran(report)).toEqual([]);
    expect(report.findings.filter(({ rule }) => JUDGED.test(rule))).toEqual([]);
  });
});

const LINES = {
  queue: (fence: string, ring = 'msm-vm-bind') =>
    `drm_sched_job_queue: dev=5000000.gpu, fence=${fence}, ring=${ring}, job count:0, hw job count:0, client_id:7`,
  run: (fence: string) =>
    `drm_sched_job_run: dev=5000000.gpu, fence=${fence}, ring=msm-vm-bind, job count:1, hw job count:0, client_id:7`,
  done: (fence: string) => `drm_sched_job_done: fence=${fence} signaled`,
};

it('the events in the text of either kernel, and nothing else', () => {
  const events = (text: string) => decode(plain('t', 7, text)).events;
  const big = '18446744073709551615:18446744073709551614';
  for (const fence of ['184:1', big]) {
    expect(events(LINES.queue(fence))).toEqual([{ kind: 'sched_queue', fence }]);
    expect(events(LINES.run(fence))).toEqual([{ kind: 'sched_run', fence }]);
    expect(events(LINES.done(fence))).toEqual([{ kind: 'sched_done', fence }]);
  }
  expect(events(LINES.queue('1:2', 'a ring, of another: driver'))).toEqual([{ kind: 'sched_queue', fence: '1:2' }]);
  const old = 'entity=00000000c0ffee11, id=3, fence=00000000deadbeef, ring=gfx, job count:0, hw job count:0';
  const fence = `${0xdeadbeef}`;
  expect(events(`drm_sched_job: ${old}`)).toEqual([{ kind: 'sched_queue', fence }]);
  expect(events(`drm_run_job: ${old}`)).toEqual([{ kind: 'sched_run', fence }]);
  expect(events('drm_sched_process_job: fence=00000000deadbeef signaled')).toEqual([{ kind: 'sched_done', fence }]);
  for (const other of ['drm_sched_job_run: fence=1:2', 'drm_sched_job_done: fence=1:2 depends on fence=1:1'])
    expect(events(other).filter(({ kind }) => kind !== 'sched_done')).toEqual([]);
});

it('the events of dma_fence, whatever the names in them', () => {
  const events = (text: string) => decode(plain('t', 7, text)).events;
  for (const names of [
    'driver=drm_sched timeline=msm-vm-bind',
    'driver=a timeline=context=1 seqno=2 b',
    'driver= timeline=',
  ]) {
    const fence = '4294967295:7';
    const text = `${names} context=4294967295 seqno=7`;
    expect(events(`dma_fence_signaled: ${text}`)).toEqual([{ kind: 'fence_signaled', fence }]);
    expect(events(`dma_fence_wait_start: ${text}`)).toEqual([{ kind: 'fence_wait', fence }]);
    expect(events(`dma_fence_wait_end: ${text}`)).toEqual([{ kind: 'fence_wait_end', fence }]);
  }
  expect(events('dma_fence_signaled: driver=a timeline=b context=1 seqno=2 c')).toEqual([]);
});

describe('the fence of a job', () => {
  const pending = Buffer.from(schedulerEvents(fixture('msm/close-pending-6.12').read(), 'ids')).toString('latin1');
  const torn = (text: string) => {
    const { findings: all } = reportOn(bytesOf(text.split('\n')));
    return all.filter(({ rule, message }) => rule === 'freed-vm' && message.includes('was torn down'));
  };
  /** Behind each queue what drm_sched_entity_kill() makes of the job. */
  const killed = (line: (n: number) => string) =>
    pending.replace(/^(.*: )drm_sched_job_queue: .*fence=184:(\d+),.*$/gm, (whole, prefix: string, n: string) => {
      return `${whole}\n${prefix}${line(Number(n))}`;
    });

  it('shows that a job which was killed is not pending', () => {
    expect(torn(pending)).not.toEqual([]);
    expect(torn(killed((n) => signalled(n)))).toEqual([]);
  });
  it('and that of another does not', () => {
    expect(torn(killed((n) => signalled(n + 1000)))).toHaveLength(torn(pending).length);
    // The one that tells of the start of a run.
    expect(torn(killed((n) => signalled(n, 183)))).toHaveLength(torn(pending).length);
  });
  it('nor one that has but its lower half in common with two', () => {
    const twice = pending.replace(
      /^(.*: )drm_sched_job_queue: .*fence=184:(\d+),.*$/gm,
      (whole, prefix: string, n: string) => {
        const other = whole.replace('fence=184:', `fence=${2 ** 32 + 184}:`);
        return `${whole}\n${other}\n${prefix}${signalled(Number(n))}`;
      },
    );
    expect(torn(twice)).toHaveLength(torn(pending).length);
  });
});

describe('what is not seen of a run is not made up', () => {
  const whole = Buffer.from(schedulerEvents(fixture('msm/remap-little').read(), 'ids')).toString('latin1');
  const tellsOf = (text: string) =>
    reportOn(bytesOf(text.split('\n'))).findings.filter(({ rule, confidence }) => {
      return JUDGED.test(rule) && confidence !== 'inconclusive';
    });
  const without = (what: RegExp) =>
    whole
      .split('\n')
      .filter((line) => !what.test(line))
      .join('\n');

  it('the whole has findings', () => expect(tellsOf(whole).length).toBeGreaterThan(0));
  it('no end', () => {
    const bytes = bytesOf(without(/: drm_sched_job_done:/).split('\n'));
    const report = reportOn(bytes);
    expect(report.findings.filter(({ rule }) => JUDGED.test(rule))).toEqual([]);
    expect(tables(bytes, report)).toEqual([expect.stringContaining(' run false ')]);
  });
  it('no queue', () => expect(tellsOf(without(/: drm_sched_job_queue:/))).toEqual([]));
  it('no run', () => expect(tellsOf(without(/: drm_sched_job_run:/))).toEqual([]));

  it('the end of another job, told in an interrupt of this task', () => {
    const [first = ''] = /^.*: drm_sched_job_run: .*$/m.exec(whole) ?? [];
    const other = first.replace(/: drm_sched_job_run: .*/, `: ${LINES.done('9:9')}`);
    expect(
      tellsOf(whole.replace(first, `${first}\n${other}`)).map((one) => one.message.replace(/line \d+/g, '')),
    ).toEqual(tellsOf(whole).map((one) => one.message.replace(/line \d+/g, '')));
  });

  it('a job that is queued behind the bind in an ioctl that is not probed', () => {
    const lines = whole.split('\n').flatMap((line) => {
      if (!line.includes(': bind_ret: ')) return [line];
      const prefix = line.slice(0, line.indexOf('bind_ret: '));
      return [line, prefix + LINES.queue('8:1'), prefix + LINES.run('8:1'), prefix + LINES.done('8:1')];
    });
    expect(tellsOf(lines.join('\n')).length).toBe(tellsOf(whole).length);
  });
});

describe('when a job was queued, run and signalled', () => {
  const whole = Buffer.from(schedulerEvents(fixture('msm/remap-little').read(), 'ids')).toString('latin1');
  const [run = ''] = /^.*: drm_sched_job_run: .*fence=184:3,.*$/m.exec(whole) ?? [];
  const [done = ''] = /^.*: drm_sched_job_done: fence=184:3 .*$/m.exec(whole) ?? [];
  const wait = (event: string, time: string) =>
    `            app-77      [001] ..... ${time}: dma_fence_wait_${event}: driver=drm_sched timeline=x context=184 seqno=3`;
  const waited = whole
    .replace(run, `${wait('start', timeOf(run))}\n${run}`)
    .replace(done, `${done}\n${wait('end', timeOf(done))}`);
  const jobs: Job[] = [];
  reportWith(bytesOf(waited.split('\n')), { onJob: (job) => jobs.push(job) });

  it('each of the events, and who waited', () => {
    const job = jobs.find(({ times }) => times?.waits.length === 1);
    const rows = timeRows(job?.times ?? { waits: [] }, linesOf('trace.txt'));
    expect(rows.map(([what]) => what)).toEqual(['queued', 'run', 'signalled', 'waited for']);
    expect(rows.map(([, time]) => time)).toEqual([job?.end, timeOf(run), timeOf(done), timeOf(run)]);
    expect(rows[3]?.[2]).toBe('app-77');
    const took = (Number(timeOf(done)) - Number(timeOf(run))).toFixed(6);
    expect(rows[2]?.[4]).toBe(`${took} s after its run began`);
    expect(rows[3]?.[4]).toMatch(new RegExp(`^${took} s long, to line \\d+$`));
  });
  it('of all jobs that ran', () => {
    const told = jobs.filter(({ times }) => times?.queued && times.run && times.signalled).length;
    expect(told).toBe(whole.match(/drm_sched_job_done/g)?.length);
  });
  it('and by the function where that is what is probed', () => {
    const own: Job[] = [];
    reportWith(fixture('panthor/correct').read(), { onJob: (job) => own.push(job) });
    const ran = own.filter(({ deferred }) => deferred);
    expect(ran.length).toBeGreaterThan(0);
    for (const { times, applyLine, end } of ran) {
      expect(times?.run?.line).toBe(applyLine);
      expect(times?.runEnd?.time).toBe(end);
    }
  });
});
