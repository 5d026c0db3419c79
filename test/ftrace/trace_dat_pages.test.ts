// Ring buffer pages made by hand: what real recordings of one kernel do not have, or not all of it.
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ArgFields, DatArgs } from '../../src/ftrace/dat_args.ts';
import type { DatEvent, TraceDat } from '../../src/ftrace/trace_dat/index.ts';
import { fieldBytes, fieldOf, fieldPtr, fieldReader, sourceOf } from '../../src/ftrace/trace_dat/index.ts';
import { build, emptyParts, type Parts, type Storage, Writer } from './trace_dat_build.ts';
import { open } from './trace_dat_listing.ts';

const COMMON = `format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

`;
const TICK = `name: tick\nID: 7\n${COMMON}	field:int n;	offset:8;	size:4;	signed:1;\n\nprint fmt: "%d", REC->n\n`;
const WIDE = `name: wide\nID: 9\n${COMMON}	field:u64 addr;	offset:8;	size:8;	signed:0;
	field:void * ptr;	offset:16;	size:8;	signed:0;
	field:s64 ret;	offset:24;	size:8;	signed:1;
	field:u8 small;	offset:32;	size:1;	signed:0;
	field:s16 half;	offset:34;	size:2;	signed:1;
	field:__rel_loc char[] text;	offset:36;	size:4;	signed:0;
	field:char comm[8];	offset:40;	size:8;	signed:0;
	field:unsigned long caller[2];	offset:48;	size:16;	signed:0;
`;
const BIG: Storage = { version: 7, bigEndian: true, compression: 'none', pagesPerChunk: 1 };
const LITTLE: Storage = { ...BIG, bigEndian: false };

/** A page is written event by event; `stamp` and flags of lost events stand in front. */
class Page {
  readonly events: Writer;
  readonly bigEndian: boolean;

  constructor(bigEndian: boolean) {
    this.bigEndian = bigEndian;
    this.events = new Writer(bigEndian);
  }

  head(typeLen: number, delta: number): Writer {
    const word = this.bigEndian ? typeLen * 2 ** 27 + delta : delta * 32 + typeLen;
    return this.events.number(word, 4);
  }

  tick(delta: number, n: number): this {
    this.head(3, delta).number(7, 2).number(1, 1).number(2, 1).number(42, 4).number(n, 4);
    return this;
  }

  bytes(stamp: bigint, flags = 0, count?: bigint, size = 4096, long: 4 | 8 = 8): Uint8Array {
    const page = new Writer(this.bigEndian).number(stamp, 8).number(this.events.length + flags, long);
    page.bytes(this.events.done());
    if (count !== undefined) page.number(count, long);
    return page.align(size).done();
  }
}

const MISSED = 0x80000000;
const STORED = 0x40000000;

function withPages(...cpus: Uint8Array[][]): Parts {
  const parts = { ...emptyParts(), ftrace: [TICK], systems: [['lab', [WIDE]]] as [string, string[]][] };
  const list = cpus.map((pages, cpu) => ({ cpu, pages: new Uint8Array(Buffer.concat(pages)) }));
  parts.buffers.push({ name: '', clock: 'mono', pageSize: 4096, cpus: list });
  return parts;
}

function ticks(dat: TraceDat): string[] {
  const seen: string[] = [];
  dat.forEachEvent(
    (e) => {
      const n = fieldOf(e.format, 'n');
      seen.push(
        `${e.sec}.${e.nsec} ${e.buffer}${e.cpu}:${n === undefined ? e.format.name : fieldReader(e.format, 'n')?.(e)}`,
      );
    },
    (cpu, count, buffer) => seen.push(`lost ${buffer}${cpu}:${count ?? '?'}`),
  );
  return seen;
}

test.each([LITTLE, BIG, { ...LITTLE, version: 6 }, { ...BIG, version: 6 }] as const)(
  'time extends, absolute stamps, padding and long records: %o',
  (storage) => {
    const page = new Page(storage.bigEndian);
    page.tick(5, 1);
    page.head(30, 3).number(100, 4); // 100 * 2^27 + 3 ns
    page.tick(0, 2);
    page.head(29, 9).number(8, 4).number(0, 4); // a discarded event
    page.tick(1, -3);
    page.head(31, 17).number(0x12345678, 4); // the lower 59 bits of the time
    page.head(0, 2).number(16, 4).number(7, 2).number(0, 2).number(1, 4).number(4, 4);
    page.head(29, 0).number(99, 4);
    const stamp = 0xf000000000000001n;
    const dat = open(sourceOf(build(withPages([page.bytes(stamp)]), storage)));
    const at = (ns: bigint): string => `${ns / 1000000000n}.${ns % 1000000000n}`;
    const extended = stamp + 5n + 100n * 134217728n + 3n;
    const absolute = (stamp & (31n << 59n)) + 0x12345678n * 134217728n + 17n + 2n;
    const lines = [`${at(stamp + 5n)} 0:1`, `${at(extended)} 0:2`, `${at(extended + 10n)} 0:-3`, `${at(absolute)} 0:4`];
    expect(ticks(dat)).toEqual(lines);
    expect(dat.diagnostics).toEqual([]);
  },
);

