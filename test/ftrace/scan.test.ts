// The scanner of lines: whatever it reads, it says what the reader of single lines says.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineReader } from '../../src/ftrace/line_reader.ts';
import { ScannedValues } from '../../src/ftrace/scan/scanned_values.ts';
import { SCANNER } from '../../src/ftrace/scan/scanner_wasm.ts';
import { TextDecoder } from '../../src/ftrace/text_decoder.ts';
import { makeProbeTable } from '../../src/probe_set.ts';
import { fixture } from '../support/captures.ts';
import { mutated } from '../support/mutations.ts';
import { plain } from './text_events.ts';

interface Told {
  /** All that was told, in its order. */
  readonly told: string;
  /** Events whose values stand in the scanner's memory. */
  readonly scanned: number;
}

function printed(value: unknown): string {
  return JSON.stringify(value, (_, one) => {
    if (typeof one === 'bigint') return `${one}n`;
    if (one === undefined || Object.is(one, -0)) return String(one === undefined ? one : '-0');
    return one instanceof Set ? [...one] : one;
  });
}

/** With a scanner in pieces of so many bytes; without one, whole. */
function read(bytes: Uint8Array, chunk?: number): Told {
  const told: unknown[] = [];
  let scanned = 0;
  const table = makeProbeTable({});
  const decoder = new TextDecoder(
    table,
    { event: () => {}, loss: () => {} },
    {
      probe({ spec }, values, where) {
        const { line, pid, cpu } = where;
        if (values instanceof ScannedValues) scanned++;
        const read = spec.args.map((_, i) => [
          values.ptr(i),
          values.u64(i),
          values.int(i),
          values.str(i),
          values.high(i),
          values.low(i),
        ]);
        const bits = spec.args.map((arg) => arg.endsWith(':bits'));
        const shown = read.map((one, i) => (bits[i] ? one : one.slice(0, 4)));
        told.push([line, pid, cpu, where.time(), where.comm(), spec.event, spec.at, shown, spec.decode(values)]);
      },
      loss: (cpu, count, line) => told.push(['loss', cpu, count, line]),
    },
  );
  const reader = chunk === undefined ? new LineReader(decoder) : decoder.reader();
  const size = chunk ?? Math.max(bytes.length, 1);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  decoder.finish();
  const { stats, diagnostics } = decoder;
  const { windows, times, byCpu, bufferSize, areAnywhere } = stats.losses;
  told.push({ ...stats, losses: { windows, times, byCpu, bufferSize, areAnywhere } }, diagnostics);
  for (const { title, met, shown } of table.bindings) if (met) told.push(title, shown);
  return { told: told.map(printed).join('\n'), scanned };
}

const CAPTURES = [
  'correct-ops',
  'misc',
  'var-fields',
  'var-with-markers',
  'lost-pipe-overwrite1',
  'report-misc',
  'fgraph-with-events',
];

test.each(CAPTURES)('%s, in pieces of any size, damaged, and with other line ends', (name) => {
  const bytes = fixture(name).read();
  const crlf = Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
  expect(read(crlf, 4096)).toEqual({ ...read(crlf), scanned: read(bytes, 4096).scanned });
  fc.assert(
    fc.property(
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      fc.integer({ min: 1, max: 300_000 }),
      fc.boolean(),
      (draws, chunk, isDamaged) => {
        const input = isDamaged ? mutated(bytes, () => draws.next().value) : bytes;
        expect(read(input, chunk).told === read(input).told).toBe(true);
      },
    ),
    { numRuns: 25 },
  );
});

test('nearly all lines of a trace are scanned', () => {
  const { scanned, told } = read(fixture('correct-ops').read(), 1 << 16);
  expect(scanned).toBeGreaterThan(0.8 * told.split('"0x').length);
  expect(scanned).toBeGreaterThan(500);
});

