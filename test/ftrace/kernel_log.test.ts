// Driver messages in the kernel's log, in each of the forms that people save it in.
import { expect, it } from 'vitest';
import { decode, only, plain } from './text_events.ts';

const TEXT =
  'panthor fb000000.gpu: [drm:panthor_vm_unmap_pages [panthor]] unmap: as=1, iova=0x400000, sz=8192, va=0x400000, pgcnt=2, pgsz=4096';
const EVENT = { kind: 'mmu_unmap', code: 'panthor', addr: 0x400000, length: 8192, pgsize: 4096 };

const FORMS: [string, string, string, number][] = [
  ['dmesg', '[   12.345678] ', '12.345678', -1],
  ['dmesg of a long uptime', '[1234567.345678] ', '1234567.345678', -1],
  ['dmesg with callers', '[   12.345678][  T123] ', '12.345678', 123],
  ['dmesg, in an interrupt', '[   12.345678][    C1] ', '12.345678', -1],
  ['dmesg -T', '[Wed Nov 25 19:00:00 2026] ', '', -1],
  ['dmesg -T, a day of one digit', '[Sun Nov  1 19:00:00 2026] ', '', -1],
  ['dmesg -r', '<7>[   12.345678] ', '12.345678', -1],
  ['dmesg -x', 'kern  :debug : [   12.345678] ', '12.345678', -1],
  ['dmesg --time-format iso', '2026-11-25T19:00:00,123456+00:00 ', '', -1],
  ['journalctl -k', 'Nov 25 19:00:00 host kernel: ', '', -1],
  ['journalctl -k -o short-iso', '2026-11-25T19:00:00+0000 host kernel: ', '', -1],
  ['syslog', 'Nov  5 19:00:00 host kernel: [   12.345678] ', '12.345678', -1],
  ['dmesg -t', '', '', -1],
];

it.each(FORMS)('%s', (_, prefix, time, pid) => {
  const seen = only(`${prefix}${TEXT}\n`);
  expect(seen.event).toMatchObject(EVENT);
  expect([seen.line, seen.time, seen.pid, seen.cpu]).toEqual([1, time, pid, -1]);
  const other = `${prefix}usb 1-1: new device\n`;
  const { events, diagnostics, stats } = decode(`${other}${other}${prefix}${TEXT}\n${other}`);
  expect(events).toMatchObject([EVENT]);
  expect(diagnostics).toEqual([]);
  expect(stats.entries).toBe(prefix === '' ? 2 : 4);
  expect([...stats.layouts]).toEqual(['kernel-log']);
});

it('what a trace quotes is no log', () => {
  const line = `[   12.345678] ${TEXT}\n`;
  const { events } = decode(`${plain('bash', 1, 'tracing_mark_write: x')}${line}${TEXT}\n`);
  expect(events).toEqual([]);
  expect(
    decode(`# entries-in-buffer/entries-written: 1/1   #P:2\n${line}${plain('bash', 1, 'sys_write()')}`).events,
  ).toEqual([]);
});

it('what a log quotes is no trace', () => {
  const quoted = plain('evil', 1, 'obj_free: (drm_gem_object_free+0x4/0x20 [drm]) kref=0xffff888100000000');
  const { events } = decode(
    `[    1.000000] Linux version 6.18\n${quoted}[   12.345678] ${quoted}[    2.000000] ${TEXT}\n`,
  );
  expect(events).toMatchObject([EVENT]);
});

it('dropped messages are a loss', () => {
  const { events, losses } = decode(`[    1.000000] ${TEXT}\n[    1.000000] ** 12 printk messages dropped **\n`);
  expect(events).toMatchObject([EVENT]);
  expect(losses.length).toBe(1);
});

it('a message cut off is damaged, and nothing is made up for it', () => {
  const { events, diagnostics } = decode(`[    1.000000] ${TEXT.slice(0, -12)}\n`);
  expect(events).toEqual([]);
  expect(diagnostics).toMatchObject([{ kind: 'damaged', line: 1 }]);
});