test.each([LITTLE, BIG])(
  'losses with a count, without one, on a page without events, and both at once: %o',
  (storage) => {
    const big = storage.bigEndian;
    const pages = [
      new Page(big).tick(0, 1).bytes(1000n, MISSED),
      new Page(big).tick(0, 2).bytes(2000n, MISSED + STORED, 7n),
      new Page(big).bytes(3000n, MISSED + STORED, 5n),
      new Page(big).tick(0, 3).bytes(4000n, MISSED + STORED, 8589934592n),
      new Page(big).bytes(5000n, MISSED),
    ];
    const dat = open(sourceOf(build(withPages(pages), storage)));
    const lines = ['lost 0:?', '0.1000 0:1', 'lost 0:7', '0.2000 0:2', 'lost 0:8589934597', '0.4000 0:3', 'lost 0:?'];
    expect(ticks(dat)).toEqual(lines);
    const filtered: string[] = [];
    dat.forEachEvent(
      () => filtered.push('event'),
      (cpu, count) => filtered.push(`${cpu}:${count ?? '?'}`),
      () => false,
    );
    expect(filtered).toEqual(['0:?', '0:7', '0:8589934597', '0:?']);
  },
);

test('CPUs are merged by time, equal times in the order of CPUs', () => {
  const page = (...times: number[]): Uint8Array => {
    const made = new Page(false);
    for (const [i, time] of times.entries()) made.tick(time - (times[i - 1] ?? 0), time);
    return made.bytes(0n);
  };
  const parts = withPages([page(5, 6, 9)], [page(1, 6, 6, 8)], [page(6, 7)], [page(1)]);
  const lines = ['1:1', '3:1', '0:5', '0:6', '1:6', '1:6', '2:6', '2:7', '1:8', '0:9'];
  expect(ticks(open(sourceOf(build(parts, LITTLE)))).map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(lines);
});

test.each([LITTLE, { ...LITTLE, version: 6 }, { ...LITTLE, compression: 'zlib' }] as const)(
  'instances: %o',
  (storage) => {
    const parts = withPages([new Page(false).tick(0, 1).tick(20, 2).bytes(100n)]);
    const pages = new Page(false).tick(10, 3).bytes(100n);
    parts.buffers.push({ name: 'gpu', clock: 'mono', pageSize: 4096, cpus: [{ cpu: 1, pages }] });
    const dat = open(sourceOf(build(parts, storage)), { zlib: (data) => inflateSync(data) });
    expect(ticks(dat)).toEqual(['0.100 0:1', '0.110 gpu1:3', '0.120 0:2']);
    expect(dat.clock).toBe('mono');
    expect(dat.diagnostics).toEqual([]);
  },
);

test('sub-buffers of another size, and a 32-bit kernel', () => {
  const pages = [new Page(false).tick(0, 1).bytes(1n, 0, undefined, 16384), new Page(false).tick(0, 2).bytes(2n)];
  const parts = withPages(pages);
  const [buffer] = parts.buffers;
  if (buffer !== undefined) buffer.pageSize = 16384;
  expect(ticks(open(sourceOf(build(parts, LITTLE))))).toEqual(['0.1 0:1', '0.2 0:2']);
  const narrow = withPages([new Page(false).tick(0, 3).bytes(3n, MISSED + STORED, 6n, 4096, 4)]);
  narrow.headerPage = narrow.headerPage.replace('offset:8;\tsize:8', 'offset:8;\tsize:4');
  expect(ticks(open(sourceOf(build(narrow, LITTLE))))).toEqual(['lost 0:6', '0.3 0:3']);
});

test.each([LITTLE, { ...LITTLE, version: 6 }] as const)('a buffer recorded as text: %o', (storage) => {
  const parts = { ...emptyParts(), texts: [{ name: '', text: '# tracer: wakeup\n' }] };
  const dat = open(sourceOf(build(parts, storage)));
  expect(dat.texts().map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['# tracer: wakeup\n']);
  expect(ticks(dat)).toEqual([]);
});

test('stamps are corrected as the options say', () => {
  const pages = [new Page(false).tick(0, 1).bytes(1000n)];
  const shifted = (id: number, body: Uint8Array): string[] => {
    const parts = withPages(pages);
    parts.options.push([id, body]);
    return ticks(open(sourceOf(build(parts, LITTLE))));
  };
  expect(shifted(7, Buffer.from('1500000000\0'))).toEqual(['1.500001000 0:1']);
  expect(shifted(7, Buffer.from('-400\0'))).toEqual(['0.600 0:1']);
  expect(shifted(1, Buffer.from('0x10\0'))).toEqual(['0.17000 0:1']);
  expect(shifted(14, new Writer(false).number(3, 4).number(1, 4).number(0, 8).done())).toEqual(['0.1500 0:1']);
  const sync = new Writer(false).number(1, 8).number(0, 4).number(1, 4).number(1, 4);
  expect(shifted(12, sync.number(0, 8).number(77, 8).number(1, 8).done())).toEqual(['0.1077 0:1']);
});

test('records that are too short, of no known type, or longer than their page', () => {
  const page = new Page(false).tick(1, 1);
  page.head(2, 1).number(7, 2).number(0, 2).number(1, 4); // ends before its field
  page.head(3, 1).number(99, 2).number(0, 2).number(1, 4).number(0, 4);
  page.tick(1, 2);
  page.head(28, 1).number(7, 2);
  page.events.number(0, 2);
  const dat = open(sourceOf(build(withPages([page.bytes(0n), new Page(false).tick(9, 3).bytes(0n)]), LITTLE)));
  expect(ticks(dat)).toEqual(['0.1 0:1', 'lost 0:?', '0.4 0:2', 'lost 0:?', '0.9 0:3']);
  expect(dat.diagnostics.map(({ message }) => message)).toEqual([
    "a record is too short for the event 'tick'",
    'an event of unknown type 99',
    'a record is longer than its page (8 bytes of CPU 0 are not read)',
  ]);
});

test.each([LITTLE, BIG])('fields: %o', (storage) => {
  const page = new Page(storage.bigEndian);
  const record = page
    .head(0, 0)
    .number(4 + 48 + 8 + 4, 4)
    .number(9, 2)
    .number(0, 2)
    .number(-1, 4);
  record.number(0x8000000000001001n, 8).number(0xffff888100bb4001n, 8).number(-5, 8);
  record
    .number(200, 1)
    .number(0, 1)
    .number(-2, 2)
    .number((4 << 16) | 16, 4)
    .text('task\0\0\0\0');
  record.number(17, 8).text('abc\0');
  const got: unknown[] = [];
  open(sourceOf(build(withPages([page.bytes(0n)]), storage))).forEachEvent(
    (e: DatEvent) => {
      const field = (name: string) => fieldOf(e.format, name) ?? expect.fail(name);
      const args = new DatArgs(e);
      const fields = ['addr', 'ptr', 'ret', 'small', 'half', 'half', 'text', 'ret'].map(field);
      args.at(new ArgFields([...fields, undefined], ['u64', 'ptr', 'int', 'int', 'int', 'u64', 'str', 'bits']), e);
      got.push(args.u64(0), args.ptr(1), args.int(2), args.int(3), args.int(4), args.u64(5), args.str(6));
      got.push(args.high(7), args.low(7), args.int(8), args.str(8), args.str(0), args.int(0), args.u64(6));
      got.push(fieldPtr(e, field('ptr')), fieldReader(e.format, 'addr')?.(e));
      got.push(fieldReader(e.format, 'text')?.(e), fieldReader(e.format, 'comm')?.(e), e.pid);
      got.push(fieldReader(e.format, 'ret')?.(e), fieldBytes(e, field('caller')).length, fieldReader(e.format, 'none'));
    },
    () => got.push('lost'),
  );
  const ptr = Number(BigInt.asIntN(64, 0xffff888100bb4001n));
  const none = undefined;
  const values = [0x8000000000001001n, ptr, -5, 200, -2, 65534, 'abc', 0xffffffff, 0xfffffffb];
  expect(got.slice(0, 16)).toEqual([...values, none, none, none, none, none, ptr, 0x8000000000001001n]);
  expect(got.slice(16)).toEqual(['abc', 'task', -1, -5, 12, none]);
});