const VALUES = [
  '0',
  '-0',
  '7',
  '-1',
  '-7',
  '123456789012345',
  '1234567890123456',
  '9223372036854775807',
  '18446744073709551615',
  '-9223372036854775808',
  '0x',
  '0x0',
  '0xffffffff',
  '0x80000000',
  '0xFFFF888100000100',
  '0xffff888100000101',
  '0x1fffffffffffff',
  '0x20000000000001',
  '0x8000000000000000',
  '0x123456789abcdef01',
  'ffff8881abcd0000',
  '12ab',
  '-12ab',
  '(fault)',
  '(null)',
  '0x3 (3)',
  '"a b"',
  "'P'(80)",
  '',
  '1 2',
  '1\r',
  '\x80',
  '0x1\x00',
  '=',
  '1=2',
];
const value = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((n) => `0x${n.toString(16)}`),
);
const PROBES = [
  ['va_remove: (drm_gpuva_remove+0x4/0xc0 [drm_gpuvm])', ['gpuvm', 'va', 'addr', 'range', 'obj', 'offset']],
  ['sm_unmap: (drm_gpuvm_sm_unmap+0x4/0x50 [drm_gpuvm])', ['gpuvm', 'priv', 'addr', 'range']],
  ['step_map_ret: (f+0x3/0x6 [drm_gpuvm] <- lab_sm_step_map)', ['op', 'ret']],
  ['mmu_map: (lab_mmu_map+0x0/0x60 [vmbind_lab])', ['gpuvm', 'addr', 'len', 'pte']],
  ['unknown: (nobody+0x4/0x9)', ['a']],
  ['sched_switch:', ['prev_comm', 'prev_pid']],
] as const;
const event = fc
  .constantFrom(...PROBES)
  .chain(([head, keys]) =>
    fc
      .tuple(fc.tuple(...keys.map(() => value)), fc.constantFrom('', '', '', ' ', ' more=1'))
      .map(([values, tail]) => `${head}${keys.map((key, i) => ` ${key}=${values[i]}`).join('')}${tail}`),
  );
const line = fc
  .tuple(
    fc.constantFrom('bash', 'a-1 [000] 1.0:', '# x', 'kworker/u16:3-ev', ''),
    fc.constantFrom(1, 17, 4194304, 1234567890),
    event,
    fc.constantFrom('12.345678', '1.000001', '99999999.000001', '12345678901234', '.5', ''),
  )
  .map(([comm, pid, text, time]) => plain(comm, pid, text, time));
const other = fc.constantFrom(
  'CPU:1 [LOST 3 EVENTS]\n',
  '##### CPU 1 buffer started ####\n',
  '\n',
  'what is this\n',
  ' => frame\n',
  '# entries-in-buffer/entries-written: 9/12   #P:2\n',
  plain('bash', 17, 'tracing_mark_write: a').replace('[001]', '[000]'),
);

test('values, keys, prefixes and lines between them of all kinds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 8, arbitrary: line }, { weight: 1, arbitrary: other }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5000 }),
      (lines, chunk) => {
        const bytes = Buffer.from(`# tracer: nop\n${lines.join('')}`, 'latin1');
        expect(read(bytes, chunk).told).toBe(read(bytes).told);
      },
    ),
    { numRuns: 400 },
  );
});

test('a line that is longer than any, among others', () => {
  const known = plain('bash', 17, 'va_unmap: (drm_gpuva_unmap+0x4/0x20 [drm_gpuvm]) va=0xffff888101845400 keep=0');
  for (const more of [-1, 0, 1, 70_000]) {
    const long = `${known.trimEnd()}${' '.repeat((1 << 16) - known.length + 1 + more)}\n`;
    for (const text of [known + long + known, known + known + long, (known + known + long).trimEnd()]) {
      const bytes = Buffer.from(text, 'latin1');
      for (const chunk of [1000, 65_536, 1 << 20]) expect(read(bytes, chunk).told).toBe(read(bytes).told);
    }
  }
});

test('the module is what its source compiles to', async () => {
  const compile = '../../src/ftrace/scan/assembly/compile.mjs';
  const { compiled } = await import(compile);
  expect((await compiled()).includes(`'${SCANNER}'`)).toBe(true);
});
