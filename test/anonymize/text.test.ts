// What becomes of single lines: what is kept, what is written anew, and what never gets through.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, inflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { Anonymizer } from '../../src/anonymize/anonymizer.ts';
import { EventText } from '../../src/anonymize/event_text.ts';
import { Renaming } from '../../src/anonymize/renaming.ts';
import { ptrFromU64, ptrHex } from '../../src/base/u64.ts';
import type { Args } from '../../src/events/probe.ts';
import type { ProbeBinding } from '../../src/ftrace/probe_binding.ts';
import { TextDecoder } from '../../src/ftrace/text_decoder.ts';
import { sourceOf } from '../../src/ftrace/trace_dat/index.ts';
import { allProbes } from '../../src/probe_set.ts';
import { anonymous, withoutNames } from '../support/anonymous.ts';
import {
  bpftraceJsonOf,
  csvOfColumns,
  entriesOf,
  perfettoOf,
  readFixture,
  systraceOf,
} from '../support/other_formats.ts';
import { reportOn } from '../support/report.ts';
import { FIXTURES } from '../support/run.ts';

const MISSING = readFixture('lab/tracecmd-missing/report-t.txt.gz');
const ENTRIES = entriesOf(MISSING);
const HEAD = '# tracer: nop\n#\n# entries-in-buffer/entries-written: 7/7   #P:8\n#\n';

function lines(text: string): string[] {
  return anonymous(Buffer.from(text, 'latin1')).text.split('\n');
}

it('leaves nothing of other events, markers, command lines, callers and unknown arguments', () => {
  const secret = [
    '     acme-game-4711  [003] d..2.    10.000001: sched_switch: prev_comm=acme-game prev_pid=4711 ==> next_comm=Jane-shell next_pid=815',
    '     acme-game-4711  [003] .....    10.000002: sys_openat(dfd: ffffff9c, filename: "/home/jane/.acme/licence")',
    '     acme-game-4711  [003] .....    10.000003: tracing_mark_write: customer=ACME (host jane-laptop)',
    'second line of the marker by Jane',
    '     acme-game-4711  [003] .....    10.000004: obj_init: (acme_secret_create+0x40/0x90 [acme_drm] <- drm_gem_private_object_init) obj=0xffff888104ab1200 size=0x4000 resv=0xffff888104ab1300 owner="Jane" acme_cookie=0xdeadbeef',
    '     acme-game-4711  [003] .....    10.000005: acme_probe: (acme_secret_submit+0x4/0x90 [acme_drm]) cookie=0xfeedface',
    '     acme-game-4711  [003] .....    10.000006: <stack trace>',
    ' => acme_secret_ioctl <ffffffffa0123456>',
    '     acme-game-4711  [003] .....    10.000007: vm_init: (x <- drm_gpuvm_init) gpuvm=0xffff888104ab1400 name="jane\'s vm" vm_flags=0 mm_start=0x0 mm_range=0x1000000 kstart=0x0 krange=0x0 r_obj=0xffff888104ab1200 resv=0xffff888104ab1300',
    'CPU:3 [LOST 7 EVENTS]',
    'host jane-laptop: no line of a trace',
  ].join('\n');
  const text = lines(`${HEAD}${secret}\n`).join('\n');
  for (const word of [/acme/i, /jane/i, /licence/, /4711/, /815/, /ffff8881/, /a0123456/, /deadbeef/, /feedface/])
    expect(text).not.toMatch(word);
  expect(text.split('\n')).toHaveLength(`${HEAD}${secret}\n`.split('\n').length);
  expect(text).toContain('CPU:3 [LOST 7 EVENTS]');
  expect(text).toMatch(/obj_init: \(0x0 <- drm_gem_private_object_init\) resv=0xffff7\w+ size=0x4000 obj=0xffff7\w+$/m);
});

it('says as much as before of a header, lost events and lines that cannot be read', () => {
  const event = (cpu: number, at: string, rest: string) =>
    `            task-12      [00${cpu}] .....    ${at}: ${rest}\n`;
  const traces = [
    `# tracer: nop\n# entries-in-buffer/entries-written: 2/9   #P:2\n${event(0, '1.0', 'exec_init: (drm_exec_init+0x4/0x10) exec=0xffff888100001000 flags=1')}${event(1, '1.1', 'other: x')}`,
    `${event(0, '1.0', 'exec_init: (drm_exec_init+0x4/0x10) exec=0xffff888100001000 flags=1')}##### CPU 1 buffer started ####\n${event(1, '1.1', 'x: y')}`,
    `${event(0, '1.0', 'exec_init: (drm_exec_init+0x4/0x10) exec=0xffff888100001000 flags=')}nothing known\n`,
    `${event(0, '1.0', 'exec_init: (drm_exec_init+0x4/0x10) exec=0xffff888100001000 flags=1')}Lost 4 events\n${event(0, '1.1', 'a: b')}`,
    `${event(0, '1.0', 'exec_init: (drm_exec_init+0x4/0x10) exec=0xffff888100001000 flags=1')}            task-12    [00`,
  ];
  for (const trace of traces) {
    const bytes = Buffer.from(trace, 'latin1');
    const [before, after] = [reportOn(bytes), reportOn(anonymous(bytes).bytes)];
    expect(withoutNames(after).doubts, trace).toEqual(withoutNames(before).doubts);
    expect(after.stats.lost).toBe(before.stats.lost);
    expect(before.doubts.length).toBeGreaterThan(0);
  }
});

