// msm's devcoredump and what of it stands in the kernel's log.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCrash, parseDump } from '../../src/dumps/index.ts';
import { fixture } from '../support/captures.ts';
import { devcoredump, vmLog } from '../support/msm_crash.ts';

const CAPTURE = fixture('msm/remap-much').read();
const LINE = 500;
const TEXT = devcoredump(CAPTURE, { line: LINE, shift: 4, fault: { addr: 0x114000n } });
const read = (text: string) => parseCrash(text, 'dump');

/** The text with one line changed. */
function edited(from: string | RegExp, to: string): string {
  const text = TEXT.replace(from, to);
  if (text === TEXT) throw new Error(`no ${from}`);
  return text;
}

describe('a devcoredump', () => {
  it('names the kernel, the task and the fault', () => {
    const { kernel, comm, fault, cut } = read(TEXT);
    expect({ kernel, comm, cut }).toEqual({ kernel: '6.18.35', comm: 'msm', cut: false });
    expect(fault).toMatchObject({ addr: 0x114000, dir: 'READ', type: 'TRANSLATION', source: 'CP' });
    expect(TEXT.split('\n')[(fault?.line ?? 0) - 1]).toBe('  - iova=0000000000114000');
  });

  it('has the vm-log and the mappings, each with its line', () => {
    const { log, objects } = read(TEXT);
    const lines = TEXT.split('\n');
    expect(log?.entries.map(({ line }) => lines[line - 1])).toEqual(vmLog(traceLines(), 4).slice(1));
    expect(log?.entries[0]).toMatchObject({ queue: 5 });
    for (const { line, addr, range, name } of objects?.mappings ?? []) {
      expect(lines.slice(line - 1, line + 3).map((one) => one.trimEnd())).toEqual([
        `  - iova: 0x${addr.toString(16).padStart(16, '0')}`,
        `    size: ${range}`,
        '    flags: 0x10000',
        `    name: ${name}`,
      ]);
    }
    expect(objects?.mappings.length).toBeGreaterThan(3);
  });

  it('is a state that is not whole and names no objects', () => {
    const [dump, ...more] = parseDump(TEXT, 'dump');
    expect(more).toEqual([]);
    expect(dump).toMatchObject({ gpuvm: 0, bounds: undefined, whole: false });
    for (const va of dump?.mappings ?? []) expect(va).toMatchObject({ obj: undefined, offset: undefined });
    expect(dump?.mappings.map(({ addr, range }) => [addr, range])).toEqual(
      read(TEXT).objects?.mappings.map(({ addr, range }) => [addr, range]),
    );
  });

  it('without a fault: the GPU hung; without a log or mappings: there were none', () => {
    expect(read(devcoredump(CAPTURE, { line: LINE, shift: 4 })).fault).toBeUndefined();
    const none = devcoredump(CAPTURE, { line: 1, shift: 4 }).replace('bos:\n', '');
    expect(read(none)).toMatchObject({ log: undefined, objects: undefined });
    expect(() => parseDump(none, 'dump')).toThrow('dump: a devcoredump without mappings');
  });

  it('as the kernel counts: the newest entry is left out until the ring has wrapped', () => {
    const all = traceLines().filter((line) => / mmu_(?:un)?map: /.test(line)).length;
    const counts = [1, 2, 3, 4, 5, 6, 7, 8].map((shift) => {
      return read(devcoredump(CAPTURE, { line: LINE, shift })).log?.entries.length;
    });
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((shift) => (all >= 1 << shift ? 1 << shift : all - 1)));
  });
});

function traceLines(): string[] {
  return Buffer.from(CAPTURE).toString('latin1').split('\n').slice(0, LINE);
}

