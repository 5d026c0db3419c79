// `export --format perfetto`: what Chrome's trace event format asks of a file, and that its tracks say what the trace does.
// (Google's trace_processor is no package of any registry that the tests use.)
import { expect, it } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { Timeline } from '../../src/export/timeline.ts';
import { TraceJson } from '../../src/export/trace_json.ts';
import { fixture, run } from '../support/run.ts';

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id: number;
  readonly args: Readonly<Record<string, unknown>>;
}

interface Parsed {
  readonly events: readonly Event[];
  readonly of: (ph: string) => readonly Event[];
}

function parsed(text: string): Parsed {
  const { traceEvents: events } = JSON.parse(text) as { traceEvents: readonly Event[] };
  return { events, of: (ph) => events.filter((event) => event.ph === ph) };
}

function exported(trace: string): Parsed {
  const { code, out, err } = run(['export', '--format', 'perfetto', trace]);
  expect([0, 3], err).toContain(code);
  return parsed(out);
}

const ns = (us: number) => Math.round(us * 1000);

function grouped<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

/** The complete events of each track, where none overlaps another but by lying inside of it. */
function nested({ of }: Parsed): Map<string, Event[]> {
  const tracks = grouped(of('X'), ({ pid, tid }) => `${pid}/${tid}`);
  for (const [track, slices] of tracks) {
    const open: number[] = [];
    // The format: of slices that begin at once, the file's first is the outer one.
    for (const { ts, dur, name } of slices.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)) {
      expect(dur, name).toBeGreaterThanOrEqual(0);
      while ((open.at(-1) ?? Number.POSITIVE_INFINITY) <= ns(ts)) open.pop();
      const end = ns(ts) + ns(dur);
      expect(end, `${name} at ${ts} of ${track} is not within the one around it`).toBeLessThanOrEqual(
        open.at(-1) ?? Number.POSITIVE_INFINITY,
      );
      open.push(end);
    }
  }
  return tracks;
}

const CAPTURES = [
  'lab/contention-threads/trace.txt.gz',
  'lab/fuzz-mixed/trace.txt.gz',
  'lab/deferred/trace.txt',
  'lab/var-clock-counter/trace.txt',
  'lab/lost-trace-overwrite1/trace.txt',
  'lab/var-comm-odd-6.12/trace.txt',
  'msm/unmap-offset/trace.txt',
  'panthor/correct/trace.txt',
  'nouveau/correct/trace.txt',
  'xe/correct/trace.txt.gz',
];

it.each(CAPTURES)('%s: slices nest, arrows bind, counters end as `state` says', (name) => {
  const trace = fixture(name);
  const file = exported(trace);
  const tracks = nested(file);

  const named = new Set(file.of('M').map(({ pid, tid }) => `${pid}/${tid}`));
  for (const track of tracks.keys()) expect(named).toContain(track);
  const jobs = JSON.parse(run(['jobs', trace, '--format', 'json']).out) as { jobs: { job: number; line: number }[] };
  const shown = file.of('X').filter(({ args }) => args?.['line'] !== undefined);
  expect(shown.map(({ args }) => args['line']).sort()).toEqual(jobs.jobs.map(({ line }) => line).sort());

  const flows = grouped([...file.of('s'), ...file.of('t'), ...file.of('f')], ({ id }) => id);
  for (const pins of flows.values()) {
    expect(pins.filter(({ ph }) => ph === 's')).toHaveLength(1);
    expect(pins.filter(({ ph }) => ph === 'f')).toHaveLength(1);
    for (const { pid, tid, ts } of pins) {
      const around = (tracks.get(`${pid}/${tid}`) ?? []).filter(
        (slice) => ns(slice.ts) <= ns(ts) && ns(ts) <= ns(slice.ts) + ns(slice.dur),
      );
      expect(around.length).toBeGreaterThan(0);
    }
  }

  const { mappings } = JSON.parse(run(['state', trace, '--format', 'json']).out) as {
    mappings: { vm: string; range: string }[];
  };
  const byVm = grouped(mappings, ({ vm }) => vm);
  const last = new Map(file.of('C').map((event) => [event.name, event.args['value']]));
  for (const [counter, value] of last) {
    const own = byVm.get(/(0x\w+)$/.exec(counter)?.[1] ?? '') ?? [];
    if (counter.startsWith('mappings of')) expect(value, counter).toBe(own.length);
    if (counter.startsWith('bytes mapped'))
      expect(value, counter).toBe(own.reduce((sum, { range }) => sum + Number(range), 0));
    if (counter.startsWith('held locks')) expect(value, counter).toBe(0);
  }
  expect([...last.keys()].filter((counter) => counter.startsWith('mappings of')).length).toBeGreaterThanOrEqual(
    byVm.size,
  );

  const { findings } = JSON.parse(run(['check', trace, '--format', 'json']).out) as {
    findings: { rule: string; message: string }[];
  };
  const told = file.of('i').map((event) => [event.name, event.args['message']]);
  expect(told).toEqual(findings.map(({ rule, message }) => [rule, message]));
});