it('keeps the kernel’s version, and what a builder or a vendor put behind it not', () => {
  const trace = '# nop latency trace v1.1.5 on 6.18.35-acme-jane+\n';
  expect(lines(trace)[0]).toBe('# nop latency trace v1.1.5 on 6.18.35');
});

it('names pointers one to one, and keeps members at their place in their struct', () => {
  const renaming = new Renaming();
  const name = (pointer: bigint) => BigInt(ptrHex(renaming.pointer(ptrFromU64(pointer))));
  const named = [0xffff888104ab1200n, 0xffff888104ab1248n, 0xffff888204ab1200n, 0xffffc90000123bc8n].map(name);
  expect(new Set(named).size).toBe(4);
  expect((named[1] ?? 0n) - (named[0] ?? 0n)).toBe(0x48n);
  expect(name(0xffff888104ab1200n)).toBe(named[0]);
  for (const kept of [0n, 1n, 0xfffn, 0xfffffffffffffff4n]) expect(name(kept)).toBe(kept);
  expect(name(0x12ab34cdn)).not.toBe(0x12ab34cdn); // a hash of a pointer
});

it('shifts times by whole seconds', () => {
  const trace = Buffer.from(
    '    jane-12      [000] .....  4711.25: a: b\n    jane-12      [000] .....  4713.5: a: b\n',
  );
  const { text } = anonymous(trace, { shiftTimes: true });
  expect([...text.matchAll(/ ([\d.]+): other/g)].map(([, time]) => time)).toEqual(['1000.25', '1002.5']);
});

it('writes each tracepoint and message so that it is read as what it was', () => {
  const table = allProbes([]);
  const text = new EventText(new Renaming());
  const values: Args = {
    ptr: () => -4096,
    u64: () => 4096,
    int: () => 1,
    str: () => 'x',
    high: () => 0,
    low: () => 4096,
  };
  const messages = table.bindings.filter(({ spec }) => spec.at === 'tracepoint');
  expect(messages.length).toBeGreaterThan(30);
  for (const binding of messages) {
    const read: ProbeBinding[] = [];
    const lines = new TextDecoder(
      table,
      { event: () => {}, loss: () => {} },
      {
        probe: (one) => read.push(one),
        loss: () => expect.unreachable(binding.title),
      },
    );
    const line = `            task-1       [000] .....     1.0: ${binding.spec.event}: ${text.of(binding, values)}`;
    lines.line(Buffer.from(line), 0, line.length, 1, false);
    expect(read, line).toEqual([binding]);
  }
});

it.each([
  ['a table', csvOfColumns(ENTRIES)],
  ['Perfetto’s text', perfettoOf(ENTRIES)],
  ['a page of systrace', systraceOf(readFixture('lab/missing/trace.txt'))],
  ['bpftrace’s JSON', bpftraceJsonOf(MISSING)],
])('makes the tracer’s text of %s, with the same findings', (_, text) => {
  const bytes = Buffer.from(text, 'latin1');
  const columns = { name: 'event' };
  const rules = (trace: Uint8Array) =>
    reportOn(trace, trace.length, { columns }).findings.map(({ rule, job, confidence, fingerprint }) => ({
      rule,
      job,
      confidence,
      fingerprint,
    }));
  expect(rules(bytes).length).toBeGreaterThan(0);
  expect(rules(anonymous(bytes, { columns }).bytes)).toEqual(rules(bytes));
});

it('makes the tracer’s text of a trace.dat, with the same findings', () => {
  const bytes = gunzipSync(readFileSync(path.join(FIXTURES, 'lab/tracecmd-misc/trace.dat.gz')));
  const zlib = (data: Uint8Array) => inflateSync(data);
  const analysis = new Analysis({ file: 'trace.dat' });
  analysis.readTraceDat(sourceOf(bytes), { zlib });
  const pieces: string[] = [];
  const anonymizer = new Anonymizer({ file: 'trace.dat' }, (text) => pieces.push(text));
  anonymizer.readTraceDat(sourceOf(bytes), { zlib });
  anonymizer.finish();
  const before = analysis.finish();
  const after = reportOn(Buffer.from(pieces.join(''), 'latin1'));
  const said = ({ findings, kernel }: typeof before) => ({
    findings: findings.map(({ rule, job, step, time, confidence, fingerprint }) => ({
      rule,
      job,
      step,
      time,
      confidence,
      fingerprint,
    })),
    kernel: kernel.switches,
  });
  expect(before.findings.length).toBeGreaterThan(0);
  expect(said(after)).toEqual(said(before));
});