describe('hostile', () => {
  it('names that look like sections', () => {
    const comm =
      'comm: x\nrevision: 1\nfault-info:\n  - iova=0000000000666000\nvm-log:\n  - map:1: junk\nbos:\n  - iova: 7\n';
    const text = edited('comm: msm\n', comm);
    expect(read(text).fault?.addr).toBe(0x114000);
    expect(read(text).log?.entries.length).toBe(read(TEXT).log?.entries.length);
    expect(parseDump(text, 'dump')[0]?.mappings).toEqual(parseDump(TEXT, 'dump')[0]?.mappings);
  });

  it('any bytes in names are kept as they are', () => {
    const text = edited(/name: obj .*/, 'name: \x1b[31m\x00\xff,"x');
    expect(read(text).objects?.mappings[0]?.name).toBe('\x1b[31m\x00\xff,"x');
  });

  it.each([
    ['a word in the place of an address', / {2}- iova=0{10}114000/, '  - iova=xyz'],
    ['17 digits', / {2}- iova=0/, '  - iova=00'],
    ['no entry', / {2}- map:5: /, '  - map: '],
    ['an entry that ends before it begins', /(- map:5: )0x\w+-0x\w+/, '$10x0000000000002000-0x0000000000001000'],
    ['a short address', / {2}- iova: 0x0/, '  - iova: 0x'],
    ['another key', / {2}- iova: 0x/, '  - addr: 0x'],
    ['a negative size', / {4}size: \d+\n {4}flags/, '    size: -4096\n    flags'],
    ['a size in hex digits', / {4}size: \d+\n {4}flags/, '    size: 0x1000\n    flags'],
    ['a size beyond 64 bits', / {4}size: \d+\n {4}flags/, '    size: 99999999999999999999\n    flags'],
    ['no size', / {4}size: \d+\n {4}flags/, '    flags'],
    ['a line of something else', / {4}size: \d+\n {4}flags/, '  size\n    flags'],
  ])('%s: one line that says where', (_, from, to) => {
    expect(() => read(edited(from, to))).toThrow(/^dump:\d+: [^\n]+$/);
  });

  it('mappings that overlap, or leave 64 bits, are no VA space', () => {
    expect(() => parseDump(edited(/ {4}size: \d+\n {4}flags/, '    size: 1048576\n    flags'), 'dump')).toThrow(
      /overlap$/,
    );
    const high = edited(/- iova: 0x\w+/, '- iova: 0xfffffffffffff000');
    expect(() => parseDump(high.replace(/ {4}size: \d+\n {4}flags/, '    size: 8192\n    flags'), 'dump')).toThrow(
      /leaves 64 bits$/,
    );
  });

  it('more entries than a ring can have', () => {
    const entry = '  - map:5: 0x0000000000001000-0x0000000000002000\n';
    expect(() => read(edited('vm-log:\n', `vm-log:\n${entry.repeat(300)}`))).toThrow(
      /^dump:\d+: more than the 256 entries/,
    );
  });

  it('half a file: what is there, and nothing made up', () => {
    const whole = read(TEXT);
    fc.assert(
      fc.property(fc.integer({ min: 12, max: TEXT.length - 1 }), (end) => {
        const { fault, log, objects, cut } = read(TEXT.slice(0, end));
        expect(cut).toBe(TEXT[end - 1] !== '\n');
        if (fault !== undefined) expect(fault.addr).toEqual(whole.fault?.addr);
        expect(log?.entries ?? []).toEqual(whole.log?.entries.slice(0, log?.entries.length ?? 0));
        const mappings = objects?.mappings ?? [];
        expect(mappings.map(({ addr, range }) => [addr, range])).toEqual(
          whole.objects?.mappings.slice(0, mappings.length).map(({ addr, range }) => [addr, range]),
        );
      }),
    );
  });

  it('any damage gives a result or one line', () => {
    fc.assert(
      fc.property(fc.nat(TEXT.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(40), (at, byte, length) => {
        const text = TEXT.slice(0, at) + String.fromCharCode(byte) + TEXT.slice(at + length);
        try {
          read(text);
        } catch (error) {
          expect(String(error)).toMatch(/^UserError: dump(?::\d+)?: [^\n]+$/);
        }
      }),
    );
  });
});

describe('the kernel’s log', () => {
  const fault =
    '*** gpu fault: ttbr0=0000000101fd5000 iova=0000000000114000 dir=WRITE type=PERMISSION source=UCHE (0,0,0,0)';
  const log = vmLog(traceLines(), 4);

  it.each([
    ['dmesg', '[   57.728700] '],
    ['dmesg with callers', '[   57.728700][  T123] '],
    ['dmesg -T', '[Wed Nov 25 19:00:00 2026] '],
    ['journalctl -k', 'Nov 25 19:00:00 host kernel: '],
    ['dmesg -t', ''],
  ])('%s', (_, prefix) => {
    const lines = ['usb 1-1: new device', fault, fault.replace('114000', '115000'), ...log, 'usb 1-1: gone'];
    const crash = read(`${lines.map((line) => prefix + line).join('\n')}\n`);
    expect(crash.fault).toEqual({ line: 2, addr: 0x114000, dir: 'WRITE', type: 'PERMISSION', source: 'UCHE' });
    expect(crash.log?.entries.map(({ line }) => lines[line - 1])).toEqual(log.slice(1));
    expect(crash.objects).toBeUndefined();
  });

  it('the last vm-log counts; one without entries is one', () => {
    const crash = read(
      `[    1.000000] ${log.join('\n[    1.000000] ')}\n[    2.000000] vm-log:\n[    2.000000] other\n`,
    );
    expect(crash.log?.entries).toEqual([]);
  });

  it('neither: one line', () => {
    expect(() => read('[    1.000000] usb 1-1: new device\n')).toThrow(/^dump: shows no crash of a GPU/);
    expect(() => read('')).toThrow(/^dump: shows no crash of a GPU/);
  });
});
