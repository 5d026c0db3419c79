// Cutting chunks into lines: the result must not depend on where the chunks were cut.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latin1 } from '../../src/ftrace/bytes.ts';
import { LineReader, MAX_LINE } from '../../src/ftrace/line_reader.ts';
import { decode, FREE, FREED, plain } from './text_events.ts';

function lines(text: string, chunk = Math.max(text.length, 1), wrap = (bytes: Uint8Array) => bytes): string[] {
  const found: string[] = [];
  const reader = new LineReader({
    line(buf, start, end, number, cut) {
      found.push(`${number}${cut ? '!' : ':'}${latin1(buf, start, end)}`);
    },
  });
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += chunk) reader.push(wrap(bytes.subarray(at, at + chunk)));
  reader.end();
  return found;
}

test('lines, empty ones, and a last one that is cut off', () => {
  expect(lines('a\n\nbc\nd')).toEqual(['1:a', '2:', '3:bc', '4!d']);
  expect(lines('')).toEqual([]);
  expect(lines('\n')).toEqual(['1:']);
});

test('CRLF, and a CR that is not at the end', () => {
  expect(lines('a\r\n\r\nb\rc\r\n')).toEqual(['1:a', '2:', '3:b\rc']);
});

test('bytes of all values', () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  expect(lines(`${all}\n`)).toEqual([`1:${all.slice(0, 10)}`, `2:${all.slice(11)}`]);
});

test.each([1, 7, 100])('the same in chunks of %d', (chunk) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\n', '\r', '\xff', ' ')), (parts) => {
      const text = parts.join('');
      expect(lines(text, chunk)).toEqual(lines(text));
      expect(lines(text, chunk, (bytes) => Uint8Array.from(bytes))).toEqual(lines(text));
    }),
  );
});

test.each([1000, 65537, 1 << 20])('an overlong line keeps its head and is told, in chunks of %d', (chunk) => {
  const found = lines(`a\n${'x'.repeat(3 * MAX_LINE)}\nb\n`, chunk);
  expect(found).toHaveLength(3);
  expect(found[1]).toBe(`2!${'x'.repeat(MAX_LINE)}`);
  expect(found[2]).toBe('3:b');
});

test('an overlong line at the end of the input', () => {
  expect(lines('x'.repeat(2 * MAX_LINE), 1000)).toEqual([`1!${'x'.repeat(MAX_LINE)}`]);
});

const TRACE = [
  '# tracer: nop\n#\n# entries-in-buffer/entries-written: 5/5   #P:2\n#\n',
  plain('bash', 17, FREE),
  plain('  x-1 [000] 1.0:', 18, FREE),
  plain(
    'bash',
    17,
    'mmu_map: (lab_mmu_map+0x0/0x60 [vmbind_lab]) gpuvm=0x10 addr=0x1000 len=0x1000 pte=0x312000000000006',
  ),
  plain('bash', 17, 'tracing_mark_write: a\n\nb'),
  'CPU:1 [LOST 3 EVENTS]\n',
  plain('bash', 17, FREE),
].join('');

test.each([1, 7, 100])('events are the same in chunks of %d', (chunk) => {
  for (const text of [TRACE, TRACE.replaceAll('\n', '\r\n'), TRACE.slice(0, -20)]) {
    expect(decode(text, { chunk })).toEqual(decode(text));
  }
});

test('CRLF changes nothing; a trace that ends in a line is told', () => {
  expect(decode(TRACE.replaceAll('\n', '\r\n'))).toEqual(decode(TRACE));
  expect(decode(TRACE.slice(0, -1)).diagnostics.map((d) => d.kind)).toContain('cut');
});

test('a name known as that of another event is still read where a probe has it', () => {
  const other = plain('bash', 17, 'obj_free: ptr=0xffff888100000200 name=filp');
  const fields = plain('bash', 17, 'obj_free: __probe_ip=drm_gem_object_free+0x4/0x20 kref=0xffff888100000100');
  const { events, stats } = decode([other, other, plain('bash', 17, FREE), other, fields, other].join(''));
  expect(events).toEqual([FREED, FREED]);
  expect([stats.entries, stats.events]).toEqual([6, 2]);
});