it('counters follow each change: their values are those of `state` at that moment', () => {
  const trace = fixture('lab/missing/trace.txt');
  const counts = exported(trace)
    .of('C')
    .filter(({ name }) => name.startsWith('mappings of VM 1 '));
  expect(counts.length).toBeGreaterThan(20);
  for (const at of [5, 11, 17]) {
    const { ts = 0, args } = counts[at] ?? {};
    const next = counts[at + 1]?.ts ?? 0;
    if (next === ts) continue;
    const out = run(['state', trace, '--at', (ts / 1e6).toFixed(6), '--format', 'json', '--vm', '#1']).out;
    expect((JSON.parse(out) as { mappings: unknown[] }).mappings).toHaveLength(Number(args?.['value']));
  }
});

it('an arrow leads from the lock pass to the apply, and where the scheduler runs it on to the run', () => {
  const file = exported(fixture('lab/deferred/trace.txt'));
  const slices = file.of('X');
  const [start] = file.of('s');
  const end = file.of('f').find(({ id }) => id === start?.id);
  const at = (pin: Event | undefined) =>
    slices.filter(({ pid, tid, ts, dur }) => {
      const here = pid === pin?.pid && tid === pin.tid;
      return here && ns(ts) <= ns(pin.ts) && ns(pin.ts) <= ns(ts) + ns(dur);
    });
  expect(at(start).map(({ name }) => name)).toContain('lock pass');
  expect(at(end).some(({ name }) => name.startsWith('apply of job '))).toBe(true);
});

it('shows when the scheduler had a job, and whose it was', () => {
  const file = exported(fixture('panthor/correct/trace.txt'));
  const groups = new Map(
    file
      .of('M')
      .filter(({ name }) => name === 'process_name')
      .map(({ pid, args }) => [pid, args['name']]),
  );
  const at = (event: Event) => groups.get(event.pid);
  const runs = file.of('X').filter((event) => event.name === 'run');
  expect(runs.map(at)).toEqual(runs.map(() => 'bind queues'));
  const jobs = file.of('X').filter((event) => /^job /.test(event.name) && at(event) === 'tasks');
  expect(runs).toHaveLength(jobs.length);
  const arrows = grouped([...file.of('s'), ...file.of('t'), ...file.of('f')], ({ name }) => name);
  for (const { name } of jobs)
    expect(arrows.get(name)?.map((pin) => [pin.ph, at(pin)])).toEqual([
      ['s', 'tasks'],
      ['t', 'tasks'],
      ['f', 'bind queues'],
    ]);
});

it('slices that overlap get lanes, inner ones are cut, names are no markup', () => {
  let text = '';
  const json = new TraceJson((part) => {
    text += part;
  });
  const hostile = 'a"\\\u0000\u001b]\u00ff</script>\ud800';
  json.slice('g', hostile, {
    name: hostile,
    from: 1_000_000_000_000_123n,
    to: 1_000_000_000_000_456n,
    inner: [
      { name: 'x', from: 0n, to: 1_000_000_000_000_300n },
      { name: 'y', from: 1_000_000_000_000_200n, to: 2_000_000_000_000_000n },
    ],
  });
  json.slice('g', hostile, { name: 'over', from: 1_000_000_000_000_400n, to: 1_000_000_000_000_500n });
  json.finish({ trace: hostile });
  const file = parsed(text);
  expect(nested(file).size).toBe(2);
  expect(file.of('X').map(({ name, ts, dur }) => [name, ns(ts) - 1_000_000_000_000_000, ns(dur)])).toEqual([
    [expect.stringMatching(/^a"\\\\\\x00\\x1b\]\\xff<\/script>\\u\{d800\}$/), 123, 333],
    ['x', 123, 177],
    ['y', 300, 156],
    ['over', 400, 100],
  ]);
});

it('is written while the trace is read', () => {
  const bytes = Buffer.from(
    Array.from({ length: 3000 }, (_, i) => `t-${i + 1} [000] ..... ${i}.000001: none: x=1\n`).join(''),
  );
  let written = 0;
  const timeline = new Timeline((part) => {
    written += part.length;
  });
  const analysis = new Analysis({ file: 'none', ...timeline.hooks });
  analysis.push(bytes);
  timeline.finish(analysis.finish());
  expect(written).toBeLessThan(200);
});
